"""Who stands at the till, as tills and sellers see it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.masks import AlwaysMasked
from api.schemas.base import AnswerModel, Moment, Points, RequestModel, SignedAmount, Text1000
from api.schemas.customers import (
    AcquisitionCreate,
    Birthday,
    Customer,
    Locale,
    Metrics,
    Name,
    Sex,
    State,
    Zone,
)
from api.schemas.identifiers import IdentifierType, IdentifierValue
from api.schemas.notes import Note
from api.schemas.receipt_answers import Expiring
from api.schemas.tags import TagLink
from api.schemas.timeline import TimelineEntry

Match = Literal["exact_verified", "exact_unverified", "ambiguous", "conflict", "probable", "created", "none", "blocked"]


class NewcomerProfile(RequestModel):
    """What is noted of somebody new; ignored when the person is known."""

    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    birthday: Birthday | None = None
    sex: Sex | None = None
    locale: Locale | None = None
    time_zone: Zone | None = None
    acquisition: AcquisitionCreate | None = None
    declared_source: Text1000 | None = None


class ResolveRequest(RequestModel):
    """What was presented, and what to do when nobody has it."""

    identifiers: Annotated[list[IdentifierValue], Field(min_length=1, max_length=20)]
    on_missing: Literal["none", "create"] = Field(default="none", examples=["create"])
    profile: NewcomerProfile | None = None


class TillIdentifier(AnswerModel):
    """A contact, masked for everybody."""

    type: IdentifierType = Field(examples=["phone"])
    value: AlwaysMasked = Field(examples=["+7•••••••••67"])
    primary: bool
    verified: bool


class TillBalance(AnswerModel):
    """Points in the smallest part of their currency."""

    active: Points = Field(examples=[52])
    pending: Points = Field(examples=[0])
    held: Points = Field(examples=[0])
    debt: Points = Field(examples=[0])


class TillSpend(AnswerModel):
    """What may be spent now."""

    max_points: Points = Field(examples=[52])
    verification: bool = Field(description="A confirmed code is asked for.")
    reason: str | None = Field(
        description="Why nothing may be spent, or why a code is asked for; an open list.", examples=[None]
    )


class TillHint(AnswerModel):
    """Something to say or do."""

    kind: str = Field(
        description="`note`, `birthday_today`, `birthday_soon`, `confirm_contacts`; new ones may come.",
        examples=["confirm_contacts"],
    )
    text: str | None


class TillOffer(AnswerModel):
    """An offer for this person."""

    id: UUID
    title: str = Field(examples=["Кофе за полцены"])


class TillView(AnswerModel):
    """What a cashier sees, and nothing else."""

    id: UUID
    state: State
    greeting_name: str | None = Field(examples=["Анна Сергеевна"])
    identifiers: list[TillIdentifier]
    tier: str | None
    balance: TillBalance
    expiring: list[Expiring]
    discount_percent: int = Field(ge=0, le=100, examples=[0])
    discount_reason: str | None
    spend: TillSpend
    hints: list[TillHint]
    offers: Annotated[list[TillOffer], Field(max_length=3)]


class ResolveCandidate(AnswerModel):
    """Somebody it may be."""

    id: UUID
    name: str | None = Field(examples=["Анна П."])


class IgnoredIdentifier(AnswerModel):
    """A presented identifier that was left out."""

    pointer: str = Field(examples=["/identifiers/0"])
    reason: Literal["quarantined", "relay"] = Field(
        description="Junk that too many people have, or a marketplace's stand-in."
    )


class ResolveAnswer(AnswerModel):
    """Who stands at the till."""

    match: Match = Field(examples=["exact_unverified"])
    customer: TillView | None
    candidates: Annotated[list[ResolveCandidate], Field(max_length=5)]
    ignored: list[IgnoredIdentifier]


class PurchasedLine(AnswerModel):
    """Something that was bought."""

    receipt_id: UUID
    sold_at: Moment
    store: str | None = Field(examples=["main"])
    source: str = Field(examples=["till-1"])
    sku: str | None = Field(examples=["4600000000017"])
    name: str | None = Field(examples=["Кофе в зёрнах"])
    category: str | None
    brand: str | None
    quantity: str = Field(examples=["2"])
    returned: str = Field(description="How many of them came back.", examples=["0"])
    total: SignedAmount = Field(examples=[129900])
    currency: str = Field(examples=["RUB"])
    attributes: dict[str, Any] = Field(description="Size, colour and the like.", examples=[{"size": "38"}])


class SellerView(TillView):
    """What a seller sees of a customer identified in person: contacts stay masked."""

    purchases: list[PurchasedLine] = Field(description="Lines of the last 20 sales of all sources, newest first.")
    preferences: list[dict[str, Any]] = Field(examples=[[]])
    notes: list[Note] = Field(description="Those that sellers may see, newest first.")
    set_asides: list[dict[str, Any]] = Field(examples=[[]])
    recommendations: Annotated[list[dict[str, Any]], Field(max_length=3, examples=[[]])]


class CustomerCard(AnswerModel):
    """Everything a manager needs on one screen."""

    customer: Customer
    metrics: Metrics
    tags: list[TagLink]
    segments: list[dict[str, Any]] = Field(examples=[[]])
    balance: TillBalance
    expiring: list[Expiring]
    tier: str | None
    consents: list[dict[str, Any]] = Field(examples=[[]])
    tasks: list[dict[str, Any]] = Field(examples=[[]])
    events: list[TimelineEntry] = Field(description="The last 20.")

    def etag(self) -> str:
        """Return the version of the card."""
        return self.customer.etag()
