"""A key provider that can be switched off, and a key store in memory."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.kernel.errors import Unavailable
from runtime.adapters.key_provider import LocalKeyProvider
from tenancy.key_provider import TenantKeyRecord

ROOT = b"\x11" * 32


class Ticker:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


class SwitchedProvider(LocalKeyProvider):
    """A local provider behind a switch; it counts what it unwraps."""

    def __init__(self, keys: Sequence[bytes] = (ROOT,)) -> None:
        super().__init__(keys)
        self.away = False
        self.unwrapped = 0

    async def unwrap(self, wrapped: bytes, *, root_id: str, context: bytes) -> bytes:
        if self.away:
            raise Unavailable
        self.unwrapped += 1
        return await super().unwrap(wrapped, root_id=root_id, context=context)


class MemoryKeyStore:
    """Tenant keys in a dictionary."""

    def __init__(self) -> None:
        self.keys: dict[UUID, list[TenantKeyRecord]] = {}
        self.reads = 0

    async def tenant_keys(self, tenant_id: UUID) -> Sequence[TenantKeyRecord]:
        self.reads += 1
        return list(self.keys.get(tenant_id, ()))

    async def add(self, tenant_id: UUID, keys: Sequence[TenantKeyRecord], connection: Any) -> None:
        self.keys.setdefault(tenant_id, []).extend(keys)

    def settle(self, tenant_id: UUID, *, settled: bool = True) -> None:
        self.keys[tenant_id] = [
            replace(record, settled=settled or record.version == 1) for record in self.keys[tenant_id]
        ]
