"""Receipts as tills send them: sales, returns and voids."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.base import (
    Amount,
    Code64,
    Currency,
    Moment,
    Points,
    RequestModel,
    Text32,
    Text64,
    Text200,
    Text500,
)
from api.schemas.identifiers import IdentifierValue

LineKind = Literal["goods", "service", "delivery", "gift_card", "deposit", "fee", "tip", "bag", "donation", "other"]
Settlement = Literal["full", "prepayment", "advance", "credit", "credit_payment"]
DiscountKind = Literal["till", "markdown", "personal", "tier", "coupon", "points", "gift", "staff", "rounding"]
Restriction = Literal[
    "tobacco", "nicotine", "nicotine_device", "alcohol", "infant_formula", "medicine", "fixed_price", "lottery"
]
PaymentMethod = Literal[
    "cash", "card", "qr", "transfer", "prepayment", "credit", "exchange", "gift_card", "store_credit", "points",
    "certificate", "other",
]  # fmt: skip
ReturnReason = Literal["defect", "size", "changed_mind", "wrong_item", "fiscal_correction", "other"]
VoidReason = Literal["payment_failed", "cashier_error", "test", "fiscal_correction"]
PositiveQuantity = Annotated[
    str,
    Field(pattern=r"^(0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9])|[1-9][0-9]{0,8}(\.[0-9]{1,3})?)$", examples=["1.250"]),
]
"""A decimal string above zero with at most three decimals, at most 999999999.999."""


class Aliased(RequestModel):
    """A request with a field `register`, which would hide a method of the model class."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)


class DiscountIn(RequestModel):
    """One named part of a line's discount."""

    kind: DiscountKind = Field(examples=["markdown"])
    amount: Amount = Field(description="Minor units.", examples=[100])
    code: Text64 | None = None
    points: Points | None = Field(default=None, description="Points this part was paid with, of kind `points`.")


class Vat(RequestModel):
    """Value added tax of a line."""

    code: Text32
    rate: Text32 | None = None
    amount: Amount | None = None


class Position(RequestModel):
    """What a line may say beside its quantity and money."""

    kind: LineKind = "goods"
    sku: Text64 | None = Field(default=None, examples=["4600000000017"])
    gtin: Text32 | None = None
    name: Text200 | None = Field(default=None, examples=["Кофе в зёрнах"])
    category: Text200 | None = Field(default=None, examples=["coffee"])
    brand: Text200 | None = Field(default=None, examples=["Лавка"])
    discount: Amount = Field(default=0, examples=[100])
    surcharge: Amount = 0
    discounts: Annotated[tuple[DiscountIn, ...], Field(max_length=50)] = ()
    promo: bool = False
    restrictions: Annotated[tuple[Restriction, ...], Field(max_length=8)] = ()
    min_unit_price: Amount | None = None
    settlement: Settlement = "full"
    unit: Text32 | None = None
    attributes: Annotated[dict[Text64, Text200], Field(max_length=20)] = Field(default_factory=dict)
    vat: Vat | None = None
    seller: Code64 | None = None
    split_of: Code64 | None = None
    marking_code: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")] | None = None


class LineIn(Position):
    """One position of a sale."""

    line: Code64 = Field(description="Names the line inside the receipt.", examples=["1"])
    quantity: PositiveQuantity = Field(examples=["2"])
    unit_price: Amount = Field(description="Minor units, before discounts.", examples=[65000])
    total: Amount = Field(description="What the till charged for the line.", examples=[129900])


class ReturnLineIn(Position):
    """What comes back: a line of the sale, by `line` or by `sku`; prices and discounts are those of the sale."""

    line: Code64 | None = Field(default=None, examples=["1"])
    quantity: PositiveQuantity = Field(examples=["1"])
    unit_price: Amount | None = Field(default=None, description="Helps to find the sale when `returns` is left out.")
    total: Amount | None = Field(default=None, description="Checked against the line's share when it is there.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.line is None and self.sku is None:
            raise PydanticCustomError("required", "needs line or sku")
        return self


class PaymentIn(RequestModel):
    """How a part was paid. No card data, ever."""

    method: PaymentMethod = Field(examples=["card"])
    amount: Amount = Field(examples=[129900])


class RuFiscal(RequestModel):
    """A Russian fiscal document (FFD)."""

    scheme: Literal["ru-ffd"]
    fn: Text32 = Field(description="Fiscal drive number.", examples=["9960440300712345"])
    fd: Text32 = Field(description="Fiscal document number.", examples=["12345"])
    fp: Text32 | None = Field(default=None, description="Fiscal sign.", examples=["3826178549"])


class UaFiscal(RequestModel):
    """A Ukrainian fiscal document (RRO, PRRO)."""

    scheme: Literal["ua-rro"]
    registrar: Text64
    number: Text64
    mac: Text200 | None = None
    offline: bool | Text32 | None = None


class OtherFiscal(RequestModel):
    """A fiscal document of another country."""

    scheme: Literal["other"]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["DE"])]
    id: Text200
    qr: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")] | None = None


FiscalIn = Annotated[RuFiscal | UaFiscal | OtherFiscal, Field(discriminator="scheme")]


class CustomerById(RequestModel):
    """A customer by our id."""

    id: UUID


class CustomerByIdentifiers(RequestModel):
    """A customer by what the till was shown."""

    identifiers: Annotated[list[IdentifierValue], Field(min_length=1, max_length=10)]
    on_missing: Literal["none", "create"] = "none"


