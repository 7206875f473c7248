"""A customer base in memory, with the promises of the ports and none of the cryptography."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.customers.custom_fields import CustomField
from domain.customers.customer import Acquisition, Card
from domain.customers.drafts import NewCustomer
from domain.customers.errors import CustomerNotFound, IdentifierNotFound
from domain.customers.identifiers import FINDING, Holder, Identifier, IdentifierStatus, Normalised
from domain.customers.resolving import Hit
from domain.kernel.events import Actor, Event
from domain.kernel.transaction import Retry

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWNER = Actor("key", "test", "owner")


@dataclass
class FakeClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class FakeSettings:
    country: str = "RU"
    currency: str = "RUB"
    time_zone: str = "Europe/Moscow"
    settings: Mapping[str, Any] = field(default_factory=dict)


class FakeEvents:
    def __init__(self) -> None:
        self.added: list[Event] = []

    async def add(self, events: Sequence[Event]) -> None:
        self.added += events


def key_of(one: Identifier) -> tuple[str, str]:
    return Normalised(one.type, one.system, one.value, one.raw).key


class FakeShop:
    """A `CustomerUnit` whose transaction never ends; as much of it as identifiers need."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.settings = FakeSettings()
        self.events = FakeEvents()
        self.actor = OWNER
        self.cards: dict[UUID, Card] = {}
        self.rows: dict[UUID, tuple[UUID, Identifier]] = {}
        self.fields: dict[str, CustomField] = {}
        self.customers = self.identifiers = self.custom_fields = self.tag_links = self.place_codes = self

    async def holders(self, wanted: Iterable[Normalised]) -> Mapping[tuple[str, str], Holder]:
        held: dict[tuple[str, str], Holder] = {}
        for one in wanted:
            if one.barred == "relay":
                continue
            rows = [(owner, row.status) for owner, row in self.rows.values() if key_of(row) == one.key]
            live = [row for row in rows if row[1] in (*FINDING, IdentifierStatus.QUARANTINED)]
            if live:
                quarantined = any(status == IdentifierStatus.QUARANTINED for _, status in live)
                status = IdentifierStatus.QUARANTINED if quarantined else live[0][1]
                held[one.key] = Holder(tuple(dict.fromkeys(owner for owner, _ in live)), status)
        return held

    async def add(self, *arguments: Any) -> None:
        if len(arguments) == 1:
            for person in arguments[0]:
                self._add_person(person)
        else:
            self._put(*arguments)

    def _add_person(self, person: NewCustomer) -> None:
        self.cards[person.card.id] = person.card
        for one in person.identifiers:
            self._put(person.card.id, one.identifier)

    def _put(self, customer_id: UUID, one: Identifier) -> None:
        """The unique index of the table: one active row per value."""
        rivals = [row for _, row in self.rows.values() if key_of(row) == key_of(one) and row.id != one.id]
        if one.status == IdentifierStatus.ACTIVE and any(r.status == IdentifierStatus.ACTIVE for r in rivals):
            raise Retry
        self.rows[one.id] = (customer_id, one)

    async def card(self, customer_id: UUID, *, lock: bool = False) -> Card:
        if customer_id not in self.cards:
            raise CustomerNotFound
        return self.cards[customer_id]

    async def touch(self, customer_ids: Collection[UUID]) -> None:
        for one in customer_ids:
            self.cards[one] = replace(self.cards[one], version=self.cards[one].version + 1)

    async def canonical(self, customer_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        return {one: one for one in customer_ids if one in self.cards}

    async def of(self, customer_id: UUID) -> Sequence[Identifier]:
        return sorted((row for owner, row in self.rows.values() if owner == customer_id), key=lambda row: row.id)

    async def get(self, customer_id: UUID, identifier_id: UUID) -> Identifier:
        owner, row = self.rows.get(identifier_id, (None, None))
        if owner != customer_id or row is None:
            raise IdentifierNotFound
        return row

    async def save(self, customer_id: UUID, identifiers: Sequence[Identifier]) -> None:
        for one in identifiers:
            self._put(customer_id, one)

    async def hold(self, normalised: Normalised) -> None:
        pass

    async def spread(self, normalised: Normalised, status: str, reason: str | None) -> None:
        for owner, row in list(self.rows.values()):
            if key_of(row) == normalised.key and row.status in FINDING:
                self.rows[row.id] = (owner, replace(row, status=status, reason=reason))

    async def all(self) -> Mapping[str, CustomField]:
        return self.fields

    async def link(
        self, names: Mapping[UUID, Sequence[str]], *, source: str, newborn: bool = False
    ) -> Mapping[UUID, Sequence[str]]:
        return names

    async def ensure(self, acquisitions: Iterable[Acquisition]) -> None:
        return

    async def employees(self, employee_ids: Collection[UUID]) -> set[UUID]:
        return set()

    def hits(self, presented: Sequence[Normalised]) -> dict[int, list[Hit]]:
        """What resolving is told of the presented identifiers."""
        return {
            position: [
                Hit(owner, row.status, row.verified_at is not None)
                for owner, row in self.rows.values()
                if key_of(row) == one.key and row.status != IdentifierStatus.REASSIGNED
            ]
            for position, one in enumerate(presented)
        }
