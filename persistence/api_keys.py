"""API keys in PostgreSQL: a shop's own, and the operator's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, insert, or_, select, update

from compliance.access.api_key import LIVE, ApiKey
from compliance.access.errors import ApiKeyNotFound
from compliance.access.permissions import OPERATOR
from compliance.access.ports import KeyName, StoredKey
from persistence.database import Database
from persistence.session import Session
from persistence.tables.platform import api_key, operator_key, tenant

_COLUMNS = (
    api_key.c.key_id.label("id"),
    api_key.c.key_no.label("number"),
    api_key.c.name,
    api_key.c.role,
    api_key.c.mode,
    api_key.c.created_at,
    api_key.c.created_by,
    api_key.c.expires_at,
    api_key.c.revoked_at,
    api_key.c.last_used_at,
    api_key.c.replaced_by_no.label("replaced_by"),
)


class PgApiKeys:
    """The API keys of one shop, in its open transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, key: ApiKey, secret_hash: bytes) -> None:
        """Store a new key."""
        values = {
            "tenant_id": self._session.tenant_id,
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
        await self._session.run(insert(api_key), values)

    async def get(self, key_id: UUID, *, lock: bool = False) -> ApiKey:
        """Return the key, held until the transaction ends if `lock`.

        Raises:
            ApiKeyNotFound: there is none.
        """
        statement = select(*_COLUMNS).where(*self._is(key_id))
        row = await self._session.one(statement.with_for_update() if lock else statement)
        if row is None:
            raise ApiKeyNotFound
        return ApiKey(**row)

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        """Return at most `limit` keys, oldest first, those after `after` only."""
        statement = select(*_COLUMNS).where(api_key.c.tenant_id == self._session.tenant_id)
        if after is not None:
            statement = statement.where(api_key.c.key_id > after)
        return [ApiKey(**row) for row in await self._session.all(statement.order_by(api_key.c.key_id).limit(limit))]

    async def revoke(self, key_id: UUID, *, at: datetime) -> ApiKey:
        """Return the key, which is refused from `at` on; an earlier end stays."""
        return await self._change(key_id, {"revoked_at": func.coalesce(api_key.c.revoked_at, at)})

    async def replace(self, key_id: UUID, *, by: int, expires_at: datetime) -> ApiKey:
        """Return the key, which ends at `expires_at` and was replaced by number `by`."""
        return await self._change(key_id, {"replaced_by_no": by, "expires_at": expires_at})

    async def _change(self, key_id: UUID, values: Mapping[str, Any]) -> ApiKey:
        row = await self._session.one(update(api_key).where(*self._is(key_id)).values(**values).returning(*_COLUMNS))
        if row is None:
            raise ApiKeyNotFound
        return ApiKey(**row)

    def _is(self, key_id: UUID) -> tuple[ColumnElement[bool], ...]:
        return api_key.c.tenant_id == self._session.tenant_id, api_key.c.key_id == key_id


class PgCredentials:
    """Keys as the front door reads them; the tenant is the one that the key names, so a forged name finds nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, name: KeyName) -> StoredKey | None:
        """Return the key of that tenant with that number."""
        tenant_id, number = name
        if tenant_id is None:
            return await self._find_operator(number)
        statement = (
            select(api_key, tenant.c.status)
            .join(tenant, tenant.c.tenant_id == api_key.c.tenant_id)
            .where(api_key.c.tenant_id == tenant_id, api_key.c.key_no == number)
        )
        async with self._database.scoped(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _stored(row, row.key_id, row.role, row.mode, suspended=row.status != "active")

    async def used(self, uses: Mapping[KeyName, datetime]) -> None:
        """Note when keys were last used; a later time already noted stays."""
        by_tenant: dict[UUID | None, list[tuple[int, datetime]]] = {}
        for (tenant_id, number), at in uses.items():
            by_tenant.setdefault(tenant_id, []).append((number, at))
        for tenant_id, keys in by_tenant.items():
            if tenant_id is None:
                async with self._database.platform() as connection:
                    for number, at in keys:
                        older = or_(operator_key.c.last_used_at.is_(None), operator_key.c.last_used_at < at)
                        await connection.execute(
                            update(operator_key).where(operator_key.c.key_no == number, older).values(last_used_at=at)
                        )
                continue
            async with self._database.scoped(tenant_id) as connection:
                for number, at in keys:
                    older = or_(api_key.c.last_used_at.is_(None), api_key.c.last_used_at < at)
                    mine = api_key.c.tenant_id == tenant_id, api_key.c.key_no == number
                    await connection.execute(update(api_key).where(*mine, older).values(last_used_at=at))

    async def _find_operator(self, number: int) -> StoredKey | None:
        async with self._database.platform() as connection:
            row = (await connection.execute(select(operator_key).where(operator_key.c.key_no == number))).one_or_none()
        return None if row is None else _stored(row, None, OPERATOR, LIVE, suspended=False)


class OperatorKeys:
    """The operator's keys, as the machine's own commands see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, number: int, name: str, secret_hash: bytes, now: datetime) -> None:
        """Store a new key."""
        values = {"key_no": number, "name": name, "secret_hash": secret_hash, "created_at": now}
        async with self._database.platform() as connection:
            await connection.execute(insert(operator_key).values(values))

    async def all(self) -> Sequence[Row[Any]]:
        """Return every key (`key_no`, `name`, dates), oldest first, without its hash."""
        shown = [column for column in operator_key.c if column.name != "secret_hash"]
        async with self._database.platform() as connection:
            return (await connection.execute(select(*shown).order_by(operator_key.c.created_at))).all()

    async def revoke(self, number: int, now: datetime) -> bool:
        """End a key, and tell whether there was one to end."""
        statement = update(operator_key).where(operator_key.c.key_no == number, operator_key.c.revoked_at.is_(None))
        async with self._database.platform() as connection:
            return (await connection.execute(statement.values(revoked_at=now))).rowcount == 1


def _stored(row: Row[Any], key_id: UUID | None, role: str, mode: str, *, suspended: bool) -> StoredKey:
    return StoredKey(
        key_id=key_id,
        role=role,
        mode=mode,
        secret_hash=row.secret_hash,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        suspended=suspended,
    )
