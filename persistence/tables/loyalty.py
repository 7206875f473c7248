"""The points ledger."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from persistence.tables.metadata import metadata

program = Table(
    "program",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("program_id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
)

program_version = Table(
    "program_version",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("program_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("valid_from", TIMESTAMP(timezone=True), nullable=False),
    Column("rules", JSONB, nullable=False),
    Column("published_at", TIMESTAMP(timezone=True), nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("program_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("active", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("debt", BigInteger, nullable=False),
    Column("lifetime_earned", BigInteger, nullable=False),
    Column("next_activation_at", TIMESTAMP(timezone=True), nullable=True),
    Column("status", Text, nullable=False),
    Column("tier", Text, nullable=True),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
)

account_member = Table(
    "account_member",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, primary_key=True),
    Column("program_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("spend_limit", BigInteger, nullable=True),
    Column("joined_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("left_at", TIMESTAMP(timezone=True), nullable=True),
)

lot = Table(
    "lot",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("lot_id", Uuid, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("activates_at", TIMESTAMP(timezone=True), nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=True),
    Column("origin", Text, nullable=False),
    Column("receipt_id", Uuid, nullable=True),
    Column("line", Text, nullable=True),
    Column("rule", Text, nullable=True),
    Column("program_version", Integer, nullable=True),
    Column("parent_lot_id", Uuid, nullable=True),
    Column("funding_store", Text, nullable=True),
    Column("qualifying", Boolean, nullable=False),
    Column("root_customer_id", Uuid, nullable=True),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
)

entry = Table(
    "entry",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("entry_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("document_type", Text, nullable=True),
    Column("document_id", Uuid, nullable=True),
    Column("reason", Text, nullable=True),
    Column("program_version", Integer, nullable=True),
    Column("actor", Text, nullable=False),
    Column("note", LargeBinary, nullable=True),
)

allocation = Table(
    "allocation",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("lot_id", Uuid, primary_key=True),
    Column("points", BigInteger, nullable=False),
)
