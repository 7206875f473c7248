"""What somebody wants a customer to be, before any rule has looked at it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from domain.customers.addresses import PARTS, Address, AddressParts
from domain.customers.birthday import Birthday, parse_birthday
from domain.customers.custom_fields import CustomField, checked_values
from domain.customers.customer import Acquisition, Card, Profile
from domain.customers.errors import EmptyCustomer, InvalidValue
from domain.customers.identifiers import Identifier, Normalised, normalise
from domain.kernel.clock import zone_exists
from domain.kernel.errors import FieldError
from domain.kernel.ids import new_id
from domain.kernel.payment_card import mask_cards
from domain.kernel.text import clean_line, clean_text

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class DraftIdentifier:
    """An identifier as it was typed."""

    type: str
    value: str
    system: str | None = None
    primary: bool = False


@dataclass(frozen=True, slots=True)
class DraftAddress:
    """An address as it was typed."""

    kind: str = "home"
    default: bool = False
    parts: AddressParts = field(default_factory=AddressParts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A customer to be; `birthday` is text, tags are names."""

    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    birthday: str | None = None
    sex: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    owner_id: UUID | None = None
    is_staff: bool = False
    identifiers: Sequence[DraftIdentifier] = ()
    acquisition: Acquisition | None = None
    declared_source: str | None = None
    tags: Sequence[str] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    addresses: Sequence[DraftAddress] = ()


@dataclass(frozen=True, slots=True)
class NewIdentifier:
    """An identifier in its normal form, ready to be stored with a new customer."""

    identifier: Identifier
    normalised: Normalised
    position: int


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer that every rule has agreed to, but for identifiers that somebody else may have."""

    card: Card
    identifiers: Sequence[NewIdentifier]
    addresses: Sequence[Address]
    tags: Sequence[str]


class Problems:
    """Collects everything that is wrong, so that the caller is told all of it at once."""

    def __init__(self) -> None:
        self.found: list[FieldError] = []

    def of(self, rule: Callable[[], Result]) -> Result | None:
        """Return what `rule` returns; None, with its errors noted, when it refuses."""
        try:
            return rule()
        except InvalidValue as error:
            self.found += error.errors
            return None

    def add(self, errors: Iterable[FieldError]) -> None:
        """Note `errors`."""
        self.found += errors

    def settle(self) -> None:
        """Raise InvalidValue if there was anything."""
        if self.found:
            raise InvalidValue(errors=self.found)


def agreed(draft: Draft, *, country: str, fields: Mapping[str, CustomField], today: date, now: datetime) -> NewCustomer:
    """Return the customer that `draft` describes, with a fresh id.

    Raises:
        InvalidValue: values that cannot be right, all of them.
        EmptyCustomer: neither a name nor an identifier.
    """
    problems = Problems()
    names = {name: clean_name(getattr(draft, name)) for name in ("given_name", "middle_name", "family_name")}
    birthday = problems.of(lambda: birthday_of(draft.birthday, today))
    problems.of(lambda: check_zone(draft.time_zone))
    custom, errors = checked_values(draft.custom, fields) if draft.custom else ({}, [])
    problems.add(errors)
    presented = normalised_all(draft.identifiers, country, problems)
    addresses = new_addresses(draft.addresses, now)
    problems.add(
        FieldError(f"/addresses/{position}", "empty", "says nothing")
        for position, address in enumerate(addresses)
        if address.parts.empty
    )
    problems.settle()
    profile = Profile(
        given_name=names["given_name"],
        middle_name=names["middle_name"],
        family_name=names["family_name"],
        birthday=birthday,
        sex=draft.sex,
        declared_source=clean_free_text(draft.declared_source),
        custom={code: value for code, value in custom.items() if value is not None},
    )
    if not profile.named and not presented:
        raise EmptyCustomer
    card = Card(
        id=new_id(),
        profile=profile,
        locale=draft.locale,
        time_zone=draft.time_zone,
        owner_id=draft.owner_id,
        is_staff=draft.is_staff,
        acquisition=draft.acquisition,
        created_at=now,
        updated_at=now,
    )
    return NewCustomer(card, new_identifiers(presented, draft.identifiers, now), addresses, clean_tags(draft.tags))


def normalised_all(
    drafts: Sequence[DraftIdentifier], country: str, problems: Problems, pointer: str = "/identifiers"
) -> list[tuple[int, Normalised]]:
    """Return the identifiers in normal form by their position; one that was given twice counts once."""
    presented: dict[tuple[str, str], tuple[int, Normalised]] = {}
    for position, draft in enumerate(drafts):
        where = f"{pointer}/{position}"
        rule = partial(normalise, draft.type, draft.value, system=draft.system, country=country, pointer=where)
        found = problems.of(rule)
        if found is not None:
            presented.setdefault(found.key, (position, found))
    return list(presented.values())


def new_identifiers(
    presented: Sequence[tuple[int, Normalised]], drafts: Sequence[DraftIdentifier], now: datetime
) -> list[NewIdentifier]:
    """Return rows to be: one primary of each type, the one that was marked or else the first."""
    primary: dict[str, int] = {}
    for position, found in presented:
        if found.type not in primary or (drafts[position].primary and not drafts[primary[found.type]].primary):
            primary[found.type] = position
    return [
        NewIdentifier(identifier_of(found, now, primary=primary[found.type] == position), found, position)
        for position, found in presented
    ]


def identifier_of(found: Normalised, now: datetime, *, primary: bool) -> Identifier:
    """Return a new identifier of the normal form `found`."""
    return Identifier(
        id=new_id(),
        type=found.type,
        system=found.system,
        value=found.value,
        raw=found.raw,
        primary=primary,
        status=found.first_status,
        created_at=now,
        reason="junk" if found.first_status == "quarantined" else None,
    )


def new_addresses(drafts: Sequence[DraftAddress], now: datetime) -> list[Address]:
    """Return the addresses; the one marked as default is it, else the first."""
    marked = next((position for position, draft in enumerate(drafts) if draft.default), 0)
    return [
        Address(
            id=new_id(),
            kind=draft.kind,
            default=position == marked,
            parts=clean_parts(draft.parts),
            version=1,
            created_at=now,
            updated_at=now,
        )
        for position, draft in enumerate(drafts)
    ]


def clean_parts(parts: AddressParts) -> AddressParts:
    """Return address parts without what nobody can see."""
    return AddressParts(**{name: clean_free_text(getattr(parts, name)) for name in PARTS})


def clean_name(text: str | None) -> str | None:
    """Return a name as it is kept: one line, no control characters or direction marks, card numbers masked."""
    return (mask_cards(clean_line(text)) or None) if text is not None else None


def clean_free_text(text: str | None) -> str | None:
    """Return a text of several lines as it is kept."""
    return (mask_cards(clean_text(text)) or None) if text is not None else None


def clean_tags(names: Iterable[str]) -> list[str]:
    """Return tag names cleaned, each once, in the order given."""
    return [name for name in dict.fromkeys(clean_line(name) for name in names) if name]


def birthday_of(text: str | None, today: date) -> Birthday | None:
    """Return the birthday in `text`, None for None."""
    return None if text is None else parse_birthday(text, today=today)


def check_zone(zone: str | None, pointer: str = "/time_zone") -> None:
    """Look whether `zone` is an IANA zone.

    Raises:
        InvalidValue: it is none.
    """
    if zone is not None and not zone_exists(zone):
        raise InvalidValue(errors=[FieldError(pointer, "unknown-time-zone", "is no IANA time zone")])
