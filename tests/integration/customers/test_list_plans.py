"""Every list filter reads by an index, as the application's role, on 100 000 rows (decisions 3)."""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import event

from domain.customers.searching import Filters
from domain.history.timeline import TimelineFilter
from persistence.database import driver_arguments
from persistence.unit_of_work import PgUnit
from tests.conftest import OWNER
from tests.support.postgres import Postgres
from tests.support.shop import Base

ROWS = 100_000
BIG = ("customer", "customer_tag", "custom_value", "customer_metrics", "interaction")

LOAD = """
INSERT INTO customer (tenant_id, customer_id, canonical_id, state, owner_id, acquisition_store, created_at, updated_at)
SELECT :t, md5('c' || n)::uuid, md5('c' || n)::uuid, 'active', CASE WHEN n % 1000 = 0 THEN md5('o')::uuid END,
       'store-' || n % 50, timestamptz '2026-01-01' + n * interval '1 second', now()
FROM generate_series(1, :rows) n;
INSERT INTO tag (tenant_id, tag_id, name, created_at, updated_at)
SELECT :t, md5('t' || n)::uuid, 'tag-' || n, now(), now() FROM generate_series(1, 100) n;
INSERT INTO customer_tag (tenant_id, tag_id, customer_id, source, actor, tagged_at)
SELECT :t, md5('t' || 1 + n % 100)::uuid, md5('c' || n)::uuid, 'api', 'x', now() FROM generate_series(1, :rows) n;
INSERT INTO custom_field (tenant_id, field_id, code, type, label, created_at, updated_at)
SELECT :t, md5('f' || code)::uuid, code, type, code, now(), now()
FROM (VALUES ('word', 'string'), ('size', 'number'), ('since', 'date')) v (code, type);
INSERT INTO custom_value (tenant_id, field_id, customer_id, digest)
SELECT :t, md5('fword')::uuid, md5('c' || n)::uuid, decode(md5('w' || n % 1000), 'hex')
FROM generate_series(1, :rows) n;
INSERT INTO custom_value (tenant_id, field_id, customer_id, number)
SELECT :t, md5('fsize')::uuid, md5('c' || n)::uuid, n * 10000 FROM generate_series(1, :rows) n;
INSERT INTO custom_value (tenant_id, field_id, customer_id, day)
SELECT :t, md5('fsince')::uuid, md5('c' || n)::uuid, date '2100-01-01' + n FROM generate_series(1, :rows) n;
INSERT INTO customer_metrics (tenant_id, customer_id, currency, receipts, sales_total, returns_total, first_at, last_at)
SELECT :t, md5('c' || n)::uuid, 'RUB', n % 30, n, 0, now() - n * interval '1 hour', now() - n * interval '1 minute'
FROM generate_series(1, :rows) n;
INSERT INTO interaction (tenant_id, interaction_id, customer_id, root_customer_id, kind, occurred_at, recorded_at,
       source, actor)
SELECT :t, md5('i' || n)::uuid, md5('c' || n % 1000 + 1)::uuid, md5('c' || n % 1000 + 1)::uuid, 'note', now(), now(),
       'x', 'x'
FROM generate_series(1, :rows) n;
"""


@dataclass
class Shop:
    """A shop with 100 000 customers, and the statements its lists have run."""

    base: Base
    tenant: UUID
    statements: list[tuple[str, Any]]


@pytest_asyncio.fixture(scope="module")
async def shop(postgres: Postgres, base: Base) -> AsyncIterator[Shop]:
    tenant = (await base.open_shop())[0]
    superuser = await asyncpg.connect(**driver_arguments(postgres.superuser))
    await superuser.execute("SET session_replication_role = replica")  # foreign keys would take most of the time
    await superuser.execute(LOAD.replace(":t", f"'{tenant}'::uuid").replace(":rows", str(ROWS)))
    await superuser.execute("ANALYZE")
    await superuser.close()
    seen: list[tuple[str, Any]] = []
    engine = base.database._engine.sync_engine

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        seen.append((sql, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield Shop(base, tenant, seen)
    event.remove(engine, "before_cursor_execute", note)


OWNED_BY = UUID(bytes=hashlib.md5(b"o", usedforsecurity=False).digest())
FILTERS = {
    "no filter": Filters(),
    "tag": Filters(tags=["tag-7"]),
    "two tags": Filters(tags=["tag-7", "tag-8"]),
    "store": Filters(store="store-7"),
    "owner": Filters(owner=OWNED_BY),
    "created": Filters(created_from=datetime.fromisoformat("2026-01-01T10:00:00+00:00")),
    "text": Filters(custom={"word": "x"}),
    "number": Filters(custom={"size": {"gte": 10, "lte": 20}}),
    "date": Filters(custom={"since": {"gte": "1950-01-01", "lte": "1950-01-09"}}),
    "stage": Filters(stages=["lost"]),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_a_list_filter_reads_by_an_index(shop: Shop, name: str) -> None:
    """No filter of GET /v1/customers or of search scans a table."""

    async def ask(unit: PgUnit) -> None:
        await unit.customer_search.page(FILTERS[name], after=None, limit=51)

    await _expect_indexes(shop, ask)


async def test_the_next_page_and_the_history_read_by_an_index(shop: Shop) -> None:
    """Cursors are positions in an index, also in a timeline of two sources."""

    async def ask(unit: PgUnit) -> None:
        page = await unit.customer_search.page(Filters(), after=None, limit=51)
        last = page[-1]
        await unit.customer_search.page(Filters(), after=(last.card.created_at, last.id), limit=51)
        entries = await unit.timeline.page(last.id, TimelineFilter(), visible=("till",), after=None, limit=21)
        after = (entries[-1].occurred_at, entries[-1].id) if entries else (last.card.created_at, last.id)
        await unit.timeline.page(last.id, TimelineFilter(), visible=("till",), after=after, limit=21)

    await _expect_indexes(shop, ask)


async def _expect_indexes(shop: Shop, ask: Any) -> None:
    async with shop.base.store.transaction(shop.tenant, OWNER) as unit:
        await ask(unit)
        shop.statements.clear()
        await ask(unit)
        statements = list(shop.statements)
        driver = await unit.driver()
        for sql, parameters in statements:
            if not sql.lstrip().startswith(("SELECT", "WITH")):
                continue
            plan = "\n".join(row[0] for row in await driver.fetch(f"EXPLAIN {sql}", *parameters))
            scanned = {table for table in BIG if re.search(rf"Seq Scan on {table}\\b", plan)}
            assert not scanned, plan
