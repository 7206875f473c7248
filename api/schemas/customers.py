"""Customers, as the contract shows them."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, PrivateAttr

from api.etag import strong_etag
from api.masks import BirthdayText, Contact, FamilyName
from api.schemas.addresses import Address, AddressCreate
from api.schemas.base import (
    NO_NUL,
    AnswerModel,
    Code64,
    Currency,
    Moment,
    Points,
    QueryModel,
    RequestModel,
    SignedAmount,
    Text64,
    Text200,
    Text1000,
    not_given,
)
from api.schemas.identifiers import IdentifierType, IdentifierValue
from api.schemas.page import Cursor, Limit, PageQuery
from api.schemas.receipt_answers import RejectedItem

Sex = Literal["female", "male", "other"]
Stage = Literal["potential", "new", "one_off", "active", "regular", "vip", "at_risk", "sleeping", "lost", "archived"]
SetStage = Literal["potential", "new", "one_off", "active", "regular", "vip", "at_risk", "sleeping", "lost"]
State = Literal["pending", "active", "frozen", "archived"]
Name = Annotated[
    str,
    Field(
        max_length=200,
        pattern=NO_NUL,
        description="Control characters and direction marks are dropped, a payment card number is masked.",
        examples=["Анна"],
    ),
]
Birthday = Annotated[
    str,
    Field(
        pattern=r"^(-|[0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        description="`--MM-DD`, or `YYYY-MM-DD` when the year is known.",
        examples=["--05-17"],
    ),
]
Locale = Annotated[
    str, Field(max_length=35, pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", examples=["ru"], description="BCP 47.")
]
Zone = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL, examples=["Europe/Moscow"])]
WholeNumber = Annotated[int, Field(ge=-(10**14), le=10**14)]
CustomText = Annotated[str, Field(max_length=10_000, pattern=NO_NUL)]
CustomTexts = Annotated[list[CustomText], Field(max_length=100)]
CustomValue = bool | WholeNumber | CustomText | CustomTexts | None
Custom = Annotated[
    dict[Text64, CustomValue],
    Field(
        max_length=64,
        description="Values of the shop's own fields by code: text, whole number or decimal string, date, true or "
        "false, list. Null clears one.",
        examples=[{}],
    ),
]
TagNames = Annotated[list[Text64], Field(max_length=100, examples=[["coffee"]])]


class AcquisitionCreate(RequestModel):
    """How the person first came; never changed once it is there."""

    channel: Text64 | None = Field(default=None, examples=["till"])
    medium: Text64 | None = Field(default=None, examples=["receipt"])
    campaign: Text200 | None = None
    store: Code64 | None = Field(default=None, description="A store's code; an unknown one becomes a record.")
    employee: Code64 | None = Field(default=None, examples=["e-5"])


class IdentifierCreate(IdentifierValue):
    """Something the person can be found by."""

    primary: bool = Field(default=False, description="Preferred to others of its type; else the first one is.")


class CustomerCreate(RequestModel):
    """A customer to be; needs a name or an identifier."""

    kind: Literal["person"] = "person"
    given_name: Name | None = None
    middle_name: Name | None = Field(default=None, description="Second name or patronymic.", examples=["Сергеевна"])
    family_name: Name | None = Field(default=None, examples=["Петрова"])
    birthday: Birthday | None = None
    sex: Sex | None = None
    locale: Locale | None = None
    time_zone: Zone | None = None
    owner_id: UUID | None = Field(default=None, description="The employee who looks after the customer.")
    is_staff: bool = False
    identifiers: Annotated[list[IdentifierCreate], Field(max_length=50)] = Field(default_factory=list)
    acquisition: AcquisitionCreate | None = None
    declared_source: Text1000 | None = Field(default=None, description="What the person says of how they came.")
    tags: TagNames = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)
    addresses: Annotated[list[AddressCreate], Field(max_length=20)] = Field(default_factory=list)


class LifecycleOverrideSet(RequestModel):
    """A stage set by hand."""

    stage: SetStage = Field(examples=["vip"])
    reason: Text200


class CustomerPatch(RequestModel):
    """What is to change; what is left out stays, null clears."""

    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    birthday: Birthday | None = None
    sex: Sex | None = None
    locale: Locale | None = None
    time_zone: Zone | None = None
    owner_id: UUID | None = None
    is_staff: bool = not_given()
    declared_source: Text1000 | None = None
    tags: TagNames | None = Field(default=None, description="The customer's tags from now on.")
    custom: Custom | None = Field(default=None, description="Laid over the values there are; null clears all.")
    lifecycle_override: LifecycleOverrideSet | None = Field(
        default=None, description="A stage that stands until it is cleared, with the reason."
    )


class CustomerBatch(RequestModel):
    """Customers to be, taken one after another."""

    items: Annotated[list[CustomerCreate], Field(min_length=1, max_length=500)]


class Identifier(AnswerModel):
    """Something the customer can be found by."""

    id: UUID
    type: IdentifierType = Field(examples=["phone"])
    value: Contact = Field(
        description="The normal form; masked for readers without contacts.", examples=["+79350004567"]
    )
    raw: Contact = Field(description="As it was typed.", examples=["8 (935) 000-45-67"])
    system: str | None
    primary: bool
    verified_at: Moment | None
    last_used_at: Moment | None
    last_confirmed_at: Moment | None
    status: Literal["active", "retired", "shared", "quarantined", "reassigned"]

    def etag(self) -> str:
        """Return the version of what a person edits."""
        return strong_etag(self.id, self.primary, self.status, self.verified_at)


class Acquisition(AnswerModel):
    """How the person first came."""

    channel: str | None = Field(examples=["till"])
    medium: str | None
    campaign: str | None
    store: str | None
    employee: str | None


class OpeningPoints(AnswerModel):
    """Points with which a customer moved in."""

    amount: Points
    expires_at: Moment | None


class Opening(AnswerModel):
    """Figures with which a customer moved in; set by imports only."""

    registered_at: Moment | None
    first_purchase_at: Moment | None
    last_purchase_at: Moment | None
    receipts: int
    spent_total: SignedAmount
    currency: Currency
    as_of: Moment | None
    points: list[OpeningPoints]
    tier: str | None


class Metrics(AnswerModel):
    """Figures in the shop's currency: the opening ones, plus the receipts after them."""

    receipts: int = Field(examples=[3])
    sales_total: SignedAmount = Field(examples=[459700])
    returns_total: SignedAmount = Field(examples=[50000])
    spent_total: SignedAmount = Field(description="Sales less returns.", examples=[409700])
    average_receipt: SignedAmount | None = Field(description="Rounded down; null without receipts.", examples=[136566])
    currency: Currency
    first_purchase_at: Moment | None
    last_purchase_at: Moment | None
    opening: Opening | None
    as_of: Moment


