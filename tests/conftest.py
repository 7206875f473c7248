"""What every test may ask for."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import httpx
import hypothesis
import pytest
import pytest_asyncio

from domain.kernel.events import Actor
from persistence.database import Database
from persistence.unit_of_work import PgUnit
from tests.support.counter import Counter, MovableClock
from tests.support.edge import OPERATOR_KEY, open_edge
from tests.support.postgres import Postgres, fresh_database, shared_server
from tests.support.shop import Base, open_base

# A machine that is busy with other things is no fault of the code: no test asserts a duration.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

OWNER = Actor("key", "test", "owner")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what a test needs is installed there, so a skip hides something."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("skipped tests are failures in CI", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest_asyncio.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """A migrated database of this process on the session's one server."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if worker != "alone" else base
    with shared_server(shared / "postgres") as superuser:
        yield await fresh_database(superuser, f"test_{worker}")


@pytest_asyncio.fixture(scope="session")
async def base(postgres: Postgres) -> AsyncIterator[Base]:
    """The customer base of this process: database, vaults, store, platform."""
    opened = await open_base(postgres)
    yield opened
    await opened.database.close()


@pytest.fixture(scope="session")
def database(base: Base) -> Database:
    """The database of this process, as the application's role."""
    return base.database


@pytest_asyncio.fixture
async def tenant(base: Base) -> UUID:
    """A fresh shop in Moscow that sells for roubles."""
    return (await base.open_shop())[0]


@pytest.fixture
def unit(base: Base, tenant: UUID) -> Callable[[], AbstractAsyncContextManager[PgUnit]]:
    """Opens a transaction of the fresh shop: `async with unit() as u`."""
    return lambda: base.store.transaction(tenant, OWNER)


@pytest_asyncio.fixture(scope="session")
async def edge(postgres: Postgres) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application of this process over ASGI, without a credential."""
    async with open_edge(postgres) as client:
        yield client


@pytest_asyncio.fixture
async def api(edge: httpx.AsyncClient, base: Base) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the owner's key of a fresh shop in Moscow (`api.headers`)."""
    _, key = await base.open_shop()
    async with httpx.AsyncClient(
        transport=edge._transport, base_url=edge.base_url, headers={"Authorization": f"Bearer {key}"}
    ) as client:
        yield client


@pytest_asyncio.fixture
async def operator(edge: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the operator's key."""
    async with httpx.AsyncClient(
        transport=edge._transport, base_url=edge.base_url, headers={"Authorization": f"Bearer {OPERATOR_KEY}"}
    ) as client:
        yield client


@pytest.fixture
def counter(api: httpx.AsyncClient) -> Counter:
    """A counter of a fresh shop in Moscow."""
    return Counter(api)


@pytest_asyncio.fixture
async def later(postgres: Postgres, base: Base) -> AsyncIterator[Counter]:
    """A counter of a fresh shop in an application whose clock can be moved."""
    clock = MovableClock()
    _, key = await base.open_shop()
    async with open_edge(postgres, clock=clock) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield Counter(client, clock)
