"""Connections: one pool for the till's two functions, one engine for everything else."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.kernel.errors import Unavailable
from domain.kernel.transaction import Retry
from persistence.plan_age import DISCARD, PlanAge

RETRY_STATES = frozenset({"40001", "40P01"})
BUSY_STATES = frozenset({"55P03", "57014", "53300", "57P01", "57P02", "57P03", "57P05", "25P02", "53100", "53200"})
LOST = "08"  # the class of states that say: the connection is gone
CONFUSED = (asyncpg.InterfaceError, asyncpg.InternalClientError)  # so a connection shows that died half-way
FAULTS = (asyncpg.PostgresError, *CONFUSED, OSError)
"""What the driver raises when the database refuses or goes away."""


class TillConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """A connection whose return to the pool costs no round trip, but for the few that renew its plans.

    Safe only because the tenant is set per transaction, never per session; a test holds that.
    """

    _plans: PlanAge | None = None

    def get_reset_query(self) -> str:
        """Reset nothing; drop plans that were made when the tables were smaller."""
        if self._plans is None:
            self._plans = PlanAge()
        return DISCARD if self._plans.due() else ""


def driver_arguments(url: str) -> dict[str, Any]:
    """Return asyncpg's arguments for a `postgresql://` URL, with or without the SQLAlchemy driver suffix."""
    parsed = make_url(url)
    arguments = {"user": parsed.username, "password": parsed.password, "database": parsed.database}
    host = parsed.query.get("host") or parsed.host
    port = parsed.query.get("port") or parsed.port
    return arguments | {"host": host, "port": int(str(port)) if port else None}


def plain_url(url: str) -> str:
    """Return `url` without a driver's name: asyncpg reads all else in it, `sslmode` and its certificates too."""
    return "postgresql://" + url.split("://", 1)[1]


def translated(error: BaseException) -> BaseException:
    """Return what the edge understands for an exception of the database; anything unknown comes back as it is."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if state in RETRY_STATES:
        return Retry()
    connection_lost = str(state).startswith(LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if state in BUSY_STATES or connection_lost or isinstance(original, (OSError, *CONFUSED)):
        return Unavailable("The database is busy or restarting.", retry_after=1)
    return error


class Database:
    """The process's way to PostgreSQL, as the application role."""

    def __init__(self, url: str, *, till_connections: int = 4, connections: int = 6) -> None:
        self._url = plain_url(url)
        self._till_connections = till_connections
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",  # the driver gets the whole address itself: SQLAlchemy would misread parts of it
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            isolation_level="AUTOCOMMIT",  # BEGIN goes with the tenant in one query of ours, see `scoped`
            pool_reset_on_return=None,
            connect_args={
                "async_creator_fn": partial(asyncpg.connect, self._url, timeout=5),
                "prepared_statement_cache_size": 500,
            },
        )
        self._pool: asyncpg.Pool | None = None
        self.signal: Callable[[UUID], None] = lambda _tenant_id: None

    async def open(self) -> None:
        """Connect the till's pool; the engine connects when first used.

        A database that is away just now does not stop the process: it answers 503 until the database is back.
        """
        try:
            self._pool = await self._till_pool(ready=1)
        except FAULTS:
            self._pool = await self._till_pool(ready=0)

    async def _till_pool(self, *, ready: int) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            self._url,
            min_size=ready,
            max_size=self._till_connections,
            connection_class=TillConnection,
            max_cached_statement_lifetime=0,
            timeout=5,
            command_timeout=15,
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        await self._engine.dispose()

    @property
    def pool(self) -> asyncpg.Pool:
        """Return the till's pool.

        Raises:
            Unavailable: the database is not open.
        """
        if self._pool is None:
            raise Unavailable
        return self._pool

    @asynccontextmanager
    async def scoped(self, tenant_id: UUID) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one tenant's rows only; commits at the end, rolls back on any exception.

        Raises:
            Retry: the database asks to run it again.
            Unavailable: the database is away or too busy.
        """
        scope = f"BEGIN; SELECT set_config('app.tenant_id', '{UUID(str(tenant_id))}', true)"
        async with self._transaction(scope) as connection:
            yield connection

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction without a tenant: it sees the platform's tables and no row of any shop."""
        async with self._transaction("BEGIN") as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                driver = await self._driver(connection)
                plans = connection.info.setdefault("plans", PlanAge())
                try:
                    await driver.execute(f"{DISCARD}; {begin}" if plans.due() else begin)
                    yield connection
                    await driver.execute("COMMIT")
                except BaseException:
                    await self._roll_back(connection, driver)
                    raise
        except (DBAPIError, *FAULTS) as error:
            raised = translated(error)
            if raised is error:
                raise
            raise raised from None
        except PoolTimeout:
            raise Unavailable("Every database connection is busy.", retry_after=1) from None

    @staticmethod
    async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
        return (await connection.get_raw_connection()).driver_connection

    @staticmethod
    async def _roll_back(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
        """Undo; a connection that cannot even do that is thrown away, never returned to the pool."""
        try:
            await driver.execute("ROLLBACK")
        except Exception:
            await connection.invalidate()
