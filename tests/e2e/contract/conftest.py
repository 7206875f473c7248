"""Shops that the checks of one file share where they leave nothing behind."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest_asyncio

from tests.support.contract import Checked
from tests.support.counter import Counter
from tests.support.shop import Base

Abroad = Callable[[str], Awaitable[Counter]]
AT_HOME = {
    "RU": {"currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru-RU"},
    "UA": {"currency": "UAH", "time_zone": "Europe/Kyiv", "locale": "uk-UA"},
    "DE": {"currency": "EUR", "time_zone": "Europe/Berlin", "locale": "de-DE"},
}


@pytest_asyncio.fixture(scope="session")
async def edge(edge: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The application of this process, each of whose answers is held to the published contract."""
    async with httpx.AsyncClient(transport=Checked(edge._transport), base_url=edge.base_url) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def shop(edge: httpx.AsyncClient, base: Base) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the owner's key of a shop in Moscow that lives as long as the file's checks."""
    _, key = await base.open_shop()
    async with httpx.AsyncClient(
        transport=edge._transport, base_url=edge.base_url, headers={"Authorization": f"Bearer {key}"}
    ) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def kyiv(edge: httpx.AsyncClient, base: Base) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the owner's key of another shop, in Kyiv."""
    _, key = await base.open_shop("Крамниця", country="UA", currency="UAH", zone="Europe/Kyiv")
    async with httpx.AsyncClient(
        transport=edge._transport, base_url=edge.base_url, headers={"Authorization": f"Bearer {key}"}
    ) as client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def strict(edge: httpx.AsyncClient, base: Base) -> AsyncIterator[Counter]:
    """A shop of this process that only ever sees what must be refused: nothing may be stored in it."""
    async with _shop(edge, base) as counter:
        yield counter


@pytest_asyncio.fixture(scope="session")
async def busy(edge: httpx.AsyncClient, base: Base) -> AsyncIterator[Counter]:
    """A shop of this process that many tests use at once, each with document numbers of its own."""
    async with _shop(edge, base) as counter:
        yield counter


@asynccontextmanager
async def _shop(edge: httpx.AsyncClient, base: Base) -> AsyncIterator[Counter]:
    _, key = await base.open_shop()
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=edge._transport, base_url=edge.base_url, headers=headers) as client:
        yield Counter(client)


@pytest_asyncio.fixture
async def abroad(operator: httpx.AsyncClient, edge: httpx.AsyncClient) -> AsyncIterator[Abroad]:
    """Opens a shop of a country the way an operator does, and gives its counter."""
    async with AsyncExitStack() as stack:

        async def open_shop(country: str) -> Counter:
            opened = await operator.post("/v1/tenants", json={"name": "Laden", "country": country} | AT_HOME[country])
            assert opened.status_code == 201, opened.text
            headers = {"Authorization": f"Bearer {opened.json()['api_key']}"}
            client = httpx.AsyncClient(transport=edge._transport, base_url=edge.base_url, headers=headers)
            return Counter(await stack.enter_async_context(client))

        yield open_shop
