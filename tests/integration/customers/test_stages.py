"""The stage that a list filters by is the stage that a card shows (A19)."""

import json
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from domain.customers.customer import Override
from domain.customers.drafts import Draft
from domain.customers.lifecycle import Lifecycle
from domain.customers.searching import Filters
from domain.customers.use_cases.creating import create_customers
from domain.customers.use_cases.editing import archive_customer, change_customer
from persistence.tables.history import customer_metrics
from persistence.unit_of_work import PgUnit
from tenancy.use_cases import change_settings

Units = Callable[[], AbstractAsyncContextManager[PgUnit]]
PEOPLE = 120


def bought(chance: random.Random, now: datetime) -> dict[str, Any]:
    """Some history, often at a border."""
    days = chance.choice([0, 5, 29, 30, 31, 89, 90, 91, 179, 180, 181, 364, 365, 366, 500])
    last = now - timedelta(days=days, seconds=chance.choice([-60, 60]))
    return {
        "receipts": chance.choice([0, 1, 1, 2, 4, 5, 19, 20, 21]),
        "sales_total": chance.choice([100, 5000, 10**6]),
        "returns_total": chance.choice([0, 100]),
        "first_at": last - timedelta(days=chance.choice([0, 0, 10, 29, 30, 400])),
        "last_at": last,
    }


async def test_filter_and_card_agree_on_every_stage(unit: Units, tenant: UUID) -> None:
    """One rule in two languages: `stage_of` and its SQL, on histories around every border, with opening figures."""
    chance = random.Random(19)  # noqa: S311 - reproducible variety, no secret
    async with unit() as u:
        await change_settings({"lifecycle": {"vip_spent": 10**6}}, unit=u)
        made = await create_customers([Draft(given_name=f"N{n}") for n in range(PEOPLE)], unit=u)
        ids = [one.created.id for one in made if one.created is not None]
        now = datetime.now(UTC)
        rows = [
            {"tenant_id": tenant, "customer_id": one, "currency": currency, **bought(chance, now)}
            for one in ids
            for currency in chance.choice([[], ["RUB"], ["RUB"], ["EUR"], ["RUB", "EUR"]])
        ]
        await u.connection.execute(insert(customer_metrics), rows)
        for one in ids[::7]:
            opening = {"currency": "RUB", "receipts": 3, "spent_total": 10**6, "as_of": "2020-01-01T00:00:00+00:00"}
            opening["last_purchase_at"] = (now - timedelta(days=chance.choice([20, 100, 400]))).isoformat()
            opening["first_purchase_at"] = opening["last_purchase_at"]
            await u.connection.execute(
                text("UPDATE customer SET opening = CAST(:opening AS jsonb) WHERE customer_id = :one"),
                {"opening": json.dumps(opening), "one": one},
            )
        await change_customer(ids[1], {"lifecycle_override": Override("vip", "x")}, unit=u)
        await archive_customer(ids[2], unit=u)
    async with unit() as u:
        shown = {one.id: one.lifecycle for one in await u.customers.many(ids)}
        assert set(shown.values()) == set(Lifecycle)
        for stage in Lifecycle:
            page = await u.customer_search.page(Filters(stages=[stage]), after=None, limit=PEOPLE)
            assert {one.id for one in page} == {one for one, its in shown.items() if its == stage}, stage
