"""Identifiers of a customer: added, proven, preferred, put away, handed on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.customers.customer import CustomerState
from domain.customers.drafts import Draft, DraftIdentifier, identifier_of
from domain.customers.errors import CustomerNotActive, IdentifierNotActive, IdentifierTaken, ReassignmentUnproven
from domain.customers.events import identifier_event
from domain.customers.identifiers import (
    FINDING,
    MAX_SHARING,
    Holder,
    Identifier,
    IdentifierStatus,
    Normalised,
    normalise,
)
from domain.customers.ports import CustomerUnit
from domain.customers.use_cases.creating import create_customer
from domain.kernel.errors import UnknownReference
from domain.kernel.events import Change


async def add_identifier(customer_id: UUID, draft: DraftIdentifier, *, shared: bool, unit: CustomerUnit) -> Identifier:
    """Give a customer one more identifier; what they have already is answered as it is.

    `shared` says that several people use it: then it is shared by all who have it, and narrows down what other
    identifiers say. On more than three it is junk: it is quarantined and finds nobody.

    Raises:
        CustomerNotFound: there is no such customer.
        InvalidValue: the value cannot be right.
        IdentifierTaken: another customer has it, and `shared` was not said.
    """
    card = await unit.customers.card(customer_id, lock=not shared)
    found = normalise(draft.type, draft.value, system=draft.system, country=unit.settings.country)
    if shared:  # the value before the card: whoever holds it goes on to touch the cards of all who share it
        await unit.identifiers.hold(found)
        card = await unit.customers.card(card.id, lock=True)
    own = await unit.identifiers.of(card.id)
    same = [one for one in own if (one.type, one.system, one.value) == (found.type, found.system, found.value)]
    holder = (await unit.customers.holders([found])).get(found.key)
    kept = next((one for one in same if one.status in (*FINDING, IdentifierStatus.QUARANTINED)), None)
    if kept is not None:
        return kept
    now = unit.clock.now()
    status = await _status(found, holder, shared=shared, unit=unit)
    first = not any(one.type == found.type and one.primary for one in own)
    new = replace(
        identifier_of(found, now, primary=first or draft.primary),
        status=status,
        reason="junk" if status == IdentifierStatus.QUARANTINED else None,
    )
    if new.primary and not first:
        await unit.identifiers.save(card.id, _without_primary(own, found.type))
    await unit.identifiers.add(card.id, new)
    await unit.customers.touch([card.id])
    await unit.events.add([identifier_event("added", card.id, new, now)])
    return new


async def _status(found: Normalised, holder: Holder | None, *, shared: bool, unit: CustomerUnit) -> IdentifierStatus:
    if found.barred is not None:
        return found.first_status
    if holder is None:
        return IdentifierStatus.SHARED if shared else IdentifierStatus.ACTIVE
    if holder.status == IdentifierStatus.QUARANTINED:
        return IdentifierStatus.QUARANTINED
    if not shared:
        raise IdentifierTaken(holder.customer_ids[0], "/value")
    junk = len(holder.customer_ids) >= MAX_SHARING
    status = IdentifierStatus.QUARANTINED if junk else IdentifierStatus.SHARED
    await unit.identifiers.spread(found, status, "junk" if junk else None)
    await unit.customers.touch(holder.customer_ids)
    return status


def _without_primary(identifiers: Sequence[Identifier], type_: str) -> list[Identifier]:
    return [replace(one, primary=False) for one in identifiers if one.type == type_ and one.primary]


async def verify_identifier(customer_id: UUID, identifier_id: UUID, *, unit: CustomerUnit) -> Identifier:
    """Mark an identifier as proven by the person; again renews the moment.

    Raises:
        IdentifierNotFound: the customer has no such identifier.
        IdentifierNotActive: it is retired, quarantined or somebody else's now.
    """

    def proven(one: Identifier, now: datetime) -> Identifier:
        return replace(one, verified_at=now, last_confirmed_at=now)

    return await _change(customer_id, identifier_id, "verified", proven, unit)


async def make_primary(customer_id: UUID, identifier_id: UUID, *, unit: CustomerUnit) -> Identifier:
    """Prefer an identifier to the customer's others of its type.

    Raises:
        IdentifierNotFound: the customer has no such identifier.
        IdentifierNotActive: it is retired, quarantined or somebody else's now.
    """
    card = await unit.customers.card(customer_id, lock=True)
    one = await unit.identifiers.get(card.id, identifier_id)
    others = [other for other in await unit.identifiers.of(card.id) if other.id != one.id]
    demoted = _without_primary(others, one.type)
    if demoted and one.status in FINDING:
        await unit.identifiers.save(card.id, demoted)

    def preferred(identifier: Identifier, _now: datetime) -> Identifier:
        return replace(identifier, primary=True)

    return await _change(card.id, identifier_id, "made_primary", preferred, unit)


async def retire_identifier(customer_id: UUID, identifier_id: UUID, *, unit: CustomerUnit) -> Identifier:
    """Put an identifier away: it finds nobody, and somebody else may have it; again is the same.

    Raises:
        IdentifierNotFound: the customer has no such identifier.
    """
    card = await unit.customers.card(customer_id, lock=True)
    one = await unit.identifiers.get(card.id, identifier_id)
    if one.status in (IdentifierStatus.RETIRED, IdentifierStatus.REASSIGNED):
        return one
    now = unit.clock.now()
    after = replace(one, status=IdentifierStatus.RETIRED, primary=False)
    heirs = [
        other
        for other in await unit.identifiers.of(card.id)
        if other.id != one.id and other.type == one.type and other.status in FINDING
    ]
    promoted = [replace(heirs[0], primary=True)] if one.primary and heirs else []
    await unit.identifiers.save(card.id, [after, *promoted])
    await unit.customers.touch([card.id])
    await unit.events.add([identifier_event("retired", card.id, after, now)])
    return after


@dataclass(frozen=True, slots=True)
class Reassignment:
    """Who gets an identifier (None: a new customer), and by whose word; `employee` is a code of the shop."""

    new_owner: UUID | None = None
    employee: str | None = None
    reason: str | None = None


async def reassign_identifier(
    customer_id: UUID, identifier_id: UUID, how: Reassignment, *, unit: CustomerUnit
) -> tuple[Identifier, UUID]:
    """Hand an identifier on: the number has a new owner. Return the old one's identifier and who has it now.

    The old one is marked `reassigned`: its permissions end and nobody spends by it. Where no code confirms it, an
    employee vouches by name and reason, which stay in the event log.

    Raises:
        ReassignmentUnproven: neither a code nor employee and reason.
        IdentifierNotFound: the customer has no such identifier.
        IdentifierNotActive: it is not this customer's alone.
        UnknownReference: the new owner does not exist.
        CustomerNotActive: the new owner is frozen or archived.
    """
    if not how.employee or not how.reason:
        raise ReassignmentUnproven
    heir = await _heir(customer_id, how.new_owner, unit)
    card = await unit.customers.card(customer_id, lock=True)
    one = await unit.identifiers.get(card.id, identifier_id)
    if one.status != IdentifierStatus.ACTIVE:
        raise IdentifierNotActive
    now = unit.clock.now()
    former = replace(one, status=IdentifierStatus.REASSIGNED, primary=False, reason="reassigned")
    await unit.identifiers.save(card.id, [former])
    owner = await _hand_over(one, heir, now, unit)
    said = [Change("employee", None, how.employee), Change("reason", None, how.reason, personal=True)]
    await unit.customers.touch([card.id])
    await unit.events.add([identifier_event("reassigned", card.id, former, now, changes=said)])
    return former, owner


async def _heir(customer_id: UUID, new_owner: UUID | None, unit: CustomerUnit) -> UUID | None:
    """Return the new owner, locked; the lower id is locked first, so that two hand-overs never wait in a circle."""
    if new_owner is None:
        return None
    survivor = (await unit.customers.canonical([new_owner])).get(new_owner)
    if survivor is None:
        raise UnknownReference.at("/new_customer_id")
    if customer_id < survivor:
        await unit.customers.card(customer_id, lock=True)
    heir = await unit.customers.card(survivor, lock=True)
    if heir.state not in (CustomerState.ACTIVE, CustomerState.PENDING):
        raise CustomerNotActive
    return heir.id


async def _hand_over(one: Identifier, heir: UUID | None, now: datetime, unit: CustomerUnit) -> UUID:
    if heir is None:
        draft = DraftIdentifier(one.type, one.value, one.system)
        return (await create_customer(Draft(identifiers=[draft]), unit=unit)).id
    own = await unit.identifiers.of(heir)
    first = not any(other.type == one.type and other.primary for other in own)
    new = identifier_of(Normalised(one.type, one.system, one.value, one.raw), now, primary=first)
    await unit.identifiers.add(heir, new)
    await unit.customers.touch([heir])
    await unit.events.add([identifier_event("added", heir, new, now)])
    return heir


async def _change(
    customer_id: UUID,
    identifier_id: UUID,
    verb: str,
    rule: Callable[[Identifier, datetime], Identifier],
    unit: CustomerUnit,
) -> Identifier:
    card = await unit.customers.card(customer_id, lock=True)
    one = await unit.identifiers.get(card.id, identifier_id)
    if one.status not in FINDING:
        raise IdentifierNotActive
    now = unit.clock.now()
    after = rule(one, now)
    if after != one:
        await unit.identifiers.save(card.id, [after])
        await unit.customers.touch([card.id])
        await unit.events.add([identifier_event(verb, card.id, after, now)])
    return after
