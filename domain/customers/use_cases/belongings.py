"""What belongs to a customer and has a life of its own: addresses and notes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.customers.addresses import Address
from domain.customers.drafts import DraftAddress, clean_free_text, clean_parts, new_addresses
from domain.customers.errors import InvalidValue, NoteNotFound
from domain.customers.events import address_event, note_event
from domain.customers.notes import Note, visible_to
from domain.customers.ports import CustomerUnit
from domain.kernel.errors import FieldError
from domain.kernel.events import Actor, Change
from domain.kernel.ids import new_id


async def add_address(customer_id: UUID, draft: DraftAddress, *, unit: CustomerUnit) -> Address:
    """Give a customer an address; the first one is the default.

    Raises:
        CustomerNotFound: there is no such customer.
        InvalidValue: the address says nothing.
    """
    card = await unit.customers.card(customer_id, lock=True)
    (address,) = new_addresses([draft], unit.clock.now())
    address = replace(address, default=draft.default or not await unit.addresses.of(card.id))
    _require_content(address)
    await unit.addresses.add(card.id, address)
    await unit.customers.touch([card.id])
    changes = [Change(name, None, address.part(name), personal=True) for name in address.changed_parts(_NOTHING)]
    await unit.events.add([address_event("added", card.id, address.id, address.created_at, changes)])
    return address


async def change_address(
    customer_id: UUID,
    address_id: UUID,
    changes: Mapping[str, Any],
    *,
    unit: CustomerUnit,
    check: Callable[[Address], None],
) -> Address:
    """Lay `changes` (parts, `kind`, `default`) over an address; a None clears a part.

    Raises:
        AddressNotFound: the customer has no such address.
        InvalidValue: the address would say nothing.
        VersionMismatch: `check` says so.
    """
    card = await unit.customers.card(customer_id, lock=True)
    before = await unit.addresses.get(card.id, address_id)
    check(before)
    plain = {name: changes[name] for name in ("kind", "default") if name in changes}
    parts = {name: value for name, value in changes.items() if name not in plain}
    after = replace(before, parts=clean_parts(replace(before.parts, **parts)), **plain)
    _require_content(after)
    if after == before:
        return before
    after = replace(after, version=before.version + 1, updated_at=unit.clock.now())
    await unit.addresses.save(card.id, after)
    await unit.customers.touch([card.id])
    told = [
        Change(name, before.part(name), after.part(name), personal=True) for name in before.changed_parts(after.parts)
    ]
    await unit.events.add([address_event("changed", card.id, after.id, after.updated_at, told)])
    return after


async def remove_address(
    customer_id: UUID,
    address_id: UUID,
    *,
    unit: CustomerUnit,
    check: Callable[[Address], None] = lambda _address: None,
) -> None:
    """Delete an address.

    Raises:
        AddressNotFound: the customer has no such address.
        VersionMismatch: `check` says so.
    """
    card = await unit.customers.card(customer_id, lock=True)
    address = await unit.addresses.get(card.id, address_id)
    check(address)
    await unit.addresses.remove(card.id, address.id)
    await unit.customers.touch([card.id])
    await unit.events.add([address_event("removed", card.id, address.id, unit.clock.now())])


def _require_content(address: Address) -> None:
    if address.parts.empty:
        raise InvalidValue(errors=[FieldError("", "empty", "the address says nothing")])


async def write_note(customer_id: UUID, *, text: str, visibility: str, pinned: bool, unit: CustomerUnit) -> Note:
    """Write a note about a customer; a payment card number in it is masked.

    Raises:
        CustomerNotFound: there is no such customer.
        InvalidValue: the text is empty once what nobody can see is gone.
    """
    card = await unit.customers.card(customer_id)
    now = unit.clock.now()
    note = Note(
        id=new_id(),
        customer_id=card.id,
        text=_text(text),
        visibility=visibility,
        pinned=pinned,
        author=author_of(unit.actor),
        version=1,
        created_at=now,
        updated_at=now,
    )
    await unit.notes.add(note)
    await unit.events.add([note_event("added", note, now)])
    return note


async def rewrite_note(
    customer_id: UUID, note_id: UUID, changes: Mapping[str, Any], *, unit: CustomerUnit, check: Callable[[Note], None]
) -> Note:
    """Lay `changes` (`text`, `visibility`, `pinned`) over a note; the former text stays readable as a revision.

    Raises:
        NoteNotFound: there is none that this role may see.
        InvalidValue: the text is empty once what nobody can see is gone.
        VersionMismatch: `check` says so.
    """
    before = await _seen_note(customer_id, note_id, unit)
    check(before)
    text = {"text": _text(changes["text"])} if "text" in changes else {}
    after = replace(before, **{**changes, **text})
    if after == before:
        return before
    now = unit.clock.now()
    after = replace(after, author=author_of(unit.actor), version=before.version + 1, updated_at=now)
    await unit.notes.save(after)
    await unit.events.add([note_event("changed", after, now)])
    return after


async def remove_note(
    customer_id: UUID, note_id: UUID, *, unit: CustomerUnit, check: Callable[[Note], None] = lambda _note: None
) -> None:
    """Take a note away.

    Raises:
        NoteNotFound: there is none that this role may see.
        VersionMismatch: `check` says so.
    """
    note = await _seen_note(customer_id, note_id, unit)
    check(note)
    now = unit.clock.now()
    await unit.notes.remove(note, now)
    await unit.events.add([note_event("removed", note, now)])


async def _seen_note(customer_id: UUID, note_id: UUID, unit: CustomerUnit) -> Note:
    card = await unit.customers.card(customer_id)
    note = await unit.notes.get(card.id, note_id, visible=visible_to(unit.actor.role), lock=True)
    if note.customer_id != card.id:
        raise NoteNotFound
    return note


def author_of(actor: Actor) -> str:
    """Return how a note names its author: kind and id, `key:0197…`."""
    return f"{actor.kind}:{actor.id}"


def _text(text: str) -> str:
    cleaned = clean_free_text(text)
    if cleaned is None:
        raise InvalidValue(errors=[FieldError("/text", "empty", "is empty")])
    return cleaned


_NOTHING = clean_parts(DraftAddress().parts)
