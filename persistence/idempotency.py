"""Idempotency keys and stored answers: a claim is committed before the work, the answer together with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import Date, cast, delete, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.database import Database
from persistence.tables.log import idempotency, idempotency_answer
from tenancy.vault import TenantVault, Vaults

KEPT = timedelta(days=30)
LEASE = timedelta(seconds=30)
"""Twice what a request may take; after a crash the key is free again when it ends."""

NO_TENANT = UUID(int=0)
CLEAR, SEALED = b"\x00", b"\x01"
CELL = {"table": "idempotency_answer", "column": "sealed"}
PRUNED_AT_ONCE = 5000
SCOPE = text("SELECT set_config('app.tenant_id', :scope, true)")


class Key(Protocol):
    """What a key means; `scope` is a tenant, or the nil UUID for what an operator does."""

    @property
    def scope(self) -> UUID:
        """Return the scope."""

    @property
    def operation(self) -> str:
        """Return the operationId."""

    @property
    def key_hash(self) -> bytes:
        """Return SHA-256 of operation and key."""

    @property
    def request_hash(self) -> bytes:
        """Return SHA-256 of the request."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class IdempotencyTable:
    """The rules of keys over their table; `persistence` knows no HTTP, so it speaks in rows and bytes."""

    def __init__(self, database: Database, vaults: Vaults) -> None:
        self._database = database
        self._vaults = vaults

    async def take(self, key: Key) -> UUID | RowMapping:
        """Return a new claim, or the row that stands in the way, claimed or done."""
        claim = uuid4()
        while True:
            async with self._database.scoped(key.scope) as connection:
                if (await connection.execute(_claim(key, claim))).first() is not None:
                    return claim
                row = (await connection.execute(_row(key))).mappings().first()
                if row is not None:
                    return row

    async def answer(self, key: Key, row: RowMapping) -> Kept:
        """Return the answer of a row that is done."""
        where = idempotency_answer.c
        statement = select(where.headers, where.sealed).where(
            where.tenant_id == key.scope, where.day == row["day"], where.key_hash == key.key_hash
        )
        async with self._database.scoped(key.scope) as connection:
            found = (await connection.execute(statement)).mappings().one()
        sealed: bytes = found["sealed"]
        if sealed[:1] == CLEAR:
            return Kept(row["status"], found["headers"], sealed[1:])
        vault = await self._vaults.open(key.scope)
        return Kept(row["status"], found["headers"], vault.open(sealed[1:], **CELL))

    async def finish(self, unit: Any, key: Key, claim: UUID, answer: Kept) -> bool:
        """Store the answer in the unit's transaction; False when another request has taken the key over."""
        connection: AsyncConnection = unit.connection
        if key.scope == NO_TENANT:
            # A new tenant's first rows were written under its own setting; the answer belongs to the operator.
            await connection.execute(SCOPE, {"scope": str(key.scope)})
            sealed = CLEAR + answer.body
        else:
            vault: TenantVault = unit.vault
            sealed = SEALED + vault.seal(answer.body, **CELL)
        result = await connection.execute(_finished(key, claim, answer, sealed))
        return result.first() is not None

    async def release(self, key: Key, claim: UUID) -> None:
        """Give an unfinished key back."""
        where = idempotency.c
        statement = delete(idempotency).where(
            where.tenant_id == key.scope,
            where.key_hash == key.key_hash,
            where.claim == claim,
            where.state == "claimed",
        )
        async with self._database.scoped(key.scope) as connection:
            await connection.execute(statement)

    async def prune(self, scope: UUID) -> int:
        """Delete some of the keys that are older than 30 days, and their answers outside day partitions.

        Returns how many keys went; call again while it is not 0.
        """
        where, answers = idempotency.c, idempotency_answer.c
        old = (
            select(where.key_hash)
            .where(where.tenant_id == scope, where.created_at < func.now() - KEPT)
            .limit(PRUNED_AT_ONCE)
        )
        async with self._database.scoped(scope) as connection:
            gone = await connection.execute(
                delete(idempotency).where(where.tenant_id == scope, where.key_hash.in_(old.scalar_subquery()))
            )
            await connection.execute(
                delete(idempotency_answer).where(
                    answers.tenant_id == scope, answers.day < cast(func.now() - KEPT - timedelta(days=1), Date)
                )
            )
        return gone.rowcount


def _claim(key: Key, claim: UUID) -> Any:
    """Return the statement that takes a free key, or one whose lease or 30 days are over."""
    free = upsert(idempotency).values(
        tenant_id=key.scope,
        key_hash=key.key_hash,
        operation=key.operation,
        request_hash=key.request_hash,
        state="claimed",
        claim=claim,
        claimed_until=func.clock_timestamp() + LEASE,
        created_at=func.now(),
    )
    new, old = free.excluded, idempotency.c
    return free.on_conflict_do_update(
        index_elements=[old.tenant_id, old.key_hash],
        set_={
            "request_hash": new.request_hash,
            "state": "claimed",
            "claim": new.claim,
            "claimed_until": new.claimed_until,
            "created_at": new.created_at,
            "status": None,
            "day": None,
            "receipt_id": None,
        },
        where=or_(
            (old.state == "claimed") & (old.claimed_until < func.clock_timestamp()),
            old.created_at < func.now() - KEPT,
        ),
    ).returning(old.claim)


def _row(key: Key) -> Any:
    where = idempotency.c
    return select(where.state, where.request_hash, where.status, where.day, where.receipt_id).where(
        where.tenant_id == key.scope, where.key_hash == key.key_hash
    )


def _finished(key: Key, claim: UUID, answer: Kept, sealed: bytes) -> Any:
    """Return the one statement that marks the key and stores its answer, if the claim still holds."""
    where = idempotency.c
    mine = (
        update(idempotency)
        .where(
            where.tenant_id == key.scope,
            where.key_hash == key.key_hash,
            where.claim == claim,
            where.state == "claimed",
        )
        .values(state="done", status=answer.status, day=cast(func.now(), Date), claimed_until=None)
        .returning(where.tenant_id, where.day, where.key_hash)
        .cte("mine")
    )
    row = select(mine.c.tenant_id, mine.c.day, mine.c.key_hash, literal(dict(answer.headers), JSONB), literal(sealed))
    return (
        insert(idempotency_answer)
        .from_select(["tenant_id", "day", "key_hash", "headers", "sealed"], row)
        .returning(idempotency_answer.c.key_hash)
    )
