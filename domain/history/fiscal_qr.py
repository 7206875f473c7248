"""Reading the QR code of a fiscal receipt.

Source: FNS order on requisites (t, s, fn, i, fp, n) for Russia; the tax cabinet's check link for Ukraine. Codes of
other countries are not read: they find the document that was sent with them under the scheme `other`.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from domain.history.errors import InvalidQr
from domain.history.natural_key import fiscal_of, fiscal_of_qr
from domain.history.receipt import Fiscal

MAX_LENGTH = 2000
UA_HOST = "cabinet.tax.gov.ua"


@dataclass(frozen=True, slots=True)
class FiscalQr:
    """A fiscal identity and, where the code tells it, the total in minor units."""

    fiscal: Fiscal
    total: int | None


def read_qr(text: str) -> FiscalQr:
    """Return the fiscal identity that a QR code carries.

    Raises:
        InvalidQr: nothing that can be read.
    """
    text = text.replace("\x00", "").strip()
    if not text or len(text) > MAX_LENGTH:
        raise InvalidQr
    if UA_HOST in text:
        return _ukrainian(text)
    fields = {name: values[0] for name, values in parse_qs(text.lstrip("?"), keep_blank_values=True).items()}
    if {"fn", "i", "fp"} <= fields.keys():
        return _russian(fields)
    return FiscalQr(fiscal_of_qr(text), None)


def _russian(fields: dict[str, str]) -> FiscalQr:
    if not all(fields[name].isascii() and fields[name].isdigit() for name in ("fn", "i", "fp")):
        raise InvalidQr
    fiscal = fiscal_of({"scheme": "ru-ffd", "fn": fields["fn"], "fd": fields["i"], "fp": fields["fp"]})
    return FiscalQr(fiscal, _minor(fields.get("s")))


def _ukrainian(text: str) -> FiscalQr:
    fields = {name: values[0] for name, values in parse_qs(urlsplit(text).query).items()}
    if not fields.get("fn") or not fields.get("id"):
        raise InvalidQr
    fiscal = fiscal_of(
        {
            "scheme": "ua-rro",
            "registrar": fields["fn"],
            "number": fields["id"],
            "mac": fields.get("mac"),
            "offline": "mac" in fields,
        }
    )
    return FiscalQr(fiscal, _minor(fields.get("sm") or fields.get("sum")))


def _minor(text: str | None) -> int | None:
    if text is None:
        return None
    whole, _, cents = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and (not cents or (cents.isascii() and cents.isdigit()))):
        raise InvalidQr
    return int(whole) * 100 + int((cents + "00")[:2])
