"""Loyalty programs, for reading."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_query
from api.command import Query
from api.operation import operation
from api.paging import PageQuery, decode_cursor, page
from api.schemas import loyalty as schemas
from domain.loyalty.ports import Program

NOT_FOUND = "program-not-found"


class ProgramController(Controller):
    """Every shop has the preset program; receipts are computed by the version of their sale date."""

    path = "/v1/loyalty/programs"
    tags = ["Loyalty"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listPrograms",
        summary="List the loyalty programs with the rules in force",
        opt=operation("programs:read", query=PageQuery, answers={200: schemas.ProgramPage}),
    )
    async def list_programs(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Show programs, oldest first."""
        wanted = read_query(request, PageQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
        async with reading() as unit:
            rows = await unit.programs.page(after=after, limit=wanted.limit + 1)
            now = unit.clock.now()
        kept, cursor = page(rows, wanted.limit, lambda one: [str(one.program_id)])
        return answer(schemas.ProgramPage(items=[_shown(one, now) for one in kept], next_cursor=cursor))

    @get(
        "/{program_id:uuid}",
        operation_id="getProgram",
        summary="Show a loyalty program with the rules in force",
        opt=operation("programs:read", answers={200: schemas.Program}, problems=[NOT_FOUND]),
    )
    async def get_program(self, program_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show one program."""
        async with reading() as unit:
            return answer(_shown(await unit.programs.get(program_id), unit.clock.now()))

    @get(
        "/{program_id:uuid}/versions",
        operation_id="listProgramVersions",
        summary="List the versions of a loyalty program, newest first",
        opt=operation(
            "programs:read", query=PageQuery, answers={200: schemas.ProgramVersionPage}, problems=[NOT_FOUND]
        ),
    )
    async def list_versions(
        self, program_id: FromPath[UUID], request: Request[Any, Any, Any], reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Show every version that was ever published."""
        wanted = read_query(request, PageQuery)
        below = decode_cursor(wanted.cursor, int)[0] if wanted.cursor else None
        async with reading() as unit:
            program = await unit.programs.get(program_id)
        newest = sorted(program.versions, key=lambda one: one.version.version, reverse=True)
        rows = [one for one in newest if below is None or one.version.version < below]
        kept, cursor = page(rows[: wanted.limit + 1], wanted.limit, lambda one: [one.version.version])
        items = [schemas.ProgramVersion.of(one) for one in kept]
        return answer(schemas.ProgramVersionPage(items=items, next_cursor=cursor))


def _shown(program: Program, now: datetime) -> schemas.Program:
    current = program.at(now)
    return schemas.Program(
        id=program.program_id,
        code=program.code,
        name=program.name,
        version=current.version.version,
        valid_from=current.valid_from,
        rules=schemas.ProgramRules.model_validate(current.version),
        created_at=program.created_at,
    )
