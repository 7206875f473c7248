"""What the edge needs from the rest of the house; `runtime.container` gives it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from compliance.access.principal import Principal
from domain.kernel.clock import Clock
from domain.kernel.events import Actor

NO_TENANT = UUID(int=0)
"""The scope of what an operator does: no tenant has the nil UUID."""

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """What an operator may set about HTTP. Limits of bodies are in bytes, the rate in requests per second and key.

    `body_seconds` is how long a part of a body may take to come.
    """

    public_url: str = "http://127.0.0.1:8000"
    cors_origins: Sequence[str] = ()
    trusted_proxies: Sequence[str] = ()
    body_limit: int = MIB
    batch_body_limit: int = 8 * MIB
    body_seconds: float = 15.0
    rate_per_second: int = 1000
    version: str = "0.1.0"


class Credentials(Protocol):
    """Knows keys and sessions."""

    async def authenticate(self, token: str) -> Principal | None:
        """Return who holds the bearer `token`; None when it is forged, unknown, expired or revoked."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is ours until the lease ends; `claim` is the fencing token that `finish` and `release` ask for."""

    claim: UUID


@dataclass(frozen=True, slots=True)
class InFlight:
    """Another request with this key is being worked on."""


@dataclass(frozen=True, slots=True)
class Reused:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The key's answer: byte for byte what was sent then."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What a key means: `scope` is the tenant (or NO_TENANT), `key_hash` covers operation and key, both SHA-256."""

    scope: UUID
    operation: str
    key_hash: bytes
    request_hash: bytes


class IdempotencyStore(Protocol):
    """Keys and stored answers (30 days). One table for all roads; receipts bring their own answer, see `receipt_id`."""

    async def claim(self, key: IdempotencyKey) -> Claimed | InFlight | Reused | Stored:
        """Take the key in a transaction of its own, or say what became of it."""

    async def finish(self, unit: Any, key: IdempotencyKey, claim: UUID, answer: Stored) -> bool:
        """Store the answer in the unit's transaction; False when the lease was lost: then the unit must roll back."""

    async def release(self, key: IdempotencyKey, claim: UUID) -> None:
        """Give the key back, after a refusal."""


@dataclass(frozen=True, slots=True)
class RateVerdict:
    """What a limiter says; `retry_after` is in seconds and above zero only when the request is refused."""

    allowed: bool
    remaining: int
    retry_after: float = 0.0


class RateLimiter(Protocol):
    """Counts requests across all processes."""

    async def take(self, scope: UUID, bucket: str, per_second: int) -> RateVerdict:
        """Count one request against `bucket`, whose burst is one second's worth."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be right before traffic comes; `detail` is for the operator and holds nothing personal."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The edge's needs in one place.

    `transaction(tenant_id, actor)` and `platform(actor)` give an open unit that commits at the end of the block and
    rolls back on any exception; they raise domain errors only (`Unavailable`) and `domain.kernel.transaction.Retry`
    when the database asks to run it again. `platform` units have a `connection` and what operator routes need.
    `tenant_locale` is cheap (cached). `observe(method, route template, status, seconds)` hears of every answer;
    `metrics_page` gives media type and text of `/metrics`, which exists only if it is there. `parts` are further
    objects that routes ask for by name as `NamedDependency`.
    """

    settings: EdgeSettings
    clock: Clock
    credentials: Credentials
    idempotency: IdempotencyStore
    rate_limiter: RateLimiter
    transaction: Callable[[UUID, Actor], AbstractAsyncContextManager[Any]]
    platform: Callable[[Actor], AbstractAsyncContextManager[Any]]
    tenant_locale: Callable[[UUID], Awaitable[str]]
    readiness: Callable[[], Awaitable[Sequence[Check]]]
    parts: Mapping[str, Any] = field(default_factory=dict)
    observe: Callable[[str, str, int, float], None] | None = None
    metrics_page: Callable[[], tuple[str, bytes]] | None = None
    start: Sequence[Callable[[], Awaitable[None]]] = ()
    stop: Sequence[Callable[[], Awaitable[None]]] = ()
