"""Every statement of the till uses an index under row-level security, with the plan it has in earnest: the generic one."""

import asyncpg
import pytest

from persistence.database import driver_arguments
from tests.support.postgres import Postgres
from tests.support.shop import Base
from tests.support.till import desk_of, sale

ROWS = 20_000
TABLES = (
    "receipt",
    "receipt_line",
    "identifier",
    "customer",
    "account",
    "account_member",
    "lot",
    "entry",
    "allocation",
)


async def _fill(connection: asyncpg.Connection, tenant_id: str) -> None:
    """Give the shop enough rows for a scan to be the wrong plan."""
    await connection.execute(
        f"""
        INSERT INTO customer (tenant_id, customer_id, canonical_id, created_at, updated_at)
          SELECT '{tenant_id}', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
                 ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), now() FROM generate_series(1, {ROWS}) n;
        INSERT INTO identifier (tenant_id, identifier_id, customer_id, type, key_version, blind, sealed, created_at)
          SELECT tenant_id, customer_id, customer_id, 'phone', 1, decode(md5(customer_id::text), 'hex'), '', now()
            FROM customer WHERE tenant_id = '{tenant_id}';
        INSERT INTO account (tenant_id, account_id, program_id, version, created_at)
          SELECT tenant_id, customer_id, customer_id, 1, now() FROM customer WHERE tenant_id = '{tenant_id}';
        INSERT INTO account_member (tenant_id, account_id, customer_id, program_id, joined_at)
          SELECT tenant_id, customer_id, customer_id, customer_id, now() FROM customer WHERE tenant_id = '{tenant_id}';
        INSERT INTO lot (tenant_id, account_id, lot_id, amount, remaining, activates_at, expires_at, origin, created_at)
          SELECT tenant_id, customer_id, customer_id, 5, 5, now(), now() + interval '1 year', 'earn', now()
            FROM customer WHERE tenant_id = '{tenant_id}';
        INSERT INTO entry (tenant_id, account_id, seq, entry_id, kind, points, at, recorded_at, actor)
          SELECT tenant_id, customer_id, 1, customer_id, 'earn', 5, now(), now(), 'test' FROM customer WHERE tenant_id = '{tenant_id}';
        INSERT INTO allocation (tenant_id, account_id, seq, lot_id, points)
          SELECT tenant_id, customer_id, 1, customer_id, 5 FROM customer WHERE tenant_id = '{tenant_id}';
        INSERT INTO receipt (tenant_id, receipt_id, source, external_id, kind, sold_at, counts_at, business_date, recorded_at,
                             currency, total, customer_id, document_hash, fiscal_hash, answer)
          SELECT tenant_id, customer_id, 'old', customer_id::text, 'sale', now(), now(), now()::date, now(), 'RUB', 1, customer_id,
                 '', '', '' FROM customer WHERE tenant_id = '{tenant_id}';
        INSERT INTO receipt_line (tenant_id, receipt_id, line_no, line, kind, settlement, quantity, unit_price, discount, total)
          SELECT tenant_id, customer_id, 1, '1', 'goods', 'full', 1000, 1, 0, 1 FROM customer WHERE tenant_id = '{tenant_id}';
        """
    )
    await connection.execute(f"ANALYZE {', '.join(TABLES)}")


async def _scans(connection: asyncpg.Connection) -> dict[str, int]:
    """Return how many rows sequential scans have read of each table."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    rows = await connection.fetch(
        "SELECT relname, seq_tup_read FROM pg_stat_all_tables WHERE schemaname = 'public' AND relname = ANY ($1)",
        list(TABLES),
    )
    return {row["relname"]: row["seq_tup_read"] for row in rows}


@pytest.fixture
async def watcher(postgres: Postgres) -> asyncpg.Connection:
    connection = await asyncpg.connect(**driver_arguments(postgres.superuser))
    yield connection
    await connection.close()


async def test_no_statement_of_the_till_scans_a_table(base: Base, tenant: object, watcher: asyncpg.Connection) -> None:
    """An operator that is not leakproof would turn an index into a scan under the policy; the figures show it."""
    await _fill(watcher, str(tenant))
    desk = desk_of(base, tenant)  # type: ignore[arg-type]
    await desk.answer(sale(0))
    before = await _scans(watcher)

    await desk.answer(sale(1, order_id="order-1", fiscal={"scheme": "ru-ffd", "fn": "1", "fd": "2", "fp": "3"}))
    for number, reference in enumerate(
        ({"source": "till-1", "external_id": "sale-1"}, {"order_id": "order-1"}, {"qr": "fn=1&i=2&fp=3"}, None)
    ):
        lines = [{"line": "1", "quantity": "0.1"}]
        back = {
            "source": "till-1", "external_id": f"back-{number}", "kind": "return", "sold_at": "2026-11-21T10:00:00Z",
            "currency": "RUB", "returns": reference, "lines": lines,
            "customer": {"identifiers": [{"type": "phone", "value": "+79350004567"}]},
        }  # fmt: skip
        assert (await desk.answer(back))["warnings"] == []
    await desk.gate._database.pool.expire_connections()
    await desk.answer(sale(2))

    after = await _scans(watcher)
    assert {table: after[table] - before[table] for table in TABLES if after[table] - before[table] > 100} == {}
