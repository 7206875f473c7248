"""Keys in memory, and a clock that moves when told."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from compliance.access.api_key import ApiKey
from compliance.access.errors import ApiKeyNotFound
from compliance.access.ports import KeyName, StoredKey
from domain.kernel.events import Actor, Event

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FakeClock:
    """A clock that moves when told."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class FakeCredentials:
    """Stored keys by name; every look-up yields once and is counted."""

    def __init__(self) -> None:
        self.keys: dict[KeyName, StoredKey] = {}
        self.asked: list[KeyName] = []
        self.uses: list[Mapping[KeyName, datetime]] = []
        self.failing: Exception | None = None

    async def find(self, name: KeyName) -> StoredKey | None:
        self.asked.append(name)
        await asyncio.sleep(0)
        if self.failing is not None:
            raise self.failing
        return self.keys.get(name)

    async def used(self, uses: Mapping[KeyName, datetime]) -> None:
        if self.failing is not None:
            raise self.failing
        self.uses.append(dict(uses))


class FakeEvents:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.told: list[Event] = []

    async def add(self, events: Sequence[Event]) -> None:
        self.told.extend(events)


class FakeApiKeys:
    """One shop's keys in a dictionary."""

    def __init__(self) -> None:
        self.keys: dict[UUID, ApiKey] = {}
        self.hashes: dict[UUID, bytes] = {}

    async def add(self, key: ApiKey, secret_hash: bytes) -> None:
        self.keys[key.id], self.hashes[key.id] = key, secret_hash

    async def get(self, key_id: UUID, *, lock: bool = False) -> ApiKey:
        if key_id not in self.keys:
            raise ApiKeyNotFound
        return self.keys[key_id]

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        return [key for key_id, key in sorted(self.keys.items()) if after is None or key_id > after][:limit]

    async def revoke(self, key_id: UUID, *, at: datetime) -> ApiKey:
        key = await self.get(key_id)
        self.keys[key_id] = replace(key, revoked_at=key.revoked_at or at)
        return self.keys[key_id]

    async def replace(self, key_id: UUID, *, by: int, expires_at: datetime) -> ApiKey:
        self.keys[key_id] = replace(await self.get(key_id), replaced_by=by, expires_at=expires_at)
        return self.keys[key_id]


class FakeAccessUnit:
    """A transaction that never ends."""

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.actor = Actor("key", "k-1", "owner")
        self.clock = FakeClock()
        self.events = FakeEvents()
        self.api_keys = FakeApiKeys()
