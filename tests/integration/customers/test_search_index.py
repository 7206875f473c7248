"""Indexes that an owner switches on: made for those who were there before, kept for those who come, dropped again."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.customers.drafts import Draft, DraftIdentifier
from domain.customers.errors import SearchTooWide
from domain.customers.searching import Filters
from domain.customers.use_cases.creating import create_customer
from domain.customers.use_cases.editing import change_customer
from persistence import customer_search
from persistence.search_index import SearchIndexer
from persistence.unit_of_work import PgUnit
from tenancy.use_cases import change_settings
from tests.support.shop import Base

Units = Callable[[], AbstractAsyncContextManager[PgUnit]]


async def switch(base: Base, tenant: UUID, unit: Units, *, on: bool) -> None:
    async with unit() as u:
        await change_settings({"name_index": on, "phone_ending_index": on}, unit=u)
    await SearchIndexer(base.store).run(tenant)


async def found(unit: Units, **wanted: Any) -> list[str | None]:
    async with unit() as u:
        people, _ = await u.customer_search.search(
            Filters(), **{"name": None, "phone_ending": None, "after": None, "limit": 10} | wanted
        )
        return [person.card.profile.given_name for person in people]


async def count(unit: Units, what: str) -> int:
    async with unit() as u:
        return (await u.connection.execute(text(f"SELECT count(*) FROM {what}"))).scalar_one()  # noqa: S608


async def test_a_large_base_is_searched_by_the_index_alone(
    base: Base, tenant: UUID, unit: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit: refused without the index; with it, by beginnings of three letters and ends of phones."""
    async with unit() as u:
        anna = await create_customer(
            Draft(given_name="Анна", family_name="Ёлкина", identifiers=[DraftIdentifier("phone", "+79350004567")]),
            unit=u,
        )
        await create_customer(Draft(given_name="Ольга"), unit=u)
        await create_customer(Draft(given_name="Пётр"), unit=u)
    monkeypatch.setattr(customer_search, "SMALL_BASE", 2)  # as many as share an ending below: no more are looked at
    for wanted in ({"name": "елк"}, {"phone_ending": "4567"}):
        with pytest.raises(SearchTooWide):
            await found(unit, **wanted)
    await switch(base, tenant, unit, on=True)
    async with unit() as u:
        await create_customer(Draft(given_name="Вера", identifiers=[DraftIdentifier("phone", "+79350114567")]), unit=u)
    assert await found(unit, name="елк анн") == ["Анна"]
    assert await found(unit, name="вера") == ["Вера"]
    assert await found(unit, phone_ending="004567") == ["Анна"]
    with pytest.raises(SearchTooWide):
        await found(unit, name="ел")
    async with unit() as u:
        await change_customer(anna.id, {"family_name": "Новая"}, unit=u)
    assert await found(unit, name="елк") == []
    assert await found(unit, name="нов") == ["Анна"]
    await switch(base, tenant, unit, on=False)
    assert await count(unit, "name_token") == 0
    assert await count(unit, "identifier WHERE ending IS NOT NULL") == 0


async def test_indexing_twice_changes_nothing(base: Base, tenant: UUID, unit: Units) -> None:
    """The job may run twice, and next to writers."""
    async with unit() as u:
        await create_customer(Draft(given_name="Анна", identifiers=[DraftIdentifier("phone", "+79350004567")]), unit=u)
    await switch(base, tenant, unit, on=True)
    before = await count(unit, "name_token")
    await SearchIndexer(base.store).run(tenant)
    assert await count(unit, "name_token") == before == len({"анн", "анна"})
