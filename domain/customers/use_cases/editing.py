"""Changing a card, putting it away and taking it out again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.customers.contact import ContactPreferences
from domain.customers.custom_fields import CustomField, checked_values
from domain.customers.customer import Card, Customer, CustomerState, Profile
from domain.customers.drafts import Problems, birthday_of, check_zone, clean_free_text, clean_name, clean_tags
from domain.customers.errors import CustomerNotActive, EmptyCustomer
from domain.customers.events import customer_updated, tags_changed
from domain.customers.ports import CustomerUnit
from domain.customers.use_cases.creating import API, dangling, wanted_references
from domain.kernel.clock import business_date
from domain.kernel.errors import FieldError, UnknownReference

Check = Callable[[Customer], None]
"""Looks at the customer before a change and raises VersionMismatch when the caller saw another version."""

_NAMES = ("given_name", "middle_name", "family_name")
_PLAIN = ("locale", "time_zone", "owner_id", "is_staff")


def unchecked(_customer: Customer) -> None:
    """Accept any version."""


async def change_customer(
    customer_id: UUID, changes: Mapping[str, Any], *, unit: CustomerUnit, check: Check = unchecked
) -> Customer:
    """Lay `changes` over a customer; a None clears a field. `lifecycle_override` is an Override, `tags` are names.

    Raises:
        CustomerNotFound: there is none.
        InvalidValue: values that cannot be right, all of them.
        UnknownReference: an id names nothing.
        EmptyCustomer: nobody could find the card any more.
        VersionMismatch: `check` says so.
    """
    before = await unit.customers.card(customer_id, lock=True)
    customer = await unit.customers.get(before.id)
    check(customer)
    fields = await unit.custom_fields.all() if changes.get("custom") else {}
    after = _changed(before, changes, fields, unit)
    await _check_references(after, changes, fields, unit)
    if not after.profile.named and not customer.identifiers:
        raise EmptyCustomer
    events = []
    if after != before:
        after = replace(after, updated_at=unit.clock.now())
        await unit.customers.save(after, former=before)
        events.append(customer_updated(before, after, after.updated_at))
    if "tags" in changes:
        events += await _replace_tags(customer, clean_tags(changes["tags"] or ()), unit)
    await unit.events.add(events)
    return await unit.customers.get(before.id)


async def prefer_contact(customer_id: UUID, preferences: ContactPreferences, *, unit: CustomerUnit) -> Card:
    """Note how and when a customer likes to be reached (A7); nothing at all clears it.

    Raises:
        CustomerNotFound: there is none.
    """
    before = await unit.customers.card(customer_id, lock=True)
    contact = None if preferences == ContactPreferences() else preferences
    if contact == before.profile.contact:
        return before
    now = unit.clock.now()
    after = replace(before, profile=replace(before.profile, contact=contact), updated_at=now)
    saved = await unit.customers.save(after, former=before)
    await unit.events.add([customer_updated(before, saved, now)])
    return saved


async def archive_customer(customer_id: UUID, *, unit: CustomerUnit) -> Customer:
    """Put a customer away; again is the same.

    Raises:
        CustomerNotFound: there is none.
        CustomerNotActive: the customer is frozen.
    """
    return await _move(customer_id, CustomerState.ARCHIVED, "customer.archived", unit)


async def restore_customer(customer_id: UUID, *, unit: CustomerUnit) -> Customer:
    """Take a customer out of the archive; again is the same.

    Raises:
        CustomerNotFound: there is none.
        CustomerNotActive: the customer is frozen.
    """
    return await _move(customer_id, CustomerState.ACTIVE, "customer.restored", unit)


async def _move(customer_id: UUID, state: CustomerState, event: str, unit: CustomerUnit) -> Customer:
    before = await unit.customers.card(customer_id, lock=True)
    if before.state == CustomerState.FROZEN:
        raise CustomerNotActive
    leaves = before.state != state and not (state == CustomerState.ACTIVE and before.state == CustomerState.PENDING)
    if leaves:
        now = unit.clock.now()
        after = await unit.customers.save(replace(before, state=state, updated_at=now), former=before)
        await unit.events.add([customer_updated(before, after, now, event)])
    return await unit.customers.get(before.id)


def _changed(before: Card, changes: Mapping[str, Any], fields: Mapping[str, CustomField], unit: CustomerUnit) -> Card:
    problems = Problems()
    profile = _changed_profile(before.profile, changes, fields, unit, problems)
    problems.of(lambda: check_zone(changes.get("time_zone")))
    problems.settle()
    plain = {name: changes[name] for name in _PLAIN if name in changes}
    override = {"override": changes["lifecycle_override"]} if "lifecycle_override" in changes else {}
    return replace(before, profile=profile, **plain, **override)


def _changed_profile(
    before: Profile,
    changes: Mapping[str, Any],
    fields: Mapping[str, CustomField],
    unit: CustomerUnit,
    problems: Problems,
) -> Profile:
    new: dict[str, Any] = {name: clean_name(changes[name]) for name in _NAMES if name in changes}
    if "birthday" in changes:
        today = business_date(unit.clock.now(), unit.settings.time_zone)
        new["birthday"] = problems.of(lambda: birthday_of(changes["birthday"], today))
    if "sex" in changes:
        new["sex"] = changes["sex"]
    if "declared_source" in changes:
        new["declared_source"] = clean_free_text(changes["declared_source"])
    if "custom" in changes:
        values, errors = checked_values(changes["custom"] or {}, fields)
        problems.add(errors)
        kept = {} if changes["custom"] is None else {**before.custom, **values}
        new["custom"] = {code: value for code, value in kept.items() if value is not None}
    return replace(before, **new)


async def _check_references(
    after: Card, changes: Mapping[str, Any], fields: Mapping[str, CustomField], unit: CustomerUnit
) -> None:
    errors: list[FieldError] = []
    owner = changes.get("owner_id")
    if owner is not None and not await unit.place_codes.employees({owner}):
        errors.append(FieldError("/owner_id", UnknownReference.code, "names nothing that exists"))
    changed = {code: value for code, value in after.profile.custom.items() if code in (changes.get("custom") or {})}
    wanted = wanted_references([changed], fields)
    if wanted:
        errors += dangling(changed, fields, await unit.custom_fields.missing_references(wanted))
    if errors:
        raise UnknownReference(errors=errors)


async def _replace_tags(customer: Customer, names: list[str], unit: CustomerUnit) -> list[Any]:
    added = [name for name in names if name not in customer.tags]
    removed = [name for name in customer.tags if name not in names]
    now = unit.clock.now()
    events = []
    if added:
        await unit.tag_links.link({customer.id: added}, source=API)
        events.append(tags_changed("tag.applied", customer.id, added, now, API))
    if removed:
        await unit.tag_links.unlink({customer.id: removed})
        events.append(tags_changed("tag.removed", customer.id, removed, now, API))
    return events
