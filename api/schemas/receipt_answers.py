"""What is answered about receipts."""

import json
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, RootModel

from api.schemas.base import AnswerModel, Day, Moment
from api.schemas.problem import Problem
from api.schemas.receipts import ReceiptIn
from domain.kernel.money import quantity_text


class ReceiptRequest(RootModel[ReceiptIn]):
    """A document of a till: a sale, a return or a void, by its `kind`."""


class ReceiptWarning(AnswerModel):
    """Something that was left out or put right, and why."""

    code: str = Field(description="An open list; see the till guide.", examples=["unknown-store"])
    pointer: str = Field(description="JSON pointer into the document.", examples=["/store"])
    detail: str = Field(description="Fit to be read to a customer.", examples=["Неизвестный код «main»."])


class Expiring(AnswerModel):
    """Points that end at one moment."""

    points: int = Field(examples=[40])
    at: Moment


class Balance(AnswerModel):
    """An account's points in the smallest part of their currency; `expiring` within 30 days."""

    active: int = Field(examples=[52])
    pending: int = Field(examples=[0])
    held: int = Field(examples=[0])
    debt: int = Field(examples=[0])
    expiring: list[Expiring] = Field(examples=[[{"points": 40, "at": "2026-12-01T21:00:00Z"}]])


class Explain(AnswerModel):
    """Why a rule gave points."""

    rule: str = Field(examples=["base"])
    version: int = Field(examples=[3])
    inputs: dict[str, Any] = Field(examples=[{"eligible": 129900}])
    points: int = Field(examples=[12])


class Refund(AnswerModel):
    """What a return gives back: `money` and `deduction` in minor units."""

    money: int = Field(examples=[64950])
    points_restored: int = Field(examples=[10])
    points_reversed: int = Field(examples=[6])
    deduction: int = Field(examples=[0])
    currency: str = Field(examples=["RUB"])


class ReceiptLoyalty(AnswerModel):
    """What a document did to points."""

    account_id: UUID
    earned: int = Field(examples=[12])
    pending: int = Field(examples=[0])
    redeemed: int = Field(examples=[0])
    restored: int = Field(examples=[0])
    reversed: int = Field(examples=[0])
    refund: Refund | None
    balance: Balance
    tier: str | None
    coupons: list[dict[str, Any]] = Field(examples=[[]])
    explain: list[Explain]
    footer: list[str] = Field(examples=[["Начислено 12 баллов", "На счёте 52"]])


class ReceiptAnswer(AnswerModel):
    """The answer to a document."""

    id: UUID
    status: str = Field(description="`recorded`, or `duplicate` for a document known already.", examples=["recorded"])
    customer_id: UUID | None
    customer_match: str | None = Field(examples=["exact_unverified"])
    linked_by: str | None = Field(description="`inferred`, `claim`, else null.", examples=[None])
    warnings: list[ReceiptWarning]
    loyalty: ReceiptLoyalty | None


class RejectedItem(AnswerModel):
    """An item of a batch that was refused; its neighbours were not."""

    status: Literal["rejected"]
    problem: Problem


class ReceiptBatchAnswer(AnswerModel):
    """Answers in the order of the items."""

    items: list[ReceiptAnswer | RejectedItem]


class LineShown(AnswerModel):
    """A line as it was posted, with what can still come back of it."""

    model_config = ConfigDict(extra="allow")

    line: str
    kind: str
    settlement: str
    sku: str | None
    gtin: str | None
    name: str | None
    category: str | None
    brand: str | None
    quantity: str = Field(examples=["2"])
    unit_price: int
    discount: int
    surcharge: int = 0
    discounts: list[dict[str, Any]] = Field(default_factory=list)
    total: int
    promo: bool = False
    restrictions: list[str] = Field(default_factory=list)
    min_unit_price: int | None = None
    returnable: str = Field(description="Quantity that may still be returned.", examples=["1"])
    earned: int
    redeemed: int


class PaymentShown(AnswerModel):
    """How a part was paid."""

    method: str
    amount: int


class Receipt(AnswerModel):
    """A recorded document: what was posted, but for identifiers, and what came of it."""

    id: UUID
    source: str
    external_id: str
    kind: str
    state: str = Field(description="`recorded`, `voided` or `waiting`.", examples=["recorded"])
    status: str
    sold_at: Moment
    recorded_at: Moment
    business_date: Day
    store: str | None
    register_: str | None = Field(serialization_alias="register", validation_alias="register")
    shift: str | None
    employee: str | None
    channel: str | None
    currency: str
    customer_id: UUID | None
    customer_match: str | None
    lines: list[LineShown]
    rounding: int
    total: int
    payments: list[PaymentShown]
    redemption: dict[str, Any] | None
    coupons: list[str]
    basket_id: str | None
    order_id: str | None
    exchange_group: str | None
    fiscal: dict[str, Any] | None
    returns: dict[str, Any] | None
    sale_id: UUID | None = Field(description="The sale that a return or a void belongs to, once it is known.")
    reason: str | None
    replaced_by: str | None = Field(description="The number of the document sent in place of a voided one.")
    linked_by: str | None
    warnings: list[ReceiptWarning]
    loyalty: ReceiptLoyalty | None

    model_config = ConfigDict(serialize_by_alias=True)

    @classmethod
    def of(cls, rows: Any) -> Self:
        """Return the receipt in stored rows."""
        head, detail = rows.head, rows.head["detail"]
        answer = json.loads(head["answer"])
        posted = {name: head[name] for name in cls.model_fields if name in head}
        return cls.model_validate(
            posted
            | {
                "id": head["receipt_id"],
                "register": head["register"],
                "status": answer["status"],
                "warnings": answer["warnings"],
                "loyalty": answer["loyalty"],
                "lines": [_line(row, head) for row in rows.lines],
                "payments": [PaymentShown(method=row["method"], amount=row["amount"]) for row in rows.payments],
                "redemption": detail.get("redemption"),
                "coupons": detail.get("coupons", []),
                "fiscal": detail.get("fiscal"),
                "returns": detail.get("returns"),
                "replaced_by": detail.get("replaced_by"),
            }
        )


class ReceiptPage(AnswerModel):
    """A page of receipts, newest first."""

    items: list[Receipt]
    next_cursor: str | None


class ParkedDocument(AnswerModel):
    """A document that could not take effect: other content under a known key, or a return that matches nothing."""

    id: UUID
    reason: str = Field(examples=["document-conflict"])
    source: str
    external_id: str
    receipt_id: UUID | None
    recorded: dict[str, Any] | None
    received: dict[str, Any]
    state: str
    created_at: Moment

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return the document in a stored row."""
        return cls.model_validate(dict(row) | {"id": row["parked_id"]})


class ParkedPage(AnswerModel):
    """A page of parked documents, newest first."""

    items: list[ParkedDocument]
    next_cursor: str | None


def _line(row: Any, head: Any) -> dict[str, Any]:
    open_ = head["kind"] == "sale" and head["state"] == "recorded"
    line: dict[str, Any] = dict(row["detail"])
    line |= {name: row[name] for name in LineShown.model_fields if name in row}
    line["quantity"] = quantity_text(row["quantity"])
    line["returnable"] = quantity_text(row["quantity"] - row["returned_quantity"] if open_ else 0)
    return line
