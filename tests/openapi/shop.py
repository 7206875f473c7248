"""A whole application on the database of this process, with an open shop: what the contract's tests speak to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.support.edge import OPERATOR_KEY, open_edge
from tests.support.postgres import Postgres

SHOP = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}


@dataclass(frozen=True, slots=True)
class Shop:
    """A client without a credential, and the headers of those who have one."""

    http: httpx.AsyncClient
    owner: dict[str, str]
    operator: dict[str, str]


@asynccontextmanager
async def open_shop(postgres: Postgres) -> AsyncIterator[Shop]:
    """Open an application and a shop in it."""
    async with open_edge(postgres) as http:
        operator = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        opened = await http.post("/v1/tenants", json=SHOP, headers=operator)
        assert opened.status_code == 201, opened.text
        yield Shop(http, {"Authorization": f"Bearer {opened.json()['api_key']}"}, operator)
