"""Registers (tills)."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, read_query, require_no_body
from api.command import Command, Query
from api.merge_patch import given
from api.operation import operation
from api.routes.place_work import list_records, matching
from api.schemas import places as schemas
from tenancy import place_use_cases as use_cases

NOT_FOUND = "register-not-found"


class RegisterController(Controller):
    """Tills; a till that nobody has entered adds itself, unconfirmed."""

    path = "/v1/registers"
    tags = ["Administration"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listRegisters",
        summary="List the registers (tills), oldest first; those a till has named first wait unconfirmed",
        opt=operation("stores:read", query=schemas.InStoreQuery, answers={200: schemas.RegisterPage}),
    )
    async def list_registers(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Show registers (tills)."""
        wanted = read_query(request, schemas.InStoreQuery)
        async with reading() as unit:
            rows, cursor = await list_records(wanted, unit.places.registers)
            items = [schemas.Register.model_validate(row) for row in rows]
        return answer(schemas.RegisterPage(items=items, next_cursor=cursor))

    @post(
        operation_id="createRegister",
        summary="Add a register (till)",
        opt=operation(
            "stores:write",
            body=schemas.RegisterCreate,
            answers={201: schemas.Register},
            problems=["code-taken"],
            example={"code": "1", "store": "main", "name": "Касса у входа"},
        ),
    )
    async def create_register(
        self, request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Add a register (till) under the code that tills send."""
        body = await read_body(request, schemas.RegisterCreate)

        async def work(unit: Any) -> schemas.Register:
            added = await use_cases.add_record(body.model_dump(), records=unit.places.registers, unit=unit)
            return schemas.Register.model_validate(added)

        return await command.run(work, status=201)

    @get(
        "/{register_id:uuid}",
        operation_id="getRegister",
        summary="Show a register (till)",
        opt=operation("stores:read", answers={200: schemas.Register}, problems=[NOT_FOUND]),
    )
    async def get_register(self, register_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show one register."""
        async with reading() as unit:
            return answer(schemas.Register.model_validate(await unit.places.registers.get(register_id)))

    @patch(
        "/{register_id:uuid}",
        operation_id="updateRegister",
        summary="Change a register (till); what a person has edited counts as confirmed",
        opt=operation(
            "stores:write",
            body=schemas.RegisterPatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Register},
            problems=[NOT_FOUND, "code-taken"],
            example={"name": "Касса у входа"},
        ),
    )
    async def update_register(
        self, register_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Lay the given fields over those there are."""
        body = await read_body(request, schemas.RegisterPatch)

        async def work(unit: Any) -> schemas.Register:
            changed = await use_cases.change_record(
                register_id,
                given(body),
                records=unit.places.registers,
                unit=unit,
                precondition=matching(request, schemas.Register),
            )
            return schemas.Register.model_validate(changed)

        return await command.run(work)

    @post(
        "/{register_id:uuid}/archive",
        operation_id="archiveRegister",
        summary="Archive a register (till): out of lists, kept for what refers to it",
        status_code=200,
        opt=operation("stores:write", answers={200: schemas.Register}, problems=[NOT_FOUND]),
    )
    async def archive_register(
        self, register_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Archive; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Register:
            record = await use_cases.archive_record(register_id, records=unit.places.registers, unit=unit)
            return schemas.Register.model_validate(record)

        return await command.run(work)

    @post(
        "/{register_id:uuid}/restore",
        operation_id="restoreRegister",
        summary="Bring an archived register back",
        status_code=200,
        opt=operation("stores:write", answers={200: schemas.Register}, problems=[NOT_FOUND]),
    )
    async def restore_register(
        self, register_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Restore; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Register:
            record = await use_cases.restore_record(register_id, records=unit.places.registers, unit=unit)
            return schemas.Register.model_validate(record)

        return await command.run(work)
