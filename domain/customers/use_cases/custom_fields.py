"""Defining the shop's own fields."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.customers.custom_fields import MAX_FIELDS, CustomField, FieldRules, FieldType, day_of, number_of
from domain.customers.errors import CustomFieldExists, InvalidValue, TooManyCustomFields
from domain.customers.ports import CustomerUnit
from domain.kernel.errors import FieldError
from domain.kernel.events import Change, Event
from domain.kernel.ids import new_id


async def define_field(*, code: str, type_: str, label: str, rules: FieldRules, unit: CustomerUnit) -> CustomField:
    """Define a field; its values are checked from now on.

    Raises:
        CustomFieldExists: the code is taken, by an archived field too.
        TooManyCustomFields: the shop has 64 that are in use.
        InvalidValue: the rules do not fit the type.
    """
    known = await unit.custom_fields.all()
    if code in known:
        raise CustomFieldExists
    if sum(field.archived_at is None for field in known.values()) >= MAX_FIELDS:
        raise TooManyCustomFields
    check_rules(type_, label, rules)
    now = unit.clock.now()
    definition = CustomField(
        id=new_id(), code=code, type=type_, label=label, rules=rules, created_at=now, updated_at=now
    )
    await unit.custom_fields.add(definition)
    await unit.events.add([_event("created", definition, now)])
    return definition


async def change_field(
    field_id: UUID,
    changes: Mapping[str, Any],
    *,
    unit: CustomerUnit,
    check: Callable[[CustomField], None],
) -> CustomField:
    """Change label and rules; values that are stored already stay as they are.

    Raises:
        CustomFieldNotFound: there is none.
        InvalidValue: the rules do not fit the type.
        VersionMismatch: `check` says so.
    """
    before = await unit.custom_fields.get(field_id, lock=True)
    check(before)
    label = {"label": changes["label"]} if "label" in changes else {}
    rules = {name: value for name, value in changes.items() if name != "label"}
    after = replace(before, rules=replace(before.rules, **rules), **label)
    if after == before:
        return before
    check_rules(after.type, after.label, after.rules)
    return await _save(before, after, "updated", unit)


async def archive_field(field_id: UUID, *, unit: CustomerUnit) -> CustomField:
    """Put a field away: its values stay on the cards and are not accepted any more; again is the same.

    Raises:
        CustomFieldNotFound: there is none.
    """
    before = await unit.custom_fields.get(field_id, lock=True)
    if before.archived_at is not None:
        return before
    return await _save(before, replace(before, archived_at=unit.clock.now()), "archived", unit)


async def restore_field(field_id: UUID, *, unit: CustomerUnit) -> CustomField:
    """Take a field out of the archive; again is the same.

    Raises:
        CustomFieldNotFound: there is none.
        TooManyCustomFields: the shop has 64 that are in use.
    """
    before = await unit.custom_fields.get(field_id, lock=True)
    if before.archived_at is None:
        return before
    known = await unit.custom_fields.all()
    if sum(field.archived_at is None for field in known.values()) >= MAX_FIELDS:
        raise TooManyCustomFields
    return await _save(before, replace(before, archived_at=None), "restored", unit)


async def _save(before: CustomField, after: CustomField, verb: str, unit: CustomerUnit) -> CustomField:
    now = unit.clock.now()
    saved = await unit.custom_fields.save(replace(after, updated_at=now))
    await unit.events.add([_event(verb, saved, now, before)])
    return saved


def _event(verb: str, definition: CustomField, at: datetime, before: CustomField | None = None) -> Event:
    relabelled = before is not None and before.label != definition.label
    changes = [Change("label", before.label, definition.label)] if before is not None and relabelled else []
    data = {"code": definition.code, "type": definition.type}
    return Event(f"custom_field.{verb}", "custom_field", definition.id, at, changes=changes, data=data)


def check_rules(type_: str, label: str, rules: FieldRules) -> None:
    """Look whether the rules fit the type, and whether the label shows anything.

    Raises:
        InvalidValue: they do not, with everything that does not.
    """
    errors = [] if label else [FieldError("/label", "empty", "shows nothing")]
    enum = type_ in (FieldType.ENUM, FieldType.MULTI_ENUM)
    if enum != bool(rules.options):
        errors.append(FieldError("/options", "options", "belong to enums, which need them"))
    if len(set(rules.options)) < len(rules.options):
        errors.append(FieldError("/options", "duplicate", "name one option twice"))
    if len(set(rules.options)) < len(rules.options):
        errors.append(FieldError("/options", "twice", "must differ from each other"))
    if rules.max_length is not None and type_ != FieldType.STRING:
        errors.append(FieldError("/max_length", "max-length", "belongs to strings"))
    if (type_ == FieldType.REFERENCE) != (rules.to is not None):
        errors.append(FieldError("/to", "to", "belongs to references, which need it"))
    errors += _border_errors(type_, rules)
    if errors:
        raise InvalidValue(errors=errors)


def _border_errors(type_: str, rules: FieldRules) -> list[FieldError]:
    reads: Mapping[str, Callable[[Any], Any]] = {FieldType.NUMBER: number_of, FieldType.DATE: day_of}
    read = reads.get(type_)
    errors = [
        FieldError(f"/{name}", "border", "belongs to numbers and dates, in their own form")
        for name in ("minimum", "maximum")
        if getattr(rules, name) is not None and (read is None or read(getattr(rules, name)) is None)
    ]
    both = rules.minimum is not None and rules.maximum is not None
    if not errors and read is not None and both and read(rules.minimum) > read(rules.maximum):
        errors.append(FieldError("/maximum", "border", "lies below the minimum"))
    return errors
