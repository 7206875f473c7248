"""An operator's open transaction: the list of shops, and one shop's rows while it is being opened."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from compliance.access.api_key import ApiKey
from domain.kernel.clock import Clock
from domain.kernel.events import Actor, Event
from persistence.database import Database
from persistence.event_log import event_rows
from persistence.tables.log import event
from persistence.tables.platform import api_key
from persistence.tenants import PgTenants, enter
from tenancy.vault import Vaults

NO_TENANT = UUID(int=0)
"""What an operator's transaction sees the rows of: its own stored answers, no shop's."""


class PersonalEventRefused(Exception):
    """An operator's event may hold nothing personal: no key is at hand to seal it."""


class PlatformUnit:
    """Repositories of the platform on one open transaction."""

    def __init__(self, connection: AsyncConnection, vaults: Vaults, actor: Actor, clock: Clock) -> None:
        self.connection = connection
        self.actor = actor
        self.clock = clock
        self._vaults = vaults
        self.told: set[UUID] = set()

    @cached_property
    def tenants(self) -> PgTenants:
        """Return the list of tenants."""
        return PgTenants(self.connection, self._vaults)

    @property
    def events(self) -> "PlatformUnit":
        """Return the event log: an operator's events stand in the log of the shop that they are about."""
        return self

    async def add(self, events: Sequence[Event]) -> None:
        """Append events, each to the log of the tenant that is its object.

        Raises:
            PersonalEventRefused: one has personal changes.
        """
        for happened in events:
            rows = event_rows(
                [happened], tenant_id=happened.object_id, actor=self.actor, now=self.clock.now(), seal=_refuse
            )
            async with self.within(happened.object_id):
                await self.connection.execute(insert(event), rows)
            self.told.add(happened.object_id)

    async def add_api_key(self, tenant_id: UUID, key: ApiKey, secret_hash: bytes) -> None:
        """Store the first key of a new tenant."""
        values = {
            "tenant_id": tenant_id,
            "key_no": key.number,
            "key_id": key.id,
            "name": key.name,
            "role": key.role,
            "mode": key.mode,
            "secret_hash": secret_hash,
            "created_at": key.created_at,
            "created_by": key.created_by,
            "expires_at": key.expires_at,
        }
        async with self.within(tenant_id):
            await self.connection.execute(insert(api_key).values(values))

    @asynccontextmanager
    async def within(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Let the transaction see one shop's rows for the length of the block."""
        await enter(self.connection, tenant_id)
        yield
        await enter(self.connection, NO_TENANT)


def _refuse(_customer_id: UUID | None, _plaintext: bytes) -> bytes:
    raise PersonalEventRefused


class Platform:
    """Opens operators' units."""

    def __init__(self, database: Database, vaults: Vaults, clock: Clock) -> None:
        self._database = database
        self._vaults = vaults
        self._clock = clock

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[PlatformUnit]:
        """Open a unit; it commits at the end of the block and wakes the worker if events were added."""
        async with self._database.scoped(NO_TENANT) as connection:
            unit = PlatformUnit(connection, self._vaults, actor, self._clock)
            yield unit
        for tenant_id in unit.told:
            self._database.signal(tenant_id)
