"""A customer: one card per person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.customers.addresses import Address
from domain.customers.birthday import Birthday
from domain.customers.contact import ContactPreferences
from domain.customers.figures import CustomerFigures
from domain.customers.identifiers import Identifier, IdentifierStatus


class CustomerState(StrEnum):
    """What may be done with a card. A merged one answers with its survivor, an erased one as if it had never been."""

    PENDING = "pending"
    ACTIVE = "active"
    FROZEN = "frozen"
    ARCHIVED = "archived"
    MERGED = "merged"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of the person; it lies sealed as one piece under the customer's key."""

    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    birthday: Birthday | None = None
    sex: str | None = None
    declared_source: str | None = None
    contact: ContactPreferences | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """Tell whether there is any name."""
        return bool(self.given_name or self.middle_name or self.family_name)

    @property
    def greeting_name(self) -> str | None:
        """Return how the person is spoken to: given name and patronymic, else the family name (A1)."""
        return " ".join(part for part in (self.given_name, self.middle_name) if part) or self.family_name

    @property
    def names(self) -> tuple[str, ...]:
        """Return the parts of the name that there are, in the order they are read."""
        return tuple(part for part in (self.given_name, self.middle_name, self.family_name) if part)


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How the person first came; `store` and `employee` are codes of the shop. Never changed once it is there (A9)."""

    channel: str | None = None
    medium: str | None = None
    campaign: str | None = None
    store: str | None = None
    employee: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A stage of life set by hand, with the reason (A19)."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The part of a customer that an edit changes in one row."""

    id: UUID
    profile: Profile
    state: str = CustomerState.ACTIVE
    kind: str = "person"
    locale: str | None = None
    time_zone: str | None = None
    owner_id: UUID | None = None
    is_staff: bool = False
    acquisition: Acquisition | None = None
    override: Override | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A card with everything that belongs to it."""

    card: Card
    identifiers: Sequence[Identifier]
    addresses: Sequence[Address]
    tags: Sequence[str]
    merged_from: Sequence[UUID]
    figures: CustomerFigures
    lifecycle: str
    as_of: datetime

    @property
    def id(self) -> UUID:
        """Return the customer's id."""
        return self.card.id

    @property
    def finding(self) -> Sequence[Identifier]:
        """Return the identifiers that are in use, active ones first."""
        used = [one for one in self.identifiers if one.status in (IdentifierStatus.ACTIVE, IdentifierStatus.SHARED)]
        return sorted(used, key=lambda one: one.status != IdentifierStatus.ACTIVE)
