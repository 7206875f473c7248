"""The front door: from a bearer token to a principal, at the price of one dictionary look-up for a busy till."""

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.access.api_key import LIVE, OPERATOR, KeyText, parse_key_text
from compliance.access.permissions import OPERATOR as OPERATOR_ROLE
from compliance.access.permissions import PERMISSIONS_OF
from compliance.access.ports import Credentials, KeyName, StoredKey
from compliance.access.principal import Principal
from domain.kernel.clock import Clock
from domain.kernel.errors import Unavailable

CACHE_SECONDS: Final = 2.0
"""How long a proven or refused credential is believed; revocation is effective within it."""

CACHE_SIZE: Final = 10_000
LAST_USE_SECONDS: Final = 60
"""A key's last use is written at most this often."""

WRITE_SECONDS: Final = 2
MAX_TOKEN: Final = 200


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal | None
    name: KeyName | None
    until: float
    expires_at: datetime | None


class Authenticator:
    """Proves credentials; keeps what it found for `CACHE_SECONDS`, asks storage once for simultaneous callers."""

    def __init__(
        self,
        credentials: Credentials,
        clock: Clock,
        *,
        operator_key: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._operator_digest = _digest(operator_key) if operator_key else None
        self._monotonic = monotonic
        self._known: dict[bytes, _Known] = {}
        self._asking: dict[bytes, asyncio.Task[_Known]] = {}
        self._uses: dict[KeyName, datetime] = {}
        self._written: dict[KeyName, datetime] = {}
        self._writer: asyncio.Task[None] | None = None

    async def authenticate(self, token: str) -> Principal | None:
        """Return who holds `token`; None when it is forged, unknown, expired or revoked: all the same to a caller."""
        if len(token) > MAX_TOKEN:
            return None
        digest = _digest(token)
        known = self._known.get(digest)
        if known is None or known.until <= self._monotonic():
            known = await self._ask(digest, token)
        if known.expires_at is not None and known.expires_at <= self._clock.now():
            return None
        if known.name is not None and known.principal is not None:
            self._note(known.name)
        return known.principal

    async def start(self) -> None:
        """Begin to write last uses, every few seconds and off the road of any request."""
        self._writer = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Write what is left and end."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
            self._writer = None
            with contextlib.suppress(Unavailable):
                await self.write_last_uses()

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            with contextlib.suppress(Unavailable):
                await self.write_last_uses()

    async def write_last_uses(self) -> None:
        """Store the last uses noted since the last call, as far as they are due."""
        due = {name: at for name, at in self._uses.items() if self._is_due(name, at)}
        for name in due:
            del self._uses[name]
        if not due:
            return
        try:
            await self._credentials.used(due)
        except BaseException:
            self._uses = due | self._uses
            raise
        self._written.update(due)
        horizon = self._clock.now() - timedelta(seconds=LAST_USE_SECONDS)
        self._written = {name: at for name, at in self._written.items() if at > horizon}

    async def _ask(self, digest: bytes, token: str) -> _Known:
        task = self._asking.get(digest)
        if task is None:
            # A task of its own: the first caller may hang up without taking the others' answer with it.
            task = asyncio.create_task(self._prove(digest, token))
            self._asking[digest] = task
            task.add_done_callback(lambda done: self._asked(digest, done))
        return await asyncio.shield(task)

    def _asked(self, digest: bytes, task: "asyncio.Task[_Known]") -> None:
        self._asking.pop(digest, None)
        if task.cancelled() or task.exception() is not None:
            return
        if len(self._known) >= CACHE_SIZE:
            self._make_room()
        self._known[digest] = task.result()

    def _make_room(self) -> None:
        """Forget what is over; if a flood of forged keys filled the memory with fresh refusals, forget everything."""
        now = self._monotonic()
        self._known = {digest: known for digest, known in self._known.items() if known.until > now}
        if len(self._known) >= CACHE_SIZE:
            self._known = {}

    async def _prove(self, digest: bytes, token: str) -> _Known:
        until = self._monotonic() + CACHE_SECONDS
        refused = _Known(None, None, until, None)
        if self._operator_digest is not None and hmac.compare_digest(digest, self._operator_digest):
            operator = Principal(OPERATOR_ROLE, None, None, OPERATOR_ROLE, PERMISSIONS_OF[OPERATOR_ROLE], LIVE)
            return _Known(operator, None, until, None)
        text = parse_key_text(token)
        if text is None:
            return refused
        name = (text.tenant_id, text.number)
        stored = await self._credentials.find(name)
        if stored is None or not self._holds(text, stored):
            return refused
        if stored.last_used_at is not None:
            self._written.setdefault(name, stored.last_used_at)
        if stored.suspended:
            until = self._monotonic()  # not kept: a shop that may work again works at once
        return _Known(_principal(text, stored), name, until, stored.expires_at)

    def _holds(self, text: KeyText, stored: StoredKey) -> bool:
        now = self._clock.now()
        return (
            text.opens(stored.secret_hash)
            and text.kind in {OPERATOR, stored.mode}
            and (stored.revoked_at is None or stored.revoked_at > now)
            and stored.role in PERMISSIONS_OF
        )

    def _note(self, name: KeyName) -> None:
        self._uses[name] = self._clock.now()

    def _is_due(self, name: KeyName, at: datetime) -> bool:
        written = self._written.get(name)
        return written is None or at - written >= timedelta(seconds=LAST_USE_SECONDS)


def _principal(text: KeyText, stored: StoredKey) -> Principal:
    kind = OPERATOR_ROLE if text.kind == OPERATOR else "key"
    return Principal(
        kind, text.tenant_id, stored.key_id, stored.role, PERMISSIONS_OF[stored.role], stored.mode, stored.suspended
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
