"""Points as they are shown, and how they are adjusted by hand."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.base import (
    AnswerModel,
    Moment,
    QueryModel,
    RequestModel,
    SignedPoints,
    Text200,
    Text10000,
)
from api.schemas.page import PageQuery
from api.schemas.problem import Problem
from api.schemas.receipt_answers import Balance
from api.schemas.receipts import CustomerIn

NextCursor = Annotated[str | None, Field(description="Null on the last page.")]
LotState = Literal["pending", "active", "exhausted", "expired", "reversed"]


class AccountListQuery(PageQuery):
    """Which accounts to list."""

    customer_id: Annotated[UUID | None, Field(description="Those of this customer only.")] = None


class AccountQuery(QueryModel):
    """At which moment to show an account."""

    as_of: Annotated[
        Moment | None,
        Field(description="A moment gone: what was there then. One to come: what is left if nothing else happens."),
    ] = None


class AccountProgram(AnswerModel):
    """The program an account belongs to, with the version in force."""

    id: UUID
    code: str = Field(examples=["points"])
    version: int = Field(examples=[1])


class AccountMember(AnswerModel):
    """Somebody whose points these are."""

    customer_id: UUID
    role: str = Field(description="`owner` or `member`.", examples=["owner"])
    spend_limit: int | None = Field(description="Points this member may spend at once; null: all.", examples=[None])


class Account(AnswerModel):
    """A points account. Points are in 10^-`scale` of a point."""

    id: UUID
    program: AccountProgram
    members: list[AccountMember]
    scale: int = Field(examples=[0])
    balance: Balance
    tier: str | None
    lifetime_earned: int = Field(description="Earned less what returns took back.", examples=[52])
    status: str = Field(description="`active`, `frozen` or `closed`.", examples=["active"])
    as_of: Moment


class AccountPage(AnswerModel):
    """A page of accounts."""

    items: list[Account]
    next_cursor: NextCursor


class LotOrigin(AnswerModel):
    """Where points came from."""

    kind: str = Field(description="`earn`, `opening`, `adjust`, `restore` and others; an open list.", examples=["earn"])
    receipt_id: UUID | None
    line: str | None = Field(examples=[None])
    rule: str | None = Field(examples=["base"])
    version: int | None = Field(description="The program version that gave them.", examples=[1])


class Lot(AnswerModel):
    """One credit of points: how many there were, how many are left, from when and until when."""

    id: UUID
    amount: int = Field(examples=[12])
    remaining: int = Field(examples=[12])
    reserved: int = Field(description="Of `remaining`, under open holds.", examples=[0])
    state: LotState = Field(description="As of now, whatever any job has done.", examples=["active"])
    activates_at: Moment
    expires_at: Moment | None = Field(description="Spendable while now is before it; null: for ever.")
    origin: LotOrigin

    @classmethod
    def of(cls, lot: Any) -> Self:
        """Return a lot of the ledger."""
        origin = lot.origin
        return cls(
            id=lot.lot_id,
            amount=lot.amount,
            remaining=lot.remaining,
            reserved=lot.reserved,
            state=lot.state.value,
            activates_at=lot.activates_at,
            expires_at=lot.expires_at,
            origin=LotOrigin(
                kind=origin.kind.value,
                receipt_id=origin.receipt_id,
                line=None,
                rule=origin.rule,
                version=origin.program_version,
            ),
        )


class LotPage(AnswerModel):
    """A page of lots, newest first."""

    items: list[Lot]
    next_cursor: NextCursor


class EntryDocument(AnswerModel):
    """What caused an entry."""

    type: str = Field(description="`receipt`, `return`, `void`, `reassign`, `adjustment`.", examples=["receipt"])
    id: UUID


class EntryAllocation(AnswerModel):
    """How many points of an entry went into a lot (> 0) or came out of it (< 0)."""

    lot_id: UUID
    points: int = Field(examples=[12])


class Entry(AnswerModel):
    """One effect on an account; entries are only ever added."""

    id: UUID
    kind: str = Field(description="`earn`, `redeem`, `expire`, `adjust` and others; an open list.", examples=["earn"])
    points: int = Field(examples=[12])
    at: Moment = Field(description="Business time: of the document, or when points began or ended.")
    recorded_at: Moment
    document: EntryDocument | None
    reason: str | None = Field(examples=["goodwill"])
    actor: str = Field(description="Who caused it: its kind and id.", examples=["key:01a1fe6c-2f4e-7cde-8f21-1d0a"])
    allocations: list[EntryAllocation]
    note: str | None = Field(default=None, description="Shown to whoever may read notes.")

    @classmethod
    def of(cls, recorded: Any, *, notes: bool) -> Self:
        """Return an entry of the ledger, with its note if the reader may see `notes`."""
        entry = recorded.entry
        return cls.model_validate(
            entry_fields(entry)
            | {
                "recorded_at": recorded.recorded_at,
                "reason": recorded.reason,
                "actor": recorded.actor,
                "note": recorded.note if notes else None,
            }
        )


def entry_fields(entry: Any) -> dict[str, Any]:
    """Return what an entry says by itself."""
    document = entry.document
    return {
        "id": entry.entry_id,
        "kind": entry.kind.value,
        "points": entry.points,
        "at": entry.at,
        "document": None if document is None else {"type": document.type, "id": document.id},
        "allocations": [{"lot_id": lot_id, "points": points} for lot_id, points in entry.allocations],
    }


class EntryPage(AnswerModel):
    """A page of entries, newest first."""

    items: list[Entry]
    next_cursor: NextCursor


class Proof(AnswerModel):
    """The balance beside the one that entries and allocations alone give."""

    account_id: UUID
    as_of: Moment
    balance: Balance = Field(description="As it is answered everywhere else.")
    recomputed: Balance = Field(description="Rebuilt from every entry since the account was opened.")
    equal: bool = Field(description="Both agree, and so do every lot and every entry.", examples=[True])
    entries: int = Field(description="How many entries were added up.", examples=[1])
    sealed_to: int | None = Field(
        description="Up to which position the audit seal covers them; null until there is one.", examples=[None]
    )


class AdjustmentCreate(RequestModel):
    """Points to be added or taken by hand: of an account, or of a customer, who gets one if there is none."""

    account_id: UUID | None = None
    customer: CustomerIn | None = None
    points: SignedPoints = Field(
        description="Added (> 0) or taken (< 0); never 0.", examples=[500], json_schema_extra={"not": {"const": 0}}
    )
    reason: Text200 = Field(
        description="A code of your own; `opening_balance` marks points that were brought along.",
        examples=["opening_balance"],
    )
    expires_at: Moment | None = Field(
        default=None, description="Of added points; null: they never expire.", examples=["2027-06-30T21:00:00Z"]
    )
    note: Text10000 | None = Field(default=None, description="For colleagues; kept under the customer's key.")

    @field_validator("points")
    @classmethod
    def _some(cls, points: int) -> int:
        if points == 0:
            raise PydanticCustomError("not_zero", "must not be 0")
        return points

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        if (self.account_id is None) is (self.customer is None):
            raise PydanticCustomError("one_of", "needs one of account_id, customer")
        return self


class AdjustmentBatch(RequestModel):
    """Up to 500 adjustments; they take effect one after another, as if sent singly."""

    items: Annotated[list[AdjustmentCreate], Field(min_length=1, max_length=500)]


class Adjustment(Entry):
    """The entry that was recorded, with the account it stands in and what that holds now."""

    status: Literal["recorded"] = "recorded"
    account_id: UUID
    customer_id: UUID | None = Field(description="The account's owner.")
    balance: Balance


class RejectedAdjustment(AnswerModel):
    """An item of a batch that was refused; its neighbours were not."""

    status: Literal["rejected"]
    problem: Problem


class AdjustmentBatchAnswer(AnswerModel):
    """Answers in the order of the items."""

    items: list[Adjustment | RejectedAdjustment]


class ProgramRules(AnswerModel):
    """The rules of a program version. Points are in 10^-`scale` of a point, money in minor units."""

    model_config = ConfigDict(from_attributes=True)

    time_zone: str = Field(examples=["Europe/Moscow"])
    scale: int = Field(ge=0, le=4, examples=[0])
    earn_points: int = Field(description="Earned per `earn_per` of money.", examples=[1])
    earn_per: int = Field(examples=[10000])
    earn_rounding: str = Field(description="`floor`, `half_up` or `ceil`, once per receipt.", examples=["floor"])
    earn_while_redeeming: str = Field(description="`on_cash_part` or `none`.", examples=["on_cash_part"])
    earning_kinds: list[str] = Field(examples=[["goods", "service"]])
    activate_after_days: int = Field(examples=[0])
    expiry_days: int | None = Field(description="Null: points never expire.", examples=[365])
    point_price: int = Field(description="What a whole point is worth.", examples=[100])
    max_share_percent: int = Field(description="Of the eligible lines before points.", examples=[50])
    min_points: int = Field(examples=[0])
    step: int = Field(examples=[1])
    verification: str = Field(description="`off` or `always`.", examples=["off"])
    restore_grace_days: int = Field(examples=[14])
    shortfall: str = Field(description="`allow_debt`, `within_balance` or `only_pending`.", examples=["allow_debt"])
    debt_limit: int | None = Field(description="Null: up to what the receipt earned.", examples=[None])


class ProgramVersion(AnswerModel):
    """The rules of a program from one moment on."""

    version: int = Field(examples=[1])
    valid_from: Moment = Field(description="Receipts sold from then on are computed by it.")
    published_at: Moment
    rules: ProgramRules

    @classmethod
    def of(cls, published: Any) -> Self:
        """Return a version of the ledger."""
        return cls(
            version=published.version.version,
            valid_from=published.valid_from,
            published_at=published.published_at,
            rules=ProgramRules.model_validate(published.version),
        )


class ProgramVersionPage(AnswerModel):
    """A page of versions, newest first."""

    items: list[ProgramVersion]
    next_cursor: NextCursor


class Program(AnswerModel):
    """A loyalty program with the rules in force."""

    id: UUID
    code: str = Field(examples=["points"])
    name: str = Field(examples=["points"])
    version: int = Field(examples=[1])
    valid_from: Moment
    rules: ProgramRules
    created_at: Moment


class ProgramPage(AnswerModel):
    """A page of programs, oldest first."""

    items: list[Program]
    next_cursor: NextCursor
