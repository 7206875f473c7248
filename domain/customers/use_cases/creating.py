"""Creating customers, one or five hundred at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.customers.custom_fields import CustomField, FieldType
from domain.customers.customer import Customer
from domain.customers.drafts import Draft, NewCustomer, NewIdentifier, agreed
from domain.customers.errors import CustomerNotFound, IdentifierTaken
from domain.customers.events import customer_created, tags_changed
from domain.customers.figures import CustomerFigures, Figures
from domain.customers.identifiers import FINDING, Holder, IdentifierStatus
from domain.customers.lifecycle import Lifecycle
from domain.customers.ports import CustomerUnit, ShopSettings
from domain.kernel.clock import business_date
from domain.kernel.errors import DomainError, FieldError, RuleViolation, UnknownReference

API = "api"

Taken = dict[tuple[str, str], Holder]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: a new customer, somebody who was there already, or a refusal."""

    created: Customer | None = None
    existing: UUID | None = None
    refused: DomainError | None = None


async def create_customer(draft: Draft, *, unit: CustomerUnit) -> Customer:
    """Create a customer.

    Raises:
        InvalidValue: values that cannot be right, all of them.
        EmptyCustomer: neither a name nor an identifier.
        IdentifierTaken: another customer has one of the identifiers.
        UnknownReference: an id in the draft names nothing.
    """
    (outcome,) = await _create([draft], unit=unit)
    if outcome.created is None:
        raise outcome.refused or CustomerNotFound()
    return outcome.created


async def create_customers(drafts: Sequence[Draft | DomainError], *, unit: CustomerUnit) -> list[Outcome]:
    """Create customers one after another, in a fixed number of round trips; one that is refused harms no other.

    An item that is an error already (it did not match the schema) is passed through.
    """
    outcomes = await _create(drafts, unit=unit)
    return [_told_apart(outcome) for outcome in outcomes]


def _told_apart(outcome: Outcome) -> Outcome:
    if isinstance(outcome.refused, IdentifierTaken):
        return Outcome(existing=outcome.refused.customer_id)
    return outcome


async def _create(drafts: Sequence[Draft | DomainError], *, unit: CustomerUnit) -> list[Outcome]:
    fields = await _fields(drafts, unit)
    prepared = [_prepared(draft, unit, fields) for draft in drafts]
    await _check_references(prepared, unit, fields)
    wanted = [one.normalised for item in prepared if isinstance(item, NewCustomer) for one in item.identifiers]
    taken: Taken = dict(await unit.customers.holders(wanted)) if wanted else {}
    settled = [_settled(item, taken) for item in prepared]
    await _store([item for item in settled if isinstance(item, NewCustomer)], unit)
    return [
        Outcome(created=newborn(item, unit.settings)) if isinstance(item, NewCustomer) else Outcome(refused=item)
        for item in settled
    ]


async def _fields(drafts: Sequence[Draft | DomainError], unit: CustomerUnit) -> Mapping[str, CustomField]:
    asked = any(isinstance(draft, Draft) and draft.custom for draft in drafts)
    return await unit.custom_fields.all() if asked else {}


def _prepared(
    draft: Draft | DomainError, unit: CustomerUnit, fields: Mapping[str, CustomField]
) -> NewCustomer | DomainError:
    if isinstance(draft, DomainError):
        return draft
    now = unit.clock.now()
    today = business_date(now, unit.settings.time_zone)
    try:
        return agreed(draft, country=unit.settings.country, fields=fields, today=today, now=now)
    except RuleViolation as refused:
        return refused


