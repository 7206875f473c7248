"""The shop's rules in memory: one picture per version of its settings, read again when the version moves."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.checkout.rules import ShopRules, StoreFacts
from domain.loyalty.program import ProgramVersion
from persistence.database import Database
from persistence.tables.loyalty import program, program_version
from persistence.tables.platform import employee, register, store
from persistence.tenants import read_tenant
from tenancy.jurisdictions import restricted_goods

KEPT = 2000
"""Shops whose rules a process keeps; the one that was read first leaves first."""


class RulesCache:
    """Reads each shop's rules once per version; nothing depends on being told of a change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[UUID, ShopRules] = {}
        self._reading: dict[UUID, asyncio.Lock] = {}

    async def get(self, tenant_id: UUID, config_version: int | None = None) -> ShopRules:
        """Return the rules of a shop, not older than `config_version`.

        Raises:
            TenantNotFound: there is no such shop.
            Unavailable: the database is away.
        """
        known = self._kept.get(tenant_id)
        if known is not None and (config_version is None or known.config_version >= config_version):
            return known
        async with self._reading.setdefault(tenant_id, asyncio.Lock()):
            known = self._kept.get(tenant_id)
            if known is None or (config_version is not None and known.config_version < config_version):
                known = await self._read(tenant_id)
                self._kept[tenant_id] = known
                while len(self._kept) > KEPT:
                    self._kept.pop(next(iter(self._kept)))
        self._reading.pop(tenant_id, None)
        return known

    async def _read(self, tenant_id: UUID) -> ShopRules:
        async with self._database.scoped(tenant_id) as connection:
            tenant = await read_tenant(connection, tenant_id)
            stores = (await connection.execute(_places(store, tenant_id))).mappings().all()
            registers = (await connection.execute(_places(register, tenant_id))).mappings().all()
            employees = (await connection.execute(_places(employee, tenant_id))).mappings().all()
            return ShopRules(
                config_version=tenant.config_version,
                country=tenant.country,
                currency=tenant.currency,
                time_zone=tenant.time_zone,
                locale=tenant.locale,
                pack_on=partial(restricted_goods, tenant.jurisdiction),
                programs=await read_programs(connection, tenant_id),
                stores={row["code"]: StoreFacts(row["time_zone"], row["currency"]) for row in stores},
                registers={(row["store_code"], row["code"]) for row in registers},
                employees={row["code"] for row in employees},
                settings=tenant.settings,
            )


def _places(table: Table, tenant_id: UUID) -> Select[Any]:
    return select(table).where(table.c.tenant_id == tenant_id)


async def read_programs(connection: AsyncConnection, tenant_id: UUID) -> Sequence[tuple[datetime, ProgramVersion]]:
    """Return the versions of the shop's program by the moment each is valid from."""
    versions = program_version.c
    statement = (
        select(versions.program_id, program.c.code, versions.version, versions.valid_from, versions.rules)
        .join(program, (program.c.tenant_id == versions.tenant_id) & (program.c.program_id == versions.program_id))
        .where(versions.tenant_id == tenant_id)
        .order_by(versions.valid_from, versions.version)
    )
    rows = (await connection.execute(statement)).mappings().all()
    return [
        (
            row["valid_from"],
            ProgramVersion.from_rules(
                row["rules"], program_id=row["program_id"], code=row["code"], version=row["version"]
            ),
        )
        for row in rows
    ]
