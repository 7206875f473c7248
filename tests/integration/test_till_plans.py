"""Every statement of the till uses an index under row-level security, planned as in earnest: generically."""

from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from persistence.database import driver_arguments
from tests.support.postgres import Postgres
from tests.support.shop import Base
from tests.support.till import desk_of, sale

FILL = Path(__file__).parents[1] / "support" / "fill_till.sql"
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
    await connection.execute("SELECT set_config('test.tenant', $1, false)", tenant_id)
    await connection.execute(FILL.read_text())
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


async def test_no_statement_of_the_till_scans_a_table(base: Base, tenant: UUID, watcher: asyncpg.Connection) -> None:
    """An operator that is not leakproof would turn an index into a scan under the policy; the figures show it."""
    await _fill(watcher, str(tenant))
    desk = desk_of(base, tenant)
    await desk.answer(sale(0))
    before = await _scans(watcher)

    await desk.answer(sale(1, order_id="order-1", fiscal={"scheme": "ru-ffd", "fn": "1", "fd": "2", "fp": "3"}))
    for number, reference in enumerate(
        ({"source": "till-1", "external_id": "sale-1"}, {"order_id": "order-1"}, {"qr": "fn=1&i=2&fp=3"}, None)
    ):
        lines = [{"sku": "4600000000017", "quantity": "0.1", "unit_price": 129_900}]
        back = {
            "source": "till-1", "external_id": f"back-{number}", "kind": "return", "sold_at": "2026-11-21T10:00:00Z",
            "currency": "RUB", "returns": reference, "lines": lines,
            "customer": {"identifiers": [{"type": "phone", "value": "+79350004567"}]},
        }  # fmt: skip
        assert (await desk.answer(back))["warnings"] == []
    await desk.gate._database.pool.expire_connections()
    await desk.answer(sale(2))

    after = await _scans(watcher)
    # Less than the shop's own rows is what other connections read of a small table before and told late.
    assert {table: after[table] - before[table] for table in TABLES if after[table] - before[table] >= ROWS} == {}
