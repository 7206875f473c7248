"""From receipts as they are sent to documents the till decides on."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from api.schemas import receipts as schemas
from domain.checkout.desk import Item
from domain.checkout.ports import TillTransaction
from domain.checkout.rules import ShopRules
from domain.checkout.state import Presented
from domain.checkout.use_cases import Result
from domain.customers.identifiers import Normalised, normalise
from domain.history.fiscal_qr import read_qr
from domain.history.natural_key import fiscal_of
from domain.history.receipt import (
    CustomerRef,
    DiscountPart,
    Document,
    Fiscal,
    Payment,
    ReceiptLine,
    Redemption,
    ReturnLine,
    SaleRef,
)
from domain.kernel.errors import RuleViolation
from domain.kernel.events import Actor
from domain.kernel.money import thousandths
from tenancy.vault import TenantVault

Sent = schemas.SaleIn | schemas.ReturnIn | schemas.VoidIn


class TillDoor(Protocol):
    """Records documents of a shop."""

    async def on(self, unit: Any) -> TillTransaction:
        """Return the till's functions on the open transaction of `unit`."""

    async def desk_facts(self, tenant_id: UUID) -> tuple[TenantVault, ShopRules]:
        """Return the shop's keys and its rules, from memory."""

    async def record(self, tenant_id: UUID, actor: Actor, item: Item) -> Result:
        """Record one document, in one batch with whatever else waits."""

    async def record_all(
        self, tenant_id: UUID, actor: Actor, items: Sequence[Item], *, dry_run: bool = False
    ) -> list[Result]:
        """Decide several documents at once."""


def item_of(
    sent: Sent,
    *,
    vault: TenantVault,
    country: str,
    raw: bytes,
    live: bool = True,
    remembered: tuple[str, bytes, bytes] | None = None,
) -> Item:
    """Return the document with its identifiers looked at: normal forms, blind digests, and which cannot be."""
    document = document_of(sent)
    presented, impossible = present(document.customer, vault=vault, country=country)
    return Item(document, tuple(presented), tuple(impossible), live=live, raw=raw, remembered=remembered)


def present(customer: CustomerRef | None, *, vault: TenantVault, country: str) -> tuple[list[Presented], list[int]]:
    """Return identifiers in normal form with their digests, and the positions of those that cannot be any."""
    presented: list[Presented] = []
    impossible: list[int] = []
    for index, (kind, value, system) in enumerate(customer.identifiers if customer else ()):
        try:
            found = normalise(kind, value, system=system, country=country)
        except RuleViolation:
            impossible.append(index)
            continue
        if found.barred != "relay":  # a marketplace's stand-in never finds anybody
            presented.append(_presented(found, vault))
    return presented, impossible


def _presented(found: Normalised, vault: TenantVault) -> Presented:
    blind = vault.blind(found.index, found.value)
    return Presented(found.type, found.system, found.value, found.raw, blind, barred=found.barred is not None)


def document_of(sent: Sent) -> Document:
    """Return what was sent as the domain reads it."""
    head: dict[str, Any] = {
        "source": sent.source,
        "external_id": sent.external_id,
        "kind": sent.kind,
        "sold_at": sent.sold_at,
        "currency": sent.currency,
        "store": sent.store,
        "register": sent.register_,
        "shift": sent.shift,
        "employee": sent.employee,
        "channel": sent.channel,
        "customer": None if sent.customer is None else customer_of(sent.customer),
        "basket_id": sent.basket_id,
        "order_id": sent.order_id,
        "exchange_group": sent.exchange_group,
        "fiscal": fiscal_in(sent.fiscal),
    }
    if isinstance(sent, schemas.VoidIn):
        head |= {"returns": sale_ref(sent.returns), "reason": sent.reason, "replaced_by": sent.replaced_by}
        return Document(**head, total=sent.total)
    head |= {"total": sent.total, "payments": _payments(sent.payments)}
    if isinstance(sent, schemas.ReturnIn):
        lines = tuple(_return_line(line) for line in sent.lines)
        returns = None if sent.returns is None else sale_ref(sent.returns)
        return Document(**head, returns=returns, reason=sent.reason, return_lines=lines, rounding=sent.rounding)
    return Document(
        **head,
        lines=tuple(_line(line) for line in sent.lines),
        rounding=sent.rounding,
        redemption=_redemption(sent.redemption),
        coupons=sent.coupons,
    )


