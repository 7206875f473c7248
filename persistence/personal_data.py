"""What every column of every shop's table says of a person, and what erasing that person does to it.

A new column without an entry fails the build. The register of processing and the erasure of a person are built on this.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cell:
    """A column's category, and how it is erased.

    Erasure: `keep` (says nothing of a person, or no more once the rest is gone), `key` (sealed, ends with the
    customer's key), `clear` (set to NULL), `delete` (the row goes), `tenant_key` (sealed, ends with the shop's key).
    """

    category: str
    erasure: str


CLASSES: Final = {
    "none": Cell("none", "keep"),
    "link": Cell("pseudonym", "keep"),  # a random id, which names nobody once key and identifiers are gone
    "figures": Cell("figures", "keep"),  # what was bought and when: accounts need it, without the person
    "attribute": Cell("attribute", "clear"),
    "filter": Cell("attribute", "delete"),
    "index": Cell("identifier", "delete"),  # blind digests and what stands beside them
    "contact": Cell("contact", "key"),
    "profile": Cell("profile", "key"),
    "free_text": Cell("free_text", "key"),
    "key": Cell("key", "delete"),  # destroying it is what erases everything of class key
    "staff": Cell("staff", "keep"),  # who of the shop's people or programs did it: codes and ids
    "staff_sealed": Cell("staff", "tenant_key"),
    "shop_sealed": Cell("free_text", "tenant_key"),  # belongs to nobody known
    "credential": Cell("secret", "keep"),
}


def _table(**columns: str) -> dict[str, Cell]:
    return {name: CLASSES[kind] for kind, names in columns.items() for name in names.split()}


PERSONAL_DATA: Final[dict[str, dict[str, Cell]]] = {
    "account": _table(
        none="tenant_id program_id version status tier created_at next_activation_at",
        link="account_id",
        figures="active pending held debt lifetime_earned",
    ),
    "account_member": _table(
        none="tenant_id program_id role spend_limit joined_at left_at", link="account_id customer_id"
    ),
    "address": _table(
        none="tenant_id address_id kind is_default version created_at updated_at", link="customer_id", contact="sealed"
    ),
    "allocation": _table(none="tenant_id seq lot_id", link="account_id", figures="points"),
    "api_key": _table(
        none="tenant_id key_no key_id name role mode created_at expires_at revoked_at last_used_at replaced_by_no",
        staff="created_by",
        credential="secret_hash",
    ),
    "custom_field": _table(
        none="tenant_id field_id code type label definition archived_at version created_at updated_at"
    ),
    "custom_value": _table(none="tenant_id field_id item", filter="customer_id digest number day"),
    "customer": _table(
        none="tenant_id kind state is_staff version created_at updated_at archived_at source",
        link="customer_id canonical_id",
        staff="owner_id",
        attribute="lifecycle_override locale time_zone acquisition acquisition_store label_color",
        figures="opening",
        profile="profile",
    ),
    "customer_key": _table(none="tenant_id kek_version", link="customer_id", key="wrapped commitment"),
    "customer_metrics": _table(
        none="tenant_id", link="customer_id", figures="currency receipts sales_total returns_total first_at last_at"
    ),
    "customer_tag": _table(none="tenant_id", filter="tag_id customer_id source tagged_at", staff="actor"),
    "delivery": _table(none="tenant_id subscription position event_id state attempts next_at error_class updated_at"),
    "employee": _table(
        none="tenant_id store_code confirmed archived_at version created_at updated_at",
        staff="employee_id code role",
        staff_sealed="sealed_name",
    ),
    "entry": _table(
        none="tenant_id seq entry_id kind document_type document_id reason program_version",
        link="account_id",
        figures="points at recorded_at",
        staff="actor",
        free_text="note",
    ),
    "event": _table(
        none="tenant_id event_id xid type object_type occurred_at recorded_at changes data",
        link="object_id customer_id",
        staff="actor_kind actor_id actor_role",
        free_text="detail",
    ),
    "event_position": _table(none="tenant_id position event_id"),
    "idempotency": _table(
        none="tenant_id key_hash operation request_hash state claim claimed_until status day receipt_id created_at"
    ),
    "idempotency_answer": _table(none="tenant_id day key_hash headers", shop_sealed="sealed"),
    "identifier": _table(
        none="tenant_id identifier_id type system key_version is_primary status reason verified_at last_used_at "
        "last_confirmed_at created_at",
        link="customer_id",
        index="blind ending",
        contact="sealed",
    ),
    "interaction": _table(
        none="tenant_id interaction_id kind source external_id store schema_version",
        link="customer_id root_customer_id",
        figures="occurred_at recorded_at refs data",
        staff="actor",
        free_text="detail",
    ),
    "lot": _table(
        none="tenant_id lot_id open state activates_at expires_at origin receipt_id line rule program_version "
        "parent_lot_id funding_store qualifying created_at",
        link="account_id root_customer_id",
        figures="amount remaining reserved expired",
    ),
    "name_token": _table(none="tenant_id", index="token customer_id"),
    "note": _table(
        none="tenant_id note_id visibility pinned version created_at updated_at deleted_at",
        link="customer_id",
        staff="author",
        free_text="sealed",
    ),
    "note_revision": _table(
        none="tenant_id note_id version visibility pinned edited_at",
        link="customer_id",
        staff="author",
        free_text="sealed",
    ),
    "parked_document": _table(
        none="tenant_id parked_id reason source external_id content_hash receipt_id state created_at resolved_at",
        figures="recorded received",
        shop_sealed="sealed",
    ),
    "product": _table(
        none="tenant_id product_id sku gtin name category brand unit attributes restrictions last_unit_price currency "
        "confirmed first_sold_at last_sold_at version created_at updated_at"
    ),
    "program": _table(none="tenant_id program_id code name created_at"),
    "program_version": _table(none="tenant_id program_id version valid_from rules published_at"),
    "rate_bucket": _table(none="tenant_id bucket tat"),
    "receipt": _table(
        none="tenant_id source external_id kind state version recorded_at store register shift channel currency "
        "program_version sale_id linked_by reason waiting_for order_id basket_id exchange_group fiscal_scheme "
        "fiscal_key fiscal_check document_hash fiscal_hash voided_by",
        link="receipt_id customer_id customer_match account_id",
        staff="employee",
        figures="sold_at counts_at business_date total rounding counted counted_receipts earned redeemed restored "
        "reversed detail answer",
    ),
    "receipt_alias": _table(none="tenant_id source external_id recorded_at", link="receipt_id"),
    "receipt_line": _table(
        none="tenant_id receipt_id line_no line kind settlement sku gtin name category brand sale_line_no",
        figures="quantity unit_price discount total earned redeemed tender returned_quantity returned_total reversed "
        "restored detail",
    ),
    "receipt_payment": _table(none="tenant_id receipt_id payment_no method", figures="amount"),
    "register": _table(
        none="tenant_id register_id store_code code name confirmed archived_at version created_at updated_at"
    ),
    "store": _table(
        none="tenant_id store_id code name time_zone currency address confirmed archived_at version created_at "
        "updated_at"
    ),
    "subscription_cursor": _table(none="tenant_id subscription position"),
    "tag": _table(none="tenant_id tag_id name color description archived_at version created_at updated_at"),
    "tenant_key": _table(none="tenant_id purpose version root_id created_at retired_at", credential="wrapped"),
}
"""By table and column, all tables of a shop; the platform's own tables hold nothing personal."""
