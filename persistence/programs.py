"""Loyalty programs and their versions, for reading."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, func, select
from sqlalchemy.engine import RowMapping

from domain.loyalty.errors import ProgramNotFound
from domain.loyalty.ports import Program, Published
from domain.loyalty.program import ProgramVersion
from persistence.session import Session
from persistence.tables.loyalty import program, program_version


class PgPrograms:
    """The programs of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, program_id: UUID) -> Program:
        """Return one program.

        Raises:
            ProgramNotFound: there is none.
        """
        found = await self.by_id({program_id})
        if program_id not in found:
            raise ProgramNotFound
        return found[program_id]

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[Program]:
        """Return programs, oldest first."""
        statement = self._programs()
        if after is not None:
            statement = statement.where(program.c.program_id > after)
        return await self._whole(await self._session.all(statement.order_by(program.c.program_id).limit(limit)))

    async def by_id(self, program_ids: Collection[UUID]) -> Mapping[UUID, Program]:
        """Return those of the programs that exist."""
        if not program_ids:
            return {}
        statement = self._programs().where(program.c.program_id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
        rows = await self._session.all(statement, {"ids": sorted(program_ids)})
        return {one.program_id: one for one in await self._whole(rows)}

    def _programs(self) -> Select[Any]:
        return select(program).where(program.c.tenant_id == self._session.tenant_id)

    async def _whole(self, rows: Sequence[RowMapping]) -> list[Program]:
        versions = await self._versions([row["program_id"] for row in rows]) if rows else {}
        return [
            Program(
                row["program_id"],
                row["code"],
                row["name"],
                row["created_at"],
                tuple(_published(one, row["code"]) for one in versions.get(row["program_id"], ())),
            )
            for row in rows
        ]

    async def _versions(self, program_ids: Iterable[UUID]) -> dict[UUID, list[RowMapping]]:
        columns = program_version.c
        statement = (
            select(program_version)
            .where(columns.tenant_id == self._session.tenant_id)
            .where(columns.program_id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
            .order_by(columns.valid_from, columns.version)
        )
        found: dict[UUID, list[RowMapping]] = {}
        for row in await self._session.all(statement, {"ids": sorted(program_ids)}):
            found.setdefault(row["program_id"], []).append(row)
        return found


def _published(row: RowMapping, code: str) -> Published:
    version = ProgramVersion.from_rules(row["rules"], program_id=row["program_id"], code=code, version=row["version"])
    return Published(version, row["valid_from"], row["published_at"])
