"""Tenants, keys, places and staff."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from persistence.tables.metadata import metadata

tenant = Table(
    "tenant",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("config_version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("suspended_at", TIMESTAMP(timezone=True), nullable=True),
    schema="platform",
)

operator_key = Table(
    "operator_key",
    metadata,
    Column("key_no", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=True),
    Column("revoked_at", TIMESTAMP(timezone=True), nullable=True),
    Column("last_used_at", TIMESTAMP(timezone=True), nullable=True),
    schema="platform",
)

turn = Table(
    "turn",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("leased_until", TIMESTAMP(timezone=True), nullable=True),
    Column("lease", Uuid, nullable=True),
    Column("cursor", BigInteger, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=True),
    schema="platform",
)

root_check = Table(
    "root_check",
    metadata,
    Column("root_id", Text, primary_key=True),
    Column("check_value", LargeBinary, nullable=False),
    schema="keystore",
)

tenant_key = Table(
    "tenant_key",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("version", SmallInteger, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("root_id", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("retired_at", TIMESTAMP(timezone=True), nullable=True),
    schema="keystore",
)

customer_key = Table(
    "customer_key",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, primary_key=True),
    Column("kek_version", SmallInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    schema="keystore",
)

api_key = Table(
    "api_key",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("key_no", Integer, primary_key=True),
    Column("key_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=True),
    Column("revoked_at", TIMESTAMP(timezone=True), nullable=True),
    Column("last_used_at", TIMESTAMP(timezone=True), nullable=True),
    Column("replaced_by_no", Integer, nullable=True),
)

store = Table(
    "store",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("store_id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=True),
    Column("time_zone", Text, nullable=True),
    Column("currency", Text, nullable=True),
    Column("address", Text, nullable=True),
    Column("confirmed", Boolean, nullable=False),
    Column("archived_at", TIMESTAMP(timezone=True), nullable=True),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)

register = Table(
    "register",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("register_id", Uuid, primary_key=True),
    Column("store_code", Text, nullable=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=True),
    Column("confirmed", Boolean, nullable=False),
    Column("archived_at", TIMESTAMP(timezone=True), nullable=True),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)

employee = Table(
    "employee",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("employee_id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("sealed_name", LargeBinary, nullable=True),
    Column("store_code", Text, nullable=True),
    Column("role", Text, nullable=True),
    Column("confirmed", Boolean, nullable=False),
    Column("archived_at", TIMESTAMP(timezone=True), nullable=True),
    Column("version", BigInteger, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)
