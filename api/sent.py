"""From bodies to what the house wants: drafts of customers, filters, overrides."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.merge_patch import given
from api.schemas import customers as schemas
from api.schemas.addresses import AddressCreate
from api.schemas.identifiers import IdentifierValue
from api.schemas.till import NewcomerProfile
from domain.customers.addresses import PARTS, AddressParts
from domain.customers.customer import Acquisition, Override
from domain.customers.drafts import Draft, DraftAddress, DraftIdentifier
from domain.customers.searching import Filters

_PLAIN = (
    "given_name", "middle_name", "family_name", "birthday", "sex", "locale", "time_zone", "owner_id", "is_staff",
    "declared_source", "tags", "custom",
)  # fmt: skip


def draft_of(body: schemas.CustomerCreate) -> Draft:
    """Return the draft in a body."""
    return Draft(
        **{name: getattr(body, name) for name in _PLAIN},
        identifiers=[identifier_draft(one) for one in body.identifiers],
        acquisition=acquisition_of(body.acquisition),
        addresses=[address_draft(one) for one in body.addresses],
    )


def identifier_draft(sent: schemas.IdentifierCreate) -> DraftIdentifier:
    """Return an identifier as it was typed."""
    return DraftIdentifier(sent.type, sent.value, sent.system, sent.primary)


def acquisition_of(sent: schemas.AcquisitionCreate | None) -> Acquisition | None:
    """Return how the person first came."""
    if sent is None:
        return None
    return Acquisition(sent.channel, sent.medium, sent.campaign, sent.store, sent.employee)


def address_draft(sent: AddressCreate) -> DraftAddress:
    """Return an address as it was typed."""
    return DraftAddress(sent.kind, sent.default, AddressParts(**{name: getattr(sent, name) for name in PARTS}))


def changes_of(body: schemas.CustomerPatch) -> Mapping[str, Any]:
    """Return what a patch changes, by the names that `change_customer` knows."""
    changes = given(body)
    override = changes.get("lifecycle_override")
    if override is not None:
        changes["lifecycle_override"] = Override(override.stage, override.reason)
    return changes


def filters_of_query(query: schemas.CustomerQuery) -> Filters:
    """Return the filters of a list."""
    return Filters(
        tags=[query.tag] if query.tag else (),
        stages=[query.lifecycle] if query.lifecycle else (),
        store=query.store,
        owner=query.owner,
        created_from=query.created_from,
        created_to=query.created_to,
    )


def filters_of_search(body: schemas.CustomerSearch) -> Filters:
    """Return the filters of a search."""
    custom = {
        code: {"gte": wanted.gte, "lte": wanted.lte} if isinstance(wanted, schemas.CustomRange) else wanted
        for code, wanted in body.custom.items()
    }
    return Filters(tags=body.tags, stages=body.lifecycle, custom=custom)


def presented_of(sent: Sequence[IdentifierValue]) -> list[DraftIdentifier]:
    """Return identifiers as they were presented."""
    return [DraftIdentifier(one.type, one.value, one.system) for one in sent]


def newcomer_of(sent: NewcomerProfile | None) -> Draft:
    """Return what is noted of somebody new, without identifiers."""
    if sent is None:
        return Draft()
    plain = {name: getattr(sent, name) for name in NewcomerProfile.model_fields if name != "acquisition"}
    return Draft(**plain, acquisition=acquisition_of(sent.acquisition))