class Sums(AnswerModel):
    """Figures in one currency."""

    currency: Currency
    receipts: int = Field(examples=[3])
    sales_total: SignedAmount = Field(examples=[459700])
    returns_total: SignedAmount = Field(examples=[50000])
    spent_total: SignedAmount = Field(examples=[409700])
    average_receipt: SignedAmount | None = Field(examples=[136566])
    first_purchase_at: Moment | None
    last_purchase_at: Moment | None


class StoreSums(Sums):
    """Figures of one store in one currency; a null store stands for receipts that name none."""

    store: str | None


class LifecycleOverride(AnswerModel):
    """A stage set by hand."""

    stage: SetStage
    reason: str


class Customer(AnswerModel):
    """A customer with everything that belongs to them."""

    id: UUID
    kind: Literal["person", "organization"]
    given_name: str | None = Field(examples=["Анна"])
    middle_name: str | None = Field(examples=["Сергеевна"])
    family_name: FamilyName = Field(examples=["Петрова"])
    greeting_name: str | None = Field(examples=["Анна Сергеевна"])
    birthday: BirthdayText = Field(examples=["--05-17"])
    sex: Sex | None
    locale: str | None = Field(examples=["ru"])
    time_zone: str | None = Field(examples=["Europe/Moscow"])
    state: State
    lifecycle: Stage
    lifecycle_override: LifecycleOverride | None
    owner_id: UUID | None
    is_staff: bool
    identifiers: list[Identifier]
    acquisition: Acquisition | None
    declared_source: str | None
    tags: list[str] = Field(examples=[["coffee"]])
    custom: dict[str, Any] = Field(examples=[{}])
    addresses: list[Address]
    merged_from: list[UUID]
    metrics: Metrics
    created_at: Moment
    updated_at: Moment
    _version: int = PrivateAttr(default=1)

    def etag(self) -> str:
        """Return the version of what a person edits; figures and stages move without it."""
        return strong_etag(self.id, self._version)

    def at_version(self, version: int) -> Self:
        """Say which version of the card this is."""
        self._version = version
        return self


class CustomerPage(AnswerModel):
    """A page of customers."""

    items: list[Customer]
    next_cursor: str | None


class CustomerQuery(PageQuery):
    """Filters of the list."""

    tag: Text64 | None = Field(default=None, description="Has this tag.")
    lifecycle: Stage | None = Field(default=None, description="Is at this stage now.")
    store: Code64 | None = Field(default=None, description="First came in this store.")
    owner: UUID | None = Field(default=None, description="Is looked after by this employee.")
    created_from: Moment | None = None
    created_to: Moment | None = Field(default=None, description="Before this moment.")


class CustomRange(RequestModel):
    """A border for numbers and dates; both ends belong to it."""

    gte: WholeNumber | CustomText | None = None
    lte: WholeNumber | CustomText | None = None


class CustomerSearch(RequestModel):
    """Whom to find; everything that is given must fit."""

    name: Text200 | None = Field(
        default=None, description="Words or beginnings of words; е and ё, и and і are one, typing errors forgiven."
    )
    phone_ending: Annotated[str, Field(pattern=r"^[0-9]{4,10}$", examples=["4567"])] | None = Field(
        default=None, description="The last digits of a phone, four or more."
    )
    tags: TagNames = Field(default_factory=list, description="Has all of these.")
    lifecycle: Annotated[list[Stage], Field(max_length=10)] = Field(
        default_factory=list, description="Is at one of these stages."
    )
    custom: Annotated[
        dict[
            Text64, bool | WholeNumber | CustomText | Annotated[list[CustomText], Field(max_length=100)] | CustomRange
        ],
        Field(max_length=64, description="By code: the value, a list of which one fits, or borders.", examples=[{}]),
    ] = Field(default_factory=dict)
    limit: Limit = 50
    cursor: Cursor | None = None


class CreatedCustomer(Customer):
    """An item that made a customer."""

    status: Literal["created"] = "created"


class ExistingCustomer(AnswerModel):
    """An item whose identifier somebody has already."""

    status: Literal["existing"] = "existing"
    customer_id: UUID


class CustomerBatchAnswer(AnswerModel):
    """What became of each item, in the order they were sent."""

    items: list[Annotated[CreatedCustomer | ExistingCustomer | RejectedItem, Field(discriminator="status")]]


class CustomerMetrics(AnswerModel):
    """Figures of one customer, by currency and by store."""

    customer_id: UUID
    as_of: Moment
    totals: Metrics
    by_currency: list[Sums]
    by_store: list[StoreSums]


class MetricsQuery(QueryModel):
    """The moment of the figures."""

    as_of: Moment | None = Field(default=None, description="Count what was sold up to this moment; else until now.")
