"""From a document as it was sent to the document as it is kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.checkout.state import Stored, StoredLine
from domain.history.errors import SoldTooEarly
from domain.history.natural_key import document_digest, fiscal_digest
from domain.history.receipt import DiscountPart, Document, ReceiptLine
from domain.kernel.errors import FieldError
from domain.kernel.ids import new_id
from domain.kernel.money import quantity_text
from domain.loyalty.notices import Notice

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCK_AHEAD = timedelta(hours=1)
"""A till's clock may be this far ahead before its receipts count from when they were received."""


def business_moment(document: Document, now: datetime) -> tuple[datetime, list[Notice]]:
    """Return the moment the document counts from, and a notice when the till's clock is ahead.

    Raises:
        SoldTooEarly: before 1990.
    """
    if document.sold_at < EARLIEST:
        raise SoldTooEarly(errors=[FieldError("/sold_at", "date-out-of-range", "is before 1990")])
    if document.sold_at > now + CLOCK_AHEAD:
        return now, [Notice("clock-skew", "/sold_at")]
    return document.sold_at, []


def kept(document: Document, *, counts_at: datetime, now: datetime, total: int, lines: list[StoredLine]) -> Stored:
    """Return the document as a new row, before anybody and any points are known."""
    fiscal = document.fiscal
    return Stored(
        receipt_id=new_id(),
        version=1,
        source=document.source,
        external_id=document.external_id,
        kind=document.kind,
        state="recorded",
        sold_at=document.sold_at,
        counts_at=counts_at,
        recorded_at=now,
        currency=document.currency,
        total=total,
        store=document.store,
        employee=document.employee,
        customer_id=None,
        customer_match=None,
        linked_by=None,
        account_id=None,
        program_version=None,
        earned=0,
        redeemed=0,
        restored=0,
        reversed=0,
        counted=0,
        counted_receipts=0,
        sale_id=None,
        waiting_for=None,
        voided_by=None,
        order_id=document.order_id,
        fiscal_scheme=fiscal.scheme if fiscal else None,
        fiscal_key=fiscal.key if fiscal else None,
        fiscal_check=fiscal.check if fiscal else None,
        document_hash=document_digest(document),
        fiscal_hash=fiscal_digest(document),
        reason=document.reason,
        detail=_detail(document),
        answer=b"",
        lines=lines,
        fresh=True,
    )


def kept_line(line_no: int, line: ReceiptLine) -> StoredLine:
    """Return a sale's line as it is kept; what has no column of its own goes into `detail`."""
    detail: dict[str, Any] = dict(line.extra)
    if line.surcharge:
        detail["surcharge"] = line.surcharge
    if line.discounts:
        detail["discounts"] = [_discount_json(part) for part in line.discounts]
    if line.promo:
        detail["promo"] = True
    if line.restrictions:
        detail["restrictions"] = list(line.restrictions)
    if line.min_unit_price is not None:
        detail["min_unit_price"] = line.min_unit_price
    return StoredLine(
        line_no=line_no,
        line=line.line,
        kind=line.kind,
        settlement=line.settlement,
        sku=line.sku,
        gtin=line.gtin,
        name=line.name,
        category=line.category,
        brand=line.brand,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        total=line.total,
        detail=detail,
    )


def line_again(line: StoredLine) -> ReceiptLine:
    """Return a kept line as the rules see it, for a receipt that finds its customer later."""
    detail = line.detail
    return ReceiptLine(
        line=line.line,
        quantity=line.quantity,
        unit_price=line.unit_price,
        total=line.total,
        kind=line.kind,
        sku=line.sku,
        gtin=line.gtin,
        name=line.name,
        category=line.category,
        brand=line.brand,
        discount=line.discount,
        surcharge=detail.get("surcharge", 0),
        discounts=tuple(
            DiscountPart(part["kind"], part["amount"], part.get("code"), part.get("points"))
            for part in detail.get("discounts", ())
        ),
        promo=detail.get("promo", False),
        restrictions=tuple(detail.get("restrictions", ())),
        min_unit_price=detail.get("min_unit_price"),
        settlement=line.settlement,
    )


def _detail(document: Document) -> dict[str, Any]:
    """Return what was posted and has no column: it comes back when the receipt is read."""
    detail: dict[str, Any] = {}
    if document.fiscal is not None:
        detail["fiscal"] = dict(document.fiscal.fields)
    if document.redemption is not None:
        wish = document.redemption
        detail["redemption"] = {
            "hold_id": _text(wish.hold_id),
            "points": wish.points,
            "as": wish.as_,
            "on_insufficient": wish.on_insufficient,
            "verification_id": _text(wish.verification_id),
            "final": wish.final,
        }
    if document.coupons:
        detail["coupons"] = list(document.coupons)
    if document.returns is not None:
        named = document.returns
        detail["returns"] = {
            "receipt_id": _text(named.receipt_id),
            "source": named.source,
            "external_id": named.external_id,
            "fiscal": dict(named.fiscal.fields) if named.fiscal else None,
            "qr": named.qr,
            "order_id": named.order_id,
        }
    if document.replaced_by is not None:
        detail["replaced_by"] = document.replaced_by
    return detail


def compared(document: Document) -> dict[str, Any]:
    """Return what makes two documents the same, as a conflict shows it."""
    lines: Sequence[Any] = document.return_lines if document.kind == "return" else document.lines
    return {
        "kind": document.kind,
        "sold_at": document.sold_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "currency": document.currency,
        "total": document.total,
        "lines": [_compared_line(line) for line in lines],
    }


def compared_stored(stored: Stored) -> dict[str, Any]:
    """Return the same of a recorded document."""
    return {
        "kind": stored.kind,
        "sold_at": stored.sold_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "currency": stored.currency,
        "total": stored.total,
        "lines": [_compared_line(line) for line in stored.lines],
    }


def _compared_line(line: Any) -> Mapping[str, Any]:
    return {"line": line.line, "sku": line.sku, "quantity": quantity_text(line.quantity), "total": line.total}


def _discount_json(part: DiscountPart) -> dict[str, Any]:
    full = {"kind": part.kind, "amount": part.amount, "code": part.code, "points": part.points}
    return {name: value for name, value in full.items() if value is not None}


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
