"""What every test may ask for."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.postgres import Postgres, fresh_database, shared_server


@pytest_asyncio.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """A migrated database of this process on the session's one server."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if worker != "alone" else base
    with shared_server(shared / "postgres") as superuser:
        yield await fresh_database(superuser, f"test_{worker}")