async def _check_references(
    prepared: list[NewCustomer | DomainError], unit: CustomerUnit, fields: Mapping[str, CustomField]
) -> None:
    """Refuse, in place, the items that name an employee or a referenced thing that does not exist."""
    people = [item for item in prepared if isinstance(item, NewCustomer)]
    owners = {item.card.owner_id for item in people if item.card.owner_id is not None}
    employees = await unit.place_codes.employees(owners) if owners else set()
    wanted = wanted_references([item.card.profile.custom for item in people], fields)
    missing = await unit.custom_fields.missing_references(wanted) if wanted else set()
    for position, item in enumerate(prepared):
        if not isinstance(item, NewCustomer):
            continue
        errors = dangling(item.card.profile.custom, fields, missing)
        if item.card.owner_id is not None and item.card.owner_id not in employees:
            errors.append(FieldError("/owner_id", UnknownReference.code, "names nothing that exists"))
        if errors:
            prepared[position] = UnknownReference(errors=errors)


def wanted_references(
    customs: Sequence[Mapping[str, object]], fields: Mapping[str, CustomField]
) -> dict[str, set[UUID]]:
    """Return the ids that reference fields name, by the kind of thing they name."""
    wanted: dict[str, set[UUID]] = {}
    for custom in customs:
        for code, value in custom.items():
            if fields[code].type == FieldType.REFERENCE and value is not None:
                wanted.setdefault(fields[code].rules.to or "customer", set()).add(UUID(str(value)))
    return wanted


def dangling(custom: Mapping[str, object], fields: Mapping[str, CustomField], missing: set[UUID]) -> list[FieldError]:
    """Return an error for each reference field that names one of the `missing`."""
    return [
        FieldError(f"/custom/{code}", UnknownReference.code, "names nothing that exists")
        for code, value in custom.items()
        if missing and fields[code].type == FieldType.REFERENCE and UUID(str(value)) in missing
    ]


def _settled(item: NewCustomer | DomainError, taken: Taken) -> NewCustomer | DomainError:
    """Give the item its identifiers, unless somebody has one; what it gets is taken for those that follow."""
    if not isinstance(item, NewCustomer):
        return item
    for one in item.identifiers:
        holder = taken.get(one.normalised.key)
        if holder is not None and holder.status in FINDING and one.normalised.barred is None:
            return IdentifierTaken(holder.customer_ids[0], f"/identifiers/{one.position}/value")
    identifiers = [_with_status(one, taken.get(one.normalised.key)) for one in item.identifiers]
    for one in identifiers:
        if one.identifier.status == IdentifierStatus.ACTIVE:
            taken[one.normalised.key] = Holder((item.card.id,), IdentifierStatus.ACTIVE)
    return replace(item, identifiers=identifiers)


def _with_status(one: NewIdentifier, holder: Holder | None) -> NewIdentifier:
    """An identifier that is junk elsewhere is junk here."""
    if holder is None or holder.status != IdentifierStatus.QUARANTINED:
        return one
    return replace(one, identifier=replace(one.identifier, status=IdentifierStatus.QUARANTINED, reason="junk"))


async def _store(people: Sequence[NewCustomer], unit: CustomerUnit) -> None:
    if not people:
        return
    acquisitions = [item.card.acquisition for item in people if item.card.acquisition is not None]
    if acquisitions:
        await unit.place_codes.ensure(acquisitions)
    await unit.customers.add(people)
    events = [customer_created(item) for item in people]
    tagged = {item.card.id: item.tags for item in people if item.tags}
    if tagged:
        linked = await unit.tag_links.link(tagged, source=API, newborn=True)
        now = unit.clock.now()
        events += [tags_changed("tag.applied", customer_id, names, now, API) for customer_id, names in linked.items()]
    await unit.events.add(events)


def newborn(new: NewCustomer, settings: ShopSettings) -> Customer:
    """Return a customer as it is right after it was created."""
    return Customer(
        card=new.card,
        identifiers=[one.identifier for one in new.identifiers],
        addresses=new.addresses,
        tags=sorted(new.tags),
        merged_from=(),
        figures=CustomerFigures(Figures(settings.currency)),
        lifecycle=Lifecycle.POTENTIAL,
        as_of=new.card.created_at,
    )
