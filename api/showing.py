"""From customers as the house knows them to the answers of the contract; masks come later, when they are written."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.schemas import customers as schemas
from api.schemas.addresses import Address as AddressShown
from api.schemas.custom_fields import CustomField as FieldShown
from api.schemas.tags import TagLink as LinkShown
from api.schemas.timeline import TimelineEntry as EntryShown
from domain.customers.addresses import PARTS, Address
from domain.customers.custom_fields import CustomField
from domain.customers.customer import Customer
from domain.customers.figures import CustomerFigures, Figures, Opening
from domain.history.timeline import TimelineEntry
from domain.history.titles import title_of
from domain.tags.tag import TagLink


def shown_customer(customer: Customer) -> schemas.Customer:
    """Return a customer as the contract has it."""
    shown = schemas.Customer.model_validate(customer_fields(customer))
    return shown.at_version(customer.card.version)


def customer_fields(customer: Customer) -> dict[str, Any]:
    """Return the fields of a customer by name."""
    card, profile = customer.card, customer.card.profile
    return {
        "id": card.id,
        "kind": card.kind,
        "given_name": profile.given_name,
        "middle_name": profile.middle_name,
        "family_name": profile.family_name,
        "greeting_name": profile.greeting_name,
        "birthday": None if profile.birthday is None else str(profile.birthday),
        "sex": profile.sex,
        "locale": card.locale,
        "time_zone": card.time_zone,
        "state": str(card.state),
        "lifecycle": str(customer.lifecycle),
        "lifecycle_override": card.override,
        "owner_id": card.owner_id,
        "is_staff": card.is_staff,
        "identifiers": list(customer.identifiers),
        "acquisition": card.acquisition,
        "declared_source": profile.declared_source,
        "tags": list(customer.tags),
        "custom": dict(profile.custom),
        "addresses": [shown_address(address) for address in customer.addresses],
        "merged_from": list(customer.merged_from),
        "metrics": shown_metrics(customer.figures, customer.as_of),
        "created_at": card.created_at,
        "updated_at": card.updated_at,
    }


def shown_address(address: Address) -> AddressShown:
    """Return an address as the contract has it."""
    fields = {name: address.part(name) for name in PARTS}
    shown = AddressShown(
        id=address.id,
        kind=address.kind,
        default=address.default,
        created_at=address.created_at,
        updated_at=address.updated_at,
        **fields,
    )
    return shown.at_version(address.version)


def shown_metrics(figures: CustomerFigures, as_of: Any) -> schemas.Metrics:
    """Return a customer's figures in the shop's currency."""
    return schemas.Metrics(**_sums(figures.main), opening=_opening(figures.opening), as_of=as_of)


def shown_sums(figures: Figures) -> schemas.Sums:
    """Return figures in one currency."""
    return schemas.Sums(**_sums(figures))


def shown_store_sums(store: str | None, figures: Figures) -> schemas.StoreSums:
    """Return figures of one store."""
    return schemas.StoreSums(store=store, **_sums(figures))


def _sums(figures: Figures) -> dict[str, Any]:
    return {
        "receipts": figures.receipts,
        "sales_total": figures.sales_total,
        "returns_total": figures.returns_total,
        "spent_total": figures.spent_total,
        "average_receipt": figures.average_receipt,
        "currency": figures.currency,
        "first_purchase_at": figures.first_purchase_at,
        "last_purchase_at": figures.last_purchase_at,
    }


def _opening(opening: Opening | None) -> schemas.Opening | None:
    if opening is None:
        return None
    return schemas.Opening(
        registered_at=opening.registered_at,
        first_purchase_at=opening.first_purchase_at,
        last_purchase_at=opening.last_purchase_at,
        receipts=opening.receipts,
        spent_total=opening.spent_total,
        currency=opening.currency,
        as_of=opening.as_of,
        points=[schemas.OpeningPoints.model_validate(dict(point)) for point in opening.points],
        tier=opening.tier,
    )


def shown_field(field: CustomField) -> FieldShown:
    """Return a definition as the contract has it."""
    rules = field.rules
    fields: Mapping[str, Any] = {
        "id": field.id,
        "code": field.code,
        "type": str(field.type),
        "label": field.label,
        "options": list(rules.options),
        "minimum": rules.minimum,
        "maximum": rules.maximum,
        "max_length": rules.max_length,
        "to": rules.to,
        "archived_at": field.archived_at,
        "version": field.version,
        "created_at": field.created_at,
        "updated_at": field.updated_at,
    }
    return FieldShown.model_validate(fields)


def shown_link(link: TagLink) -> LinkShown:
    """Return a tag on a customer as the contract has it."""
    tag = link.tag
    return LinkShown(
        id=tag.id,
        name=tag.name,
        namespace=tag.namespace,
        color=tag.color,
        source=link.source,
        actor=link.actor,
        tagged_at=link.tagged_at,
    )


def shown_entries(entries: Sequence[TimelineEntry], locale: str) -> list[EntryShown]:
    """Return timeline entries with their titles in the shop's language."""
    return [
        EntryShown(
            id=entry.id,
            kind=entry.kind,
            occurred_at=entry.occurred_at,
            recorded_at=entry.recorded_at,
            source=entry.source,
            store=entry.store,
            actor=entry.actor,
            title=title_of(entry, locale),
            refs=dict(entry.refs),
            data=dict(entry.data),
        )
        for entry in entries
    ]
