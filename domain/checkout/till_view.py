"""What a cashier sees of the person at the till: enough to serve, nothing to take home."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.customers.birthday import FEB_28
from domain.customers.customer import CustomerState, Profile
from domain.customers.identifiers import IdentifierType
from domain.loyalty.entries import Balance
from domain.loyalty.program import ProgramVersion, Verification

BIRTHDAY_DAYS = 7
STALE_DAYS = 180
"""Carriers give a silent number to somebody else: by such a phone one may earn, not spend."""

EMPTY = Balance(0, 0, 0, 0, ())


@dataclass(frozen=True, slots=True)
class ShownIdentifier:
    """A contact of the person at the till; it is masked when it is written, whoever reads it."""

    type: str
    value: str
    primary: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Hint:
    """Something the cashier may say or do."""

    kind: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """How many points may be spent at most, and whether that needs proof; `reason` says why none or why proof."""

    max_points: int
    verification: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillPerson:
    """What was read of the person. `proven_at` is when the identifier that found them was last used or proven."""

    id: UUID
    state: str
    profile: Profile
    identifiers: Sequence[ShownIdentifier] = ()
    notes: Sequence[str] = ()
    account_status: str | None = None
    balance: Balance = EMPTY
    found_by: Sequence[str] = ()
    proven_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillView:
    """The till view of the contract; discount, tier and offers stay empty until the owner sets them up."""

    id: UUID
    state: str
    greeting_name: str | None
    identifiers: Sequence[ShownIdentifier]
    balance: Balance
    spend: Spend
    hints: Sequence[Hint]
    tier: str | None = None
    discount_percent: int = 0
    discount_reason: str | None = None
    offers: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Counter:
    """The till's surroundings: the moment, the local date, the program and the settings that the view reads."""

    now: datetime
    today: date
    program: ProgramVersion
    stale_days: int = STALE_DAYS
    leap_rule: str = FEB_28


def till_view(person: TillPerson, counter: Counter) -> TillView:
    """Return what the cashier sees."""
    return TillView(
        id=person.id,
        state=person.state,
        greeting_name=person.profile.greeting_name,
        identifiers=person.identifiers,
        balance=person.balance,
        spend=_spend(person, counter),
        hints=_hints(person, counter),
    )


def _spend(person: TillPerson, counter: Counter) -> Spend:
    proof = counter.program.verification is not Verification.OFF
    if person.state != CustomerState.ACTIVE:
        return Spend(0, proof, f"customer_{person.state}")
    if person.account_status not in (None, "active"):
        return Spend(0, proof, "account_frozen")
    if _stale(person, counter):
        return Spend(0, proof, "phone_stale")
    active = person.balance.active
    step = max(counter.program.step, 1)
    usable = active - active % step if active >= counter.program.min_points else 0
    return Spend(usable, proof, "program" if proof else None)


def _stale(person: TillPerson, counter: Counter) -> bool:
    by_phone = bool(person.found_by) and all(kind == IdentifierType.PHONE for kind in person.found_by)
    if not by_phone or person.proven_at is None or counter.stale_days <= 0:
        return False
    return counter.now - person.proven_at > timedelta(days=counter.stale_days)


def _hints(person: TillPerson, counter: Counter) -> list[Hint]:
    hints = [Hint("note", text) for text in person.notes]
    birthday = person.profile.birthday
    if birthday is not None:
        days = birthday.days_until(counter.today, counter.leap_rule)
        if days <= BIRTHDAY_DAYS:
            hints.append(Hint("birthday_today" if days == 0 else "birthday_soon"))
    if _stale(person, counter) or not any(one.verified for one in person.identifiers):
        hints.append(Hint("confirm_contacts"))
    return hints
