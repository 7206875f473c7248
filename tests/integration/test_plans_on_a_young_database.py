"""A plan that was made on empty tables must not outlive them."""

from domain.customers.drafts import Draft, DraftIdentifier
from domain.customers.use_cases.creating import create_customers
from tests.conftest import OWNER
from tests.support.postgres import Postgres, fresh_database
from tests.support.shop import open_base

LOOKUP = "SELECT customer_id FROM identifier WHERE tenant_id = $1 AND type = $2 AND blind = $3"
PEOPLE = 500


async def test_a_look_up_uses_its_own_index_once_there_are_rows(postgres: Postgres) -> None:
    """Every index that begins with the tenant looks alike on an empty table; the plan must be made again."""
    young = await fresh_database(postgres.superuser, f"{postgres.app.rpartition('/')[2].partition('?')[0]}_young")
    base = await open_base(young, connections=1)
    try:
        tenant = (await base.open_shop())[0]
        async with base.store.transaction(tenant, OWNER) as unit:  # the one connection plans on empty tables
            driver = await unit.driver()
            await driver.execute(f"PREPARE lookup (uuid, text, bytea) AS {LOOKUP}")
            await driver.execute(f"EXECUTE lookup ('{tenant}', 'phone', '\\x00')")
        for batch in range(4):
            async with base.store.transaction(tenant, OWNER) as unit:
                phones = [f"+7935{batch * PEOPLE + n:07d}" for n in range(PEOPLE)]
                drafts = [Draft(identifiers=[DraftIdentifier("phone", phone)]) for phone in phones]
                await create_customers(drafts, unit=unit)
                driver = await unit.driver()
                plan = await driver.fetch(f"EXPLAIN EXECUTE lookup ('{tenant}', 'phone', '\\x00')")
        text = "\n".join(row[0] for row in plan)
        assert "identifier_found" in text or "identifier_active" in text, text
        assert "blind" in text.partition("Index Cond")[2].partition("\n")[0], text
    finally:
        await base.database.close()
