"""When two documents are the same one.

Source: the API contract, "Natural key", and decisions 31: equality is over named fields, whose digest is kept.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from domain.history.receipt import QR, Document, Fiscal


def document_digest(document: Document) -> bytes:
    """Return the digest of what is compared under (source, external_id): kind, sold_at, currency, total, lines."""
    lines: Iterable[str]
    if document.kind == "return":
        lines = (f"{x.line}|{x.sku}|{x.quantity}|{x.total}" for x in document.return_lines)
    else:
        lines = (f"{x.line}|{x.sku}|{x.quantity}|{x.total}" for x in document.lines)
    head = f"{document.kind}|{document.sold_at.astimezone(UTC).isoformat()}|{document.currency}|{document.total}"
    return _digest(head, *lines)


def fiscal_digest(document: Document) -> bytes:
    """Return the digest of what is compared under the fiscal identity: another road names lines otherwise."""
    minute = document.sold_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    return _digest(f"{document.kind}|{minute}|{document.currency}|{document.total}")


def fiscal_of(fields: Mapping[str, Any]) -> Fiscal:
    """Return the fiscal identity in `fields`: (fn, fd) with fp as a check in Russia, and so on by scheme."""
    scheme = str(fields["scheme"])
    if scheme == "ru-ffd":
        check = fields.get("fp")
        return Fiscal(scheme, f"{fields['fn']}/{_plain(fields['fd'])}", _plain(check) if check else None, dict(fields))
    if scheme == "ua-rro":
        return Fiscal(scheme, f"{fields['registrar']}/{fields['number']}", fields.get("mac"), dict(fields))
    qr = fields.get("qr")
    check = qr_digest(qr) if qr else None
    return Fiscal(scheme, f"{fields['country']}/{fields['id']}", check, dict(fields))


def fiscal_of_qr(text: str) -> Fiscal:
    """Return the identity of a QR text of another country: the document that was sent with it."""
    return Fiscal(QR, qr_digest(text), None, {"scheme": "other", "qr": text})


def qr_digest(text: str) -> str:
    """Return the digest of a QR text; white space around it is the scanner's."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def _plain(number: str) -> str:
    """Return a number without leading zeros: tills print them, QR codes leave them out."""
    return number.lstrip("0") or "0"


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
