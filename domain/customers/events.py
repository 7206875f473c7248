"""What happens to customers, as the event log keeps it."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.customers.contact import ContactPreferences
from domain.customers.customer import Card, Profile
from domain.customers.drafts import NewCustomer
from domain.customers.identifiers import Identifier
from domain.customers.notes import Note
from domain.kernel.events import Change, Event

CUSTOMER = "customer"
_OPEN_FIELDS = ("state", "locale", "time_zone", "owner_id", "is_staff")


def customer_created(new: NewCustomer) -> Event:
    """Tell of a new customer; what is personal is read from the card itself."""
    identifiers = [{"id": one.identifier.id, "type": one.identifier.type} for one in new.identifiers]
    acquisition = new.card.acquisition
    data: dict[str, Any] = {"state": new.card.state, "identifiers": identifiers}
    if acquisition is not None:
        data |= {"channel": acquisition.channel, "store": acquisition.store, "employee": acquisition.employee}
    return Event("customer.created", CUSTOMER, new.card.id, new.card.created_at, new.card.id, data=data)


def customer_updated(before: Card, after: Card, at: datetime, type_: str = "customer.updated") -> Event:
    """Tell which fields changed and how."""
    return Event(type_, CUSTOMER, after.id, at, after.id, changes=card_changes(before, after))


def card_changes(before: Card, after: Card) -> list[Change]:
    """Return the fields in which two versions of a card differ."""
    changes = [
        Change(name, getattr(before, name), getattr(after, name))
        for name in _OPEN_FIELDS
        if getattr(before, name) != getattr(after, name)
    ]
    old, new = before.override, after.override
    if old != new:
        changes.append(Change("lifecycle_override", old and old.stage, new and new.stage))
    return changes + _profile_changes(before.profile, after.profile)


def _profile_changes(before: Profile, after: Profile) -> list[Change]:
    changes = []
    for name in (field.name for field in fields(Profile) if field.name not in ("custom", "contact")):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            changes.append(Change(name, old and str(old), new and str(new), personal=True))
    if before.contact != after.contact:
        changes.append(Change("contact", _told(before.contact), _told(after.contact), personal=True))
    for code in sorted({*before.custom, *after.custom}):
        if before.custom.get(code) != after.custom.get(code):
            old, new = before.custom.get(code), after.custom.get(code)
            changes.append(Change(f"custom.{code}", old, new, personal=True))
    return changes


def _told(contact: ContactPreferences | None) -> dict[str, Any] | None:
    return None if contact is None else asdict(contact)


def identifier_event(
    verb: str, customer_id: UUID, identifier: Identifier, at: datetime, *, changes: Sequence[Change] = ()
) -> Event:
    """Tell what became of an identifier: added, verified, retired, reassigned, shared or made primary."""
    told = [Change("value", None, identifier.value, personal=True)] if verb == "added" else list(changes)
    data = {"customer_id": customer_id, "type": identifier.type, "status": identifier.status}
    return Event(f"identifier.{verb}", "identifier", identifier.id, at, customer_id, changes=told, data=data)


def address_event(
    verb: str, customer_id: UUID, address_id: UUID, at: datetime, changes: Sequence[Change] = ()
) -> Event:
    """Tell what became of an address: added, changed or removed."""
    data = {"customer_id": customer_id}
    return Event(f"address.{verb}", "address", address_id, at, customer_id, changes=changes, data=data)


def note_event(verb: str, note: Note, at: datetime) -> Event:
    """Tell what became of a note: added, changed or removed; its text stays where the note is."""
    data = {"customer_id": note.customer_id, "visibility": note.visibility, "pinned": note.pinned}
    return Event(f"note.{verb}", "note", note.id, at, note.customer_id, data=data)


def tags_changed(type_: str, customer_id: UUID, names: Sequence[str], at: datetime, source: str) -> Event:
    """Tell which tags a customer got (`tag.applied`) or lost (`tag.removed`)."""
    data = {"tags": list(names), "source": source}
    return Event(type_, CUSTOMER, customer_id, at, customer_id, data=data)
