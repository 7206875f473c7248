"""Many customers at once: sealed and indexed like any other, brought in by binary COPY past the API."""

import asyncio
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from bench.installation import Installation
from bench.load import Make, request
from bench.receipts import encoded, phone
from domain.customers.identifiers import normalise
from domain.kernel.ids import new_id
from persistence.customer_rows import IDENTIFIER, PROFILE
from tenancy.vault import TenantVault

CHUNK = 20_000
CUSTOMER = (
    "tenant_id",
    "customer_id",
    "canonical_id",
    "kind",
    "state",
    "profile",
    "version",
    "created_at",
    "updated_at",
)
KEY = ("tenant_id", "customer_id", "kek_version", "wrapped", "commitment")
IDENTIFIER_COLUMNS = (
    "tenant_id", "identifier_id", "customer_id", "type", "key_version", "blind", "sealed", "is_primary", "status",
    "created_at",
)  # fmt: skip
ACCOUNTS = """
WITH there AS (
  SELECT c.tenant_id, c.customer_id, uuidv7() AS account_id, p.program_id, c.created_at
    FROM customer c JOIN program p USING (tenant_id) WHERE c.tenant_id = $1
), opened AS (
  INSERT INTO account (tenant_id, account_id, program_id, version, active, pending, held, debt, lifetime_earned, status,
                       created_at)
  SELECT tenant_id, account_id, program_id, 0, 0, 0, 0, 0, 0, 'active', created_at FROM there
)
INSERT INTO account_member (tenant_id, account_id, customer_id, program_id, role, joined_at)
SELECT tenant_id, account_id, customer_id, program_id, 'owner', created_at FROM there
"""
TARGETS = """
CREATE SCHEMA IF NOT EXISTS bench;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
CREATE TABLE bench.person AS
SELECT row_number() OVER (ORDER BY random()) - 1 AS n, tenant_id, blind FROM identifier WHERE tenant_id = '{tenant}';
CREATE UNIQUE INDEX person_n ON bench.person (n);
GRANT SELECT ON bench.person TO PUBLIC;
VACUUM ANALYZE;
"""


def add_people(made: Installation, tenant_id: UUID, count: int) -> None:
    """Give a shop `count` customers with names, phones and empty points accounts."""
    asyncio.run(_add_people(made, tenant_id, count))


async def _add_people(made: Installation, tenant_id: UUID, count: int) -> None:
    core = made.core()
    await core.open()
    connection = await asyncpg.connect(made.server.superuser_dsn("regulars"))
    try:
        vault = await core.vaults.open(tenant_id)
        for first in range(0, count, CHUNK):
            rows = _rows(vault, range(first, min(first + CHUNK, count)))
            for (schema, table, columns), records in zip(_TABLES, rows, strict=True):
                await connection.copy_records_to_table(table, schema_name=schema, columns=columns, records=records)
            print(f"\r  {first + CHUNK:>9} customers", end="", flush=True)
        print()
        await connection.execute(ACCOUNTS, tenant_id)
        for statement in TARGETS.format(tenant=tenant_id).strip().split(";\n"):
            await connection.execute(statement)
    finally:
        await connection.close()
        await core.close()


_TABLES = (
    ("public", "customer", CUSTOMER),
    ("keystore", "customer_key", KEY),
    ("public", "identifier", IDENTIFIER_COLUMNS),
)
_NAMES = json.dumps({"given_name": "Анна", "middle_name": "Сергеевна", "family_name": "Пробная"}).encode()


def _rows(vault: TenantVault, numbers: range) -> tuple[list[Any], list[Any], list[Any]]:
    people, keys, identifiers = [], [], []
    now, tenant_id = datetime.now(UTC), vault.tenant_id
    index = normalise("phone", phone(0), system=None, country="RU").index
    for number in numbers:
        value, customer_id = phone(number), new_id()
        key = vault.new_customer_key(customer_id)
        record = key.record
        profile = key.seal(_NAMES, **PROFILE)
        people.append((tenant_id, customer_id, customer_id, "person", "active", profile, 1, now, now))
        keys.append((tenant_id, customer_id, record.kek_version, record.wrapped, record.commitment))
        sealed = key.seal(json.dumps([value, value]).encode(), **IDENTIFIER)
        blind = vault.blind(index, value)
        identifiers.append(
            (tenant_id, new_id(), customer_id, "phone", vault.index_version, blind, sealed, True, "active", now)
        )
    return people, keys, identifiers


def resolve_maker(keys: Sequence[str], count: int) -> Make:
    """Return a source of look-ups of random customers by phone; clients share `keys`, each of which has its rate."""

    def make(client: int) -> bytes:
        body = {"identifiers": [{"type": "phone", "value": phone(random.randrange(count))}]}
        return request("/v1/customers/resolve", keys[client % len(keys)], encoded(body))

    return make


def resolve_script(count: int) -> str:
    """Return the same look-up for pgbench."""
    return (
        f"\\set n random(0, {count - 1})\n"
        "SELECT resolve_read(t.tenant_id, ARRAY['phone'], ARRAY[t.blind], NULL, 6, 32)::text"
        " FROM bench.person t WHERE t.n = :n;\n"
    )
