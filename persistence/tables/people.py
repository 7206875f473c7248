"""People, identifiers, notes, tags, custom fields."""

from sqlalchemy import BigInteger, Boolean, Column, Date, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from persistence.tables.metadata import metadata

customer = Table(
    "customer",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, primary_key=True),
    Column("canonical_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("lifecycle_override", Text, nullable=True),
    Column("owner_id", Uuid, nullable=True),
    Column("is_staff", Boolean, nullable=False),
    Column("locale", Text, nullable=True),
    Column("time_zone", Text, nullable=True),
    Column("acquisition", JSONB, nullable=True),
    Column("acquisition_store", Text, nullable=True),
    Column("label_color", Text, nullable=True),
    Column("profile", LargeBinary, nullable=True),
    Column("opening", JSONB, nullable=True),
    Column("source", Text, nullable=True),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
    Column("archived_at", TIMESTAMP(timezone=True), nullable=True),
)

identifier = Table(
    "identifier",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("identifier_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("system", Text, nullable=True),
    Column("key_version", SmallInteger, nullable=False),
    Column("blind", LargeBinary, nullable=False),
    Column("ending", LargeBinary, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=True),
    Column("verified_at", TIMESTAMP(timezone=True), nullable=True),
    Column("last_used_at", TIMESTAMP(timezone=True), nullable=True),
    Column("last_confirmed_at", TIMESTAMP(timezone=True), nullable=True),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
)

name_token = Table(
    "name_token",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Column("customer_id", Uuid, primary_key=True),
)

address = Table(
    "address",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("address_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)

note = Table(
    "note",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("note_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("author", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
    Column("deleted_at", TIMESTAMP(timezone=True), nullable=True),
)

note_revision = Table(
    "note_revision",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("note_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("author", Text, nullable=False),
    Column("edited_at", TIMESTAMP(timezone=True), nullable=False),
)

tag = Table(
    "tag",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("tag_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("color", Text, nullable=True),
    Column("description", Text, nullable=True),
    Column("archived_at", TIMESTAMP(timezone=True), nullable=True),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)

customer_tag = Table(
    "customer_tag",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("tag_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("tagged_at", TIMESTAMP(timezone=True), nullable=False),
)

custom_field = Table(
    "custom_field",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("field_id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("archived_at", TIMESTAMP(timezone=True), nullable=True),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)

custom_value = Table(
    "custom_value",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("field_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, primary_key=True),
    Column("item", SmallInteger, primary_key=True),
    Column("digest", LargeBinary, nullable=True),
    Column("number", BigInteger, nullable=True),
    Column("day", Date, nullable=True),
)