def customer_of(sent: schemas.CustomerIn) -> CustomerRef:
    """Return whom a document names."""
    if isinstance(sent, schemas.CustomerById):
        return CustomerRef(id=sent.id)
    shown = tuple((one.type, one.value, one.system) for one in sent.identifiers)
    return CustomerRef(identifiers=shown, on_missing=sent.on_missing)


def fiscal_in(sent: schemas.RuFiscal | schemas.UaFiscal | schemas.OtherFiscal | None) -> Fiscal | None:
    """Return a fiscal identity."""
    return None if sent is None else fiscal_of(sent.model_dump(exclude_none=True))


def sale_ref(sent: schemas.SaleRefIn) -> SaleRef:
    """Return how a document names its sale; a QR code is read into its fiscal identity.

    Raises:
        InvalidQr: it cannot be read.
    """
    if isinstance(sent, schemas.SaleById):
        return SaleRef(receipt_id=sent.receipt_id)
    if isinstance(sent, schemas.SaleByDocument):
        return SaleRef(source=sent.source, external_id=sent.external_id)
    if isinstance(sent, schemas.SaleByFiscal):
        return SaleRef(fiscal=fiscal_in(sent.fiscal))
    if isinstance(sent, schemas.SaleByQr):
        return SaleRef(fiscal=read_qr(sent.qr).fiscal, qr=sent.qr)
    return SaleRef(order_id=sent.order_id)


def _line(sent: schemas.LineIn) -> ReceiptLine:
    discounts = tuple(DiscountPart(part.kind, part.amount, part.code, part.points) for part in sent.discounts)
    discount = sent.discount
    if discounts and "discount" not in sent.model_fields_set:
        discount = sum(part.amount for part in discounts)
    return ReceiptLine(
        line=sent.line,
        quantity=thousandths(sent.quantity),
        unit_price=sent.unit_price,
        total=sent.total,
        kind=sent.kind,
        sku=sent.sku,
        gtin=sent.gtin,
        name=sent.name,
        category=sent.category,
        brand=sent.brand,
        discount=discount,
        surcharge=sent.surcharge,
        discounts=discounts,
        promo=sent.promo,
        restrictions=sent.restrictions,
        min_unit_price=sent.min_unit_price,
        settlement=sent.settlement,
        extra=_extra(sent),
    )


def _extra(sent: schemas.LineIn) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    for name in ("unit", "seller", "split_of", "marking_code"):
        value = getattr(sent, name)
        if value is not None:
            extra[name] = value
    if sent.attributes:
        extra["attributes"] = dict(sent.attributes)
    if sent.vat is not None:
        extra["vat"] = sent.vat.model_dump(exclude_none=True)
    return extra


def _return_line(sent: schemas.ReturnLineIn) -> ReturnLine:
    return ReturnLine(
        quantity=thousandths(sent.quantity),
        line=sent.line,
        sku=sent.sku,
        total=sent.total,
        unit_price=sent.unit_price,
        gtin=sent.gtin,
        name=sent.name,
        category=sent.category,
        brand=sent.brand,
    )


def _payments(sent: Sequence[schemas.PaymentIn] | None) -> tuple[Payment, ...] | None:
    return None if sent is None else tuple(Payment(one.method, one.amount) for one in sent)


def _redemption(sent: schemas.HoldRedemption | schemas.DirectRedemption | None) -> Redemption | None:
    if sent is None:
        return None
    if isinstance(sent, schemas.HoldRedemption):
        return Redemption(sent.points, None, None, hold_id=sent.hold_id, final=sent.final)
    return Redemption(sent.points, sent.as_, sent.on_insufficient, verification_id=sent.verification_id)
