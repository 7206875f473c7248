"""From customers to rows and back: everything personal goes into sealed cells here and comes out of them here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.customers.addresses import PARTS, Address, AddressParts
from domain.customers.birthday import Birthday
from domain.customers.contact import ContactPreferences, ContactWindow
from domain.customers.custom_fields import CustomField, FieldType, day_of, number_of, searched_texts
from domain.customers.customer import Acquisition, Card, Override, Profile
from domain.customers.drafts import NewCustomer
from domain.customers.figures import Opening
from domain.customers.identifiers import Identifier, IdentifierType, Normalised
from tenancy.vault import CustomerKey, TenantVault

PROFILE = {"table": "customer", "column": "profile"}
IDENTIFIER = {"table": "identifier", "column": "sealed"}
ADDRESS = {"table": "address", "column": "sealed"}
NOTE = {"table": "note", "column": "sealed"}

STAGE_REASON = "stage_reason"
ENDING_DIGITS = 4
_ENDING_BITS = 0x0FFF
Row = Mapping[Any, Any]


@dataclass(slots=True)
class NewCustomerRows:
    """Rows of new customers by table, each with `tenant_id`; columns that are left out have their defaults."""

    customer: list[dict[str, Any]] = field(default_factory=list)
    key: list[dict[str, Any]] = field(default_factory=list)
    identifier: list[dict[str, Any]] = field(default_factory=list)
    address: list[dict[str, Any]] = field(default_factory=list)


def new_customer_rows(
    people: Iterable[NewCustomer], *, vault: TenantVault, ending_index: bool = False, source: str | None = None
) -> tuple[NewCustomerRows, list[CustomerKey]]:
    """Return the rows of new customers, sealed, and the keys that were made for them.

    `ending_index`: the shop has switched on search by the last digits of a phone.
    """
    rows, keys = NewCustomerRows(), []
    for person in people:
        key = vault.new_customer_key(person.card.id)
        keys.append(key)
        rows.customer.append(card_row(person.card, key, vault.tenant_id) | {"source": source})
        rows.key.append(key_row(key, vault.tenant_id))
        rows.identifier += [
            identifier_row(one.identifier, person.card.id, key, vault, ending_index=ending_index)
            for one in person.identifiers
        ]
        rows.address += [address_row(address, person.card.id, key, vault.tenant_id) for address in person.addresses]
    return rows, keys


def key_row(key: CustomerKey, tenant_id: UUID) -> dict[str, Any]:
    """Return the row of `keystore.customer_key`."""
    record = key.record
    return {
        "tenant_id": tenant_id,
        "customer_id": key.customer_id,
        "kek_version": record.kek_version,
        "wrapped": record.wrapped,
        "commitment": record.commitment,
    }


def card_row(card: Card, key: CustomerKey, tenant_id: UUID) -> dict[str, Any]:
    """Return the row of `customer`, but for what other rows say."""
    acquisition = card.acquisition
    return {
        "tenant_id": tenant_id,
        "customer_id": card.id,
        "canonical_id": card.id,
        "kind": card.kind,
        "state": card.state,
        "lifecycle_override": card.override and card.override.stage,
        "owner_id": card.owner_id,
        "is_staff": card.is_staff,
        "locale": card.locale,
        "time_zone": card.time_zone,
        "acquisition": asdict(acquisition) if acquisition else None,
        "acquisition_store": acquisition.store if acquisition else None,
        "profile": seal_profile(card.profile, key, stage_reason=card.override.reason if card.override else None),
        "version": card.version,
        "created_at": card.created_at,
        "updated_at": card.updated_at,
    }


def card_of(row: Row, key: CustomerKey | None) -> Card:
    """Return the card in a row of `customer`; nothing personal is left where the key was destroyed."""
    override, known = row["lifecycle_override"], _opened(row["profile"], key)
    reason = known.pop(STAGE_REASON, "")
    return Card(
        id=row["customer_id"],
        profile=Profile(**known),
        state=row["state"],
        kind=row["kind"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        owner_id=row["owner_id"],
        is_staff=row["is_staff"],
        acquisition=Acquisition(**row["acquisition"]) if row["acquisition"] else None,
        override=Override(override, reason) if override else None,
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def seal_profile(profile: Profile, key: CustomerKey, *, stage_reason: str | None = None) -> bytes:
    """Return the profile as one sealed piece, with what an employee wrote of the person's stage; gaps are left out."""
    known = {name: getattr(profile, name) for name in _PROFILE if getattr(profile, name)}
    if profile.birthday is not None:
        known["birthday"] = str(profile.birthday)
    if profile.custom:
        known["custom"] = dict(profile.custom)
    if profile.contact is not None:
        known["contact"] = asdict(profile.contact)
    if stage_reason:
        known[STAGE_REASON] = stage_reason
    return key.seal(_dump(known), **PROFILE)


def open_profile(sealed: bytes | None, key: CustomerKey | None) -> Profile:
    """Return the profile in a sealed piece."""
    known = _opened(sealed, key)
    known.pop(STAGE_REASON, None)
    return Profile(**known)