CustomerIn = CustomerById | CustomerByIdentifiers


class HoldRedemption(RequestModel):
    """Spends points that a hold reserved."""

    hold_id: UUID
    points: Points | None = None
    final: bool = True


class DirectRedemption(RequestModel):
    """Spends points in this very receipt."""

    points: Annotated[Points, Field(ge=1)]
    as_: Literal["discount", "tender"] | None = Field(default=None, alias="as", description="Default by country.")
    on_insufficient: Literal["reject", "record"] | None = None
    verification_id: UUID | None = None

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)


class SaleByDocument(RequestModel):
    """A sale by the till's own number."""

    source: Code64
    external_id: Text200


class SaleById(RequestModel):
    """A sale by our id."""

    receipt_id: UUID


class SaleByFiscal(RequestModel):
    """A sale by its fiscal identity."""

    fiscal: FiscalIn


class SaleByQr(RequestModel):
    """A sale by the QR code of its fiscal receipt."""

    qr: Annotated[str, Field(min_length=1, max_length=2000)]


class SaleByOrder(RequestModel):
    """A sale by the order it belongs to."""

    order_id: Text64


SaleRefIn = SaleById | SaleByDocument | SaleByFiscal | SaleByQr | SaleByOrder


class Header(Aliased):
    """What all documents of a till share."""

    source: Code64 = Field(description="The till or system that numbers its documents.", examples=["till-1"])
    external_id: Text200 = Field(description="The document's number inside `source`.", examples=["2026-11-21/000123"])
    sold_at: Moment = Field(examples=["2026-11-21T12:30:00+03:00"])
    currency: Currency
    store: Code64 | None = Field(default=None, examples=["main"])
    register_: Code64 | None = Field(default=None, alias="register", examples=["1"])
    shift: Text64 | None = None
    employee: Code64 | None = None
    channel: Text64 | None = None
    customer: CustomerIn | None = None
    basket_id: Text64 | None = None
    order_id: Text64 | None = None
    exchange_group: Text64 | None = None
    fiscal: FiscalIn | None = None


class SaleIn(Header):
    """A sale."""

    kind: Literal["sale"]
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=1000)]
    rounding: Annotated[int, Field(ge=-99, le=99)] = 0
    total: Amount = Field(examples=[129900])
    payments: Annotated[list[PaymentIn], Field(max_length=50)] | None = None
    redemption: HoldRedemption | DirectRedemption | None = None
    coupons: Annotated[tuple[Text64, ...], Field(max_length=20)] = ()
    returns: None = None
    reason: None = None
    replaced_by: None = None


class ReturnIn(Header):
    """A return: full, partial, or without a reference to its sale."""

    kind: Literal["return"]
    returns: SaleRefIn | None = None
    reason: ReturnReason = "other"
    lines: Annotated[list[ReturnLineIn], Field(min_length=1, max_length=1000)]
    rounding: Annotated[int, Field(ge=-99, le=99)] = 0
    total: Amount | None = None
    payments: Annotated[list[PaymentIn], Field(max_length=50)] | None = None
    redemption: None = None
    coupons: Annotated[tuple[Text64, ...], Field(max_length=0)] = ()
    replaced_by: None = None


class VoidIn(Header):
    """A document that takes another one back, as if it had not been.

    Lines, sums and payments may be repeated; what is undone is the whole of the document that `returns` names.
    """

    kind: Literal["void"]
    returns: SaleRefIn
    reason: VoidReason
    replaced_by: Text200 | None = None
    lines: Annotated[list[ReturnLineIn], Field(max_length=1000)] = Field(default_factory=list)
    rounding: Annotated[int, Field(ge=-99, le=99)] = 0
    total: Amount | None = None
    payments: Annotated[list[PaymentIn], Field(max_length=50)] | None = None
    redemption: None = None
    coupons: Annotated[tuple[Text64, ...], Field(max_length=0)] = ()


ReceiptIn = Annotated[SaleIn | ReturnIn | VoidIn, Field(discriminator="kind")]


class VoidRequest(RequestModel):
    """Takes a receipt back."""

    reason: VoidReason
    replaced_by: Text200 | None = None


class ReassignRequest(RequestModel):
    """Gives a receipt to the person it belongs to."""

    customer: CustomerIn
    reason: Text500


class ClaimRequest(RequestModel):
    """Gives an anonymous receipt to the person who holds it."""

    qr: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2000,
            examples=["t=20261121T1432&s=1450.00&fn=9960440300712345&i=12345&fp=3826178549&n=1"],
        ),
    ]
    customer: CustomerIn


class FindRequest(RequestModel):
    """Finds receipts by one of: fiscal identity, QR, document number, order, customer and period."""

    fiscal: FiscalIn | None = None
    qr: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    source: Code64 | None = None
    external_id: Text200 | None = None
    order_id: Text64 | None = None
    customer_id: UUID | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Sold at or after.")
    to: Moment | None = Field(default=None, description="Sold before.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = None

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.fiscal, self.qr, self.source and self.external_id, self.order_id, self.customer_id]
        if sum(way is not None for way in ways) != 1:
            raise PydanticCustomError(
                "one_of", "needs one of fiscal, qr, source with external_id, order_id, customer_id"
            )
        return self


class BatchIn(RequestModel):
    """Up to 500 documents; they take effect one after another, as if sent singly."""

    items: Annotated[list[ReceiptIn], Field(min_length=1, max_length=500)]
