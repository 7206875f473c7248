"""Event log, deliveries, idempotency."""

from sqlalchemy import BigInteger, Column, Date, Integer, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from persistence.tables.metadata import metadata

event = Table(
    "event",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("xid", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("object_type", Text, nullable=False),
    Column("object_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=True),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("changes", JSONB, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("detail", LargeBinary, nullable=True),
)

event_position = Table(
    "event_position",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("event_id", Uuid, nullable=False),
)

subscription_cursor = Table(
    "subscription_cursor",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", TIMESTAMP(timezone=True), nullable=True),
    Column("error_class", Text, nullable=True),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("claim", Uuid, nullable=True),
    Column("claimed_until", TIMESTAMP(timezone=True), nullable=True),
    Column("status", SmallInteger, nullable=True),
    Column("day", Date, nullable=True),
    Column("receipt_id", Uuid, nullable=True),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
)

idempotency_answer = Table(
    "idempotency_answer",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("headers", JSONB, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

rate_bucket = Table(
    "rate_bucket",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("tat", TIMESTAMP(timezone=True), nullable=False),
)