def _opened(sealed: bytes | None, key: CustomerKey | None) -> dict[str, Any]:
    if sealed is None or key is None:
        return {}
    known: dict[str, Any] = json.loads(key.open(sealed, **PROFILE))
    if "birthday" in known:
        known["birthday"] = _birthday(known["birthday"])
    if "contact" in known:
        windows = tuple(ContactWindow(**window) for window in known["contact"]["windows"])
        known["contact"] = ContactPreferences(tuple(known["contact"]["channels"]), windows)
    return known


def identifier_row(
    one: Identifier, customer_id: UUID, key: CustomerKey, vault: TenantVault, *, ending_index: bool
) -> dict[str, Any]:
    """Return the row of `identifier`."""
    found = Normalised(one.type, one.system, one.value, one.raw)
    return {
        "tenant_id": vault.tenant_id,
        "identifier_id": one.id,
        "customer_id": customer_id,
        "type": one.type,
        "system": one.system,
        "key_version": vault.index_version,
        "blind": vault.blind(found.index, found.value),
        "ending": ending_of(one.value, vault) if ending_index and one.type == IdentifierType.PHONE else None,
        "sealed": key.seal(_dump([one.value, one.raw]), **IDENTIFIER),
        "is_primary": one.primary,
        "status": str(one.status),
        "reason": one.reason,
        "verified_at": one.verified_at,
        "last_used_at": one.last_used_at,
        "last_confirmed_at": one.last_confirmed_at,
        "created_at": one.created_at,
    }


def open_identifier(sealed: bytes, key: CustomerKey) -> tuple[str, str]:
    """Return value and raw form of an identifier's cell."""
    value, raw = json.loads(key.open(sealed, **IDENTIFIER))
    return value, raw


def identifier_in(row: Row, key: CustomerKey) -> Identifier:
    """Return the identifier in a row of `identifier`."""
    value, raw = open_identifier(row["sealed"], key)
    return Identifier(
        id=row["identifier_id"],
        type=row["type"],
        system=row["system"],
        value=value,
        raw=raw,
        primary=row["is_primary"],
        status=row["status"],
        created_at=row["created_at"],
        verified_at=row["verified_at"],
        last_used_at=row["last_used_at"],
        last_confirmed_at=row["last_confirmed_at"],
        reason=row["reason"],
    )


def ending_of(value: str, vault: TenantVault) -> bytes:
    """Return the bucket of a phone's last four digits: 12 bits, so that some 2.4 endings share each."""
    blind = vault.blind("identifier:phone-ending", value[-ENDING_DIGITS:])
    return (int.from_bytes(blind[:2], "big") & _ENDING_BITS).to_bytes(2, "big")


def address_row(address: Address, customer_id: UUID, key: CustomerKey, tenant_id: UUID) -> dict[str, Any]:
    """Return the row of `address`."""
    known = {name: address.part(name) for name in PARTS if address.part(name) is not None}
    return {
        "tenant_id": tenant_id,
        "address_id": address.id,
        "customer_id": customer_id,
        "kind": address.kind,
        "is_default": address.default,
        "sealed": key.seal(_dump(known), **ADDRESS),
        "version": address.version,
        "created_at": address.created_at,
        "updated_at": address.updated_at,
    }


def address_in(row: Row, key: CustomerKey) -> Address:
    """Return the address in a row of `address`."""
    return Address(
        id=row["address_id"],
        kind=row["kind"],
        default=row["is_default"],
        parts=AddressParts(**json.loads(key.open(row["sealed"], **ADDRESS))),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def custom_value_rows(
    custom: Mapping[str, Any], customer_id: UUID, fields: Mapping[str, CustomField], vault: TenantVault
) -> list[dict[str, Any]]:
    """Return what filters need of custom values: digests of texts, numbers and dates in clear."""
    rows = []
    for code, value in custom.items():
        definition = fields[code]
        base = {"tenant_id": vault.tenant_id, "field_id": definition.id, "customer_id": customer_id}
        for item, (digest, number, day) in enumerate(_searched(definition, value, vault)):
            rows.append(base | {"item": item, "digest": digest, "number": number, "day": day})
    return rows


def custom_digest(definition: CustomField, text: str, vault: TenantVault) -> bytes:
    """Return what a text value of a custom field is found by."""
    return vault.blind(f"custom:{definition.id}", text)


def _searched(
    definition: CustomField, value: Any, vault: TenantVault
) -> Sequence[tuple[bytes | None, int | None, date | None]]:
    if definition.type == FieldType.NUMBER:
        return [(None, number_of(value), None)]
    if definition.type == FieldType.DATE:
        return [(None, None, day_of(value))]
    return [(custom_digest(definition, text, vault), None, None) for text in searched_texts(definition, value)]


def opening_of(stored: Mapping[str, Any] | None) -> Opening | None:
    """Return the opening figures in a row of `customer`."""
    if stored is None:
        return None
    known: dict[str, Any] = {
        name: datetime.fromisoformat(stored[name])
        for name in ("registered_at", "first_purchase_at", "last_purchase_at", "as_of")
        if stored.get(name)
    }
    known |= {name: stored[name] for name in ("currency", "receipts", "spent_total", "tier") if name in stored}
    return Opening(**known, points=tuple(stored.get("points") or ()))


def _birthday(text: str) -> Birthday:
    year, month, day = text.rsplit("-", 2)
    return Birthday(int(month), int(day), int(year) if year.isdigit() else None)


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


_PROFILE = ("given_name", "middle_name", "family_name", "sex", "declared_source")
