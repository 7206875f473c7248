"""Who is at the till, for a receipt: nobody can be asked any more, so it always comes to an answer.

Source: the API contract, "A sale is a fact", and semantics, "Reassigned numbers".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.checkout.changes import NewCustomer
from domain.checkout.state import Found, Person, Presented, TillState
from domain.history.receipt import CustomerRef, Document
from domain.kernel.ids import new_id
from domain.loyalty.notices import Notice

PRESENTED_THINGS = ("card", "external")
"""What a person holds in hand wins over a number that somebody typed."""

TOUCH_AFTER = timedelta(days=1)
"""`last_used_at` is moved at most once a day: it is read in months, and every receipt would write a row for it."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The person, in resolve's words; `new` is set when the receipt brought them, `used` is what found them."""

    person: Person | None = None
    match: str | None = None
    warnings: tuple[Notice, ...] = ()
    new: NewCustomer | None = None
    used: tuple[UUID, ...] = ()


def identify(
    document: Document, presented: Sequence[Presented], impossible: Sequence[int], state: TillState, now: datetime
) -> Identified:
    """Return who bought; `impossible` are the positions of identifiers that can be no such thing."""
    if document.customer is None:
        return Identified()
    return identify_by(
        document.customer,
        presented,
        impossible,
        state,
        now,
        source=document.source,
        store=document.store,
        employee=document.employee,
    )


def identify_by(
    reference: CustomerRef,
    presented: Sequence[Presented],
    impossible: Sequence[int],
    state: TillState,
    now: datetime,
    *,
    source: str,
    store: str | None,
    employee: str | None = None,
) -> Identified:
    """Return who a reference means; whoever it brings came through `source`."""
    if reference.id is not None:
        return _by_id(reference.id, state)
    warnings = tuple(Notice("unknown-customer", f"/customer/identifiers/{index}") for index in impossible)
    hits = [(shown, state.found.get((shown.type, shown.blind), ())) for shown in presented]
    active = [(shown, found) for shown, rows in hits for found in rows if found.status == "active" and not shown.barred]
    people = {_canonical(state, found.customer_id).customer_id for _, found in active if _known(state, found)}
    if len(people) == 1:
        return _matched(state, active, warnings, now)
    if len(people) > 1:
        return _conflicting(state, active, warnings, now)
    if any(found.status == "shared" for _, rows in hits for found in rows):
        ambiguous = Notice("customer-ambiguous", "/customer")
        return Identified(None, "ambiguous", (*warnings, ambiguous))
    blocked = [shown for shown, rows in hits if shown.barred or any(found.status == "quarantined" for found in rows)]
    usable = tuple(shown for shown in presented if shown not in blocked)
    if usable and reference.on_missing == "create":
        new = NewCustomer(new_id(), usable, source, store, employee, now)
        return Identified(Person(new.customer_id, "active"), "created", warnings, new)
    return Identified(None, "blocked" if blocked else "none", warnings)


def _by_id(customer_id: UUID, state: TillState) -> Identified:
    person = state.people.get(customer_id)
    if person is None or person.state == "erased":
        unknown = Notice("unknown-customer", "/customer/id")
        return Identified(None, "none", (unknown,))
    return Identified(person, "id")


def _known(state: TillState, found: Found) -> bool:
    person = state.people.get(found.customer_id)
    return person is not None and person.state != "erased"


def _canonical(state: TillState, customer_id: UUID) -> Person:
    return state.people.get(customer_id) or Person(customer_id, "erased")


def _matched(
    state: TillState, active: Sequence[tuple[Presented, Found]], warnings: tuple[Notice, ...], now: datetime
) -> Identified:
    known = [found for _, found in active if _known(state, found)]
    verified = any(found.verified for found in known)
    match = "exact_verified" if verified else "exact_unverified"
    used = tuple(f.identifier_id for f in known if f.last_used_at is None or now - f.last_used_at > TOUCH_AFTER)
    return Identified(_canonical(state, known[0].customer_id), match, warnings, used=used)


def _conflicting(
    state: TillState, active: Sequence[tuple[Presented, Found]], warnings: tuple[Notice, ...], now: datetime
) -> Identified:
    """Choose what was held in hand, else what was named first."""
    in_hand = [pair for pair in active if pair[0].type in PRESENTED_THINGS]
    chosen = _canonical(state, (in_hand or list(active))[0][1].customer_id)
    theirs = [pair for pair in active if _canonical(state, pair[1].customer_id) == chosen]
    conflict = Notice("identifier-conflict", "/customer/identifiers")
    return _matched(state, theirs, (*warnings, conflict), now)
