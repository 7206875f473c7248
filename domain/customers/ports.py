"""What the customer base needs from storage."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.customers.addresses import Address
from domain.customers.custom_fields import CustomField
from domain.customers.customer import Acquisition, Card, Customer
from domain.customers.drafts import NewCustomer
from domain.customers.identifiers import Holder, Identifier, Normalised
from domain.customers.notes import Note, Revision
from domain.kernel.transaction import UnitOfWork


class ShopSettings(Protocol):
    """The settings of a shop that rules read."""

    @property
    def country(self) -> str:
        """Return the country in which bare phones are read (ISO 3166-1 alpha-2)."""

    @property
    def currency(self) -> str:
        """Return the shop's currency (ISO 4217)."""

    @property
    def time_zone(self) -> str:
        """Return the shop's zone."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return what the owner has set: `lifecycle`, `leap_birthday`, `name_index`, `phone_ending_index`."""


class CustomerDirectory(Protocol):
    """Every card of one shop."""

    async def holders(self, wanted: Iterable[Normalised]) -> Mapping[tuple[str, str], Holder]:
        """Return who has the identifiers now, by `Normalised.key`; what nobody has is left out."""

    async def add(self, people: Sequence[NewCustomer]) -> None:
        """Store new customers with identifiers, addresses and custom values, in a fixed number of round trips.

        Raises:
            Retry: somebody else took one of the identifiers meanwhile; run the transaction again.
        """

    async def card(self, customer_id: UUID, *, lock: bool = False) -> Card:
        """Return the card, the survivor's where it was merged; held until the transaction ends if `lock`.

        Raises:
            CustomerNotFound: there is none.
        """

    async def get(self, customer_id: UUID) -> Customer:
        """Return the customer with everything that belongs to them; the survivor where it was merged.

        Raises:
            CustomerNotFound: there is none.
        """

    async def many(self, customer_ids: Sequence[UUID]) -> Sequence[Customer]:
        """Return the customers in the order of their ids; those that do not exist are left out."""

    async def save(self, card: Card, *, former: Card) -> Card:
        """Store a changed card and return it with its new version."""

    async def touch(self, customer_ids: Collection[UUID]) -> None:
        """Give the cards a new version: something that belongs to them was edited."""

    async def canonical(self, customer_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return, for each id that names somebody, the customer who answers for it: itself, or its survivor."""


class Identifiers(Protocol):
    """Identifiers of customers."""

    async def of(self, customer_id: UUID) -> Sequence[Identifier]:
        """Return all of a customer's, oldest first."""

    async def get(self, customer_id: UUID, identifier_id: UUID) -> Identifier:
        """Return one, held until the transaction ends.

        Raises:
            IdentifierNotFound: the customer has no such identifier.
        """

    async def add(self, customer_id: UUID, identifier: Identifier) -> None:
        """Store a new one.

        Raises:
            Retry: somebody else took it meanwhile.
        """

    async def save(self, customer_id: UUID, identifiers: Sequence[Identifier]) -> None:
        """Store status, marks and moments of identifiers.

        Raises:
            Retry: somebody else took one meanwhile.
        """

    async def hold(self, normalised: Normalised) -> None:
        """Make everybody else who holds this value wait until this transaction ends."""

    async def spread(self, normalised: Normalised, status: str, reason: str | None) -> None:
        """Give every identifier in use with this value `status`: it is shared by several, or junk."""


class Addresses(Protocol):
    """Addresses of customers."""

    async def of(self, customer_id: UUID) -> Sequence[Address]:
        """Return all of a customer's, oldest first."""

    async def get(self, customer_id: UUID, address_id: UUID) -> Address:
        """Return one, held until the transaction ends.

        Raises:
            AddressNotFound: the customer has no such address.
        """

    async def add(self, customer_id: UUID, address: Address) -> None:
        """Store a new one; if it is the default the others are no longer."""

    async def save(self, customer_id: UUID, address: Address) -> None:
        """Store a changed one; if it is the default the others are no longer."""

    async def remove(self, customer_id: UUID, address_id: UUID) -> None:
        """Delete one."""


class Notes(Protocol):
    """Notes about customers."""

    async def page(
        self, customer_id: UUID, *, visible: Collection[str], after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Note]:
        """Return at most `limit` notes, newest first, those older than `after` only."""

    async def get(self, customer_id: UUID, note_id: UUID, *, visible: Collection[str], lock: bool = False) -> Note:
        """Return one that the reader may see.

        Raises:
            NoteNotFound: there is none.
        """

    async def add(self, note: Note) -> None:
        """Store a new note, its first revision and its place in the timeline."""

    async def save(self, note: Note) -> None:
        """Store a new version; the former ones stay."""

    async def remove(self, note: Note, at: datetime) -> None:
        """Take a note away; its revisions stay for whoever may read them."""

    async def revisions(self, note: Note) -> Sequence[Revision]:
        """Return every version, newest first."""


class CustomFields(Protocol):
    """The shop's own fields."""

    async def all(self) -> Mapping[str, CustomField]:
        """Return every field by its code, archived ones too."""

    async def get(self, field_id: UUID, *, lock: bool = False) -> CustomField:
        """Return one.

        Raises:
            CustomFieldNotFound: there is none.
        """

    async def add(self, definition: CustomField) -> None:
        """Store a new one.

        Raises:
            CustomFieldExists: its code is taken.
        """

    async def save(self, definition: CustomField) -> CustomField:
        """Store a changed one and return it with its new version."""

    async def missing_references(self, wanted: Mapping[str, set[UUID]]) -> set[UUID]:
        """Return the ids that name nothing, of those wanted by kind: `customer`, `store`, `employee`, `product`."""


class TagLinks(Protocol):
    """Tags of customers, by name."""

    async def link(
        self, names: Mapping[UUID, Sequence[str]], *, source: str, newborn: bool = False
    ) -> Mapping[UUID, Sequence[str]]:
        """Give customers tags, made where the shop has none of that name; return what was new to each.

        It is an edit of their cards, unless they are `newborn`.
        """

    async def unlink(self, names: Mapping[UUID, Sequence[str]]) -> Mapping[UUID, Sequence[str]]:
        """Take tags from customers; return what each had."""


class PlaceCodes(Protocol):
    """Stores and employees by the codes that tills use."""

    async def ensure(self, acquisitions: Iterable[Acquisition]) -> None:
        """Make unknown stores and employees plain records marked unconfirmed."""

    async def employees(self, employee_ids: Collection[UUID]) -> set[UUID]:
        """Return which of the ids are employees."""


class CustomerUnit(UnitOfWork, Protocol):
    """The transaction of a use case on customers."""

    @property
    def settings(self) -> ShopSettings:
        """Return the shop's settings."""

    @property
    def customers(self) -> CustomerDirectory:
        """Return the cards."""

    @property
    def identifiers(self) -> Identifiers:
        """Return the identifiers."""

    @property
    def addresses(self) -> Addresses:
        """Return the addresses."""

    @property
    def notes(self) -> Notes:
        """Return the notes."""

    @property
    def custom_fields(self) -> CustomFields:
        """Return the shop's own fields."""

    @property
    def tag_links(self) -> TagLinks:
        """Return the customers' tags."""

    @property
    def place_codes(self) -> PlaceCodes:
        """Return the shop's stores and employees."""
