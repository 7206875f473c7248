"""Defining tags, and putting them on customers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.customers.drafts import clean_tags
from domain.customers.errors import InvalidValue
from domain.customers.events import tags_changed
from domain.kernel.errors import FieldError, UnknownReference
from domain.kernel.events import Change, Event
from domain.kernel.ids import new_id
from domain.kernel.text import clean_line, clean_text
from domain.tags.ports import TagUnit
from domain.tags.tag import Tag

API = "api"


@dataclass(frozen=True, slots=True)
class Applied:
    """How many links a call made and took away, among how many customers."""

    customers: int
    added: int
    removed: int


async def define_tag(*, name: str, color: str | None, description: str | None, unit: TagUnit) -> Tag:
    """Define a tag.

    Raises:
        TagExists: its name is taken.
        InvalidValue: the name is empty once what nobody can see is gone.
    """
    now = unit.clock.now()
    tag = Tag(
        id=new_id(), name=_name(name), color=color, description=_text(description), created_at=now, updated_at=now
    )
    await unit.tags.add(tag)
    await unit.events.add([_event("created", tag, now)])
    return tag


async def change_tag(tag_id: UUID, changes: Mapping[str, Any], *, unit: TagUnit, check: Callable[[Tag], None]) -> Tag:
    """Lay `changes` (`name`, `color`, `description`) over a tag.

    Raises:
        TagNotFound: there is none.
        TagExists: the new name is taken.
        VersionMismatch: `check` says so.
    """
    before = await unit.tags.get(tag_id, lock=True)
    check(before)
    new = dict(changes)
    if "name" in new:
        new["name"] = _name(new["name"])
    if "description" in new:
        new["description"] = _text(new["description"])
    return await _save(before, replace(before, **new), "updated", unit)


async def archive_tag(tag_id: UUID, *, unit: TagUnit) -> Tag:
    """Take a tag out of the lists; customers keep it, and using it again brings it back. Again is the same.

    Raises:
        TagNotFound: there is none.
    """
    before = await unit.tags.get(tag_id, lock=True)
    return await _save(before, replace(before, archived_at=before.archived_at or unit.clock.now()), "archived", unit)


async def restore_tag(tag_id: UUID, *, unit: TagUnit) -> Tag:
    """Bring a tag back into the lists; again is the same.

    Raises:
        TagNotFound: there is none.
    """
    before = await unit.tags.get(tag_id, lock=True)
    return await _save(before, replace(before, archived_at=None), "restored", unit)


async def apply_tags(
    add: Sequence[str], remove: Sequence[str], customer_ids: Sequence[UUID], *, unit: TagUnit
) -> Applied:
    """Put tags on customers and take others away; what is so already stays so.

    Raises:
        UnknownReference: some of the ids name nobody, all of them told.
    """
    canonical = await unit.customers.canonical(customer_ids)
    errors = [
        FieldError(f"/customer_ids/{position}", UnknownReference.code, "names nothing that exists")
        for position, customer_id in enumerate(customer_ids)
        if customer_id not in canonical
    ]
    if errors:
        raise UnknownReference(errors=errors)
    people = sorted(set(canonical.values()))
    to_add, to_remove = clean_tags(add), clean_tags(remove)
    added = await unit.tag_links.link(dict.fromkeys(people, to_add), source=API) if to_add else {}
    removed = await unit.tag_links.unlink(dict.fromkeys(people, to_remove)) if to_remove else {}
    now = unit.clock.now()
    events = [tags_changed("tag.applied", person, names, now, API) for person, names in added.items()]
    events += [tags_changed("tag.removed", person, names, now, API) for person, names in removed.items()]
    await unit.events.add(events)
    return Applied(len(people), sum(map(len, added.values())), sum(map(len, removed.values())))


async def untag(customer_id: UUID, tag_id: UUID, *, unit: TagUnit) -> None:
    """Take one tag from a customer; one that is not there is no error.

    Raises:
        TagNotFound: the shop has no such tag.
    """
    tag = await unit.tags.get(tag_id)
    removed = await unit.tag_links.unlink({customer_id: [tag.name]})
    now = unit.clock.now()
    await unit.events.add([tags_changed("tag.removed", person, names, now, API) for person, names in removed.items()])


async def _save(before: Tag, after: Tag, verb: str, unit: TagUnit) -> Tag:
    if after == before:
        return before
    now = unit.clock.now()
    saved = await unit.tags.save(replace(after, updated_at=now))
    changes = [
        Change(name, getattr(before, name), getattr(saved, name))
        for name in ("name", "color", "description")
        if getattr(before, name) != getattr(saved, name)
    ]
    await unit.events.add([_event(verb, saved, now, changes)])
    return saved


def _event(verb: str, tag: Tag, at: datetime, changes: Sequence[Change] = ()) -> Event:
    return Event(f"tag.{verb}", "tag", tag.id, at, changes=changes, data={"name": tag.name})


def _name(text: str) -> str:
    name = clean_line(text)
    if not name:
        raise InvalidValue(errors=[FieldError("/name", "empty", "is empty")])
    return name


def _text(text: str | None) -> str | None:
    return (clean_text(text) or None) if text is not None else None
