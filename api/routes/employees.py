"""Employees."""

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

NOT_FOUND = "employee-not-found"


class EmployeeController(Controller):
    """Who works in the shop; their names lie sealed under the shop's key."""

    path = "/v1/employees"
    tags = ["Administration"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listEmployees",
        summary="List the employees, oldest first; those a till has named first wait unconfirmed",
        opt=operation("employees:read", query=schemas.InStoreQuery, answers={200: schemas.EmployeePage}),
    )
    async def list_employees(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Show employees."""
        wanted = read_query(request, schemas.InStoreQuery)
        async with reading() as unit:
            rows, cursor = await list_records(wanted, unit.places.employees)
            items = [schemas.Employee.model_validate(row) for row in rows]
        return answer(schemas.EmployeePage(items=items, next_cursor=cursor))

    @post(
        operation_id="createEmployee",
        summary="Add an employee",
        opt=operation(
            "employees:write",
            body=schemas.EmployeeCreate,
            answers={201: schemas.Employee},
            problems=["code-taken"],
            example={"code": "e-5", "name": "Ольга", "store": "main", "role": "seller"},
        ),
    )
    async def create_employee(
        self, request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Add an employee under the code that tills send."""
        body = await read_body(request, schemas.EmployeeCreate)

        async def work(unit: Any) -> schemas.Employee:
            added = await use_cases.add_record(body.model_dump(), records=unit.places.employees, unit=unit)
            return schemas.Employee.model_validate(added)

        return await command.run(work, status=201)

    @get(
        "/{employee_id:uuid}",
        operation_id="getEmployee",
        summary="Show an employee",
        opt=operation("employees:read", answers={200: schemas.Employee}, problems=[NOT_FOUND]),
    )
    async def get_employee(self, employee_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show one employee."""
        async with reading() as unit:
            return answer(schemas.Employee.model_validate(await unit.places.employees.get(employee_id)))

    @patch(
        "/{employee_id:uuid}",
        operation_id="updateEmployee",
        summary="Change an employee; what a person has edited counts as confirmed",
        opt=operation(
            "employees:write",
            body=schemas.EmployeePatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Employee},
            problems=[NOT_FOUND, "code-taken"],
            example={"name": "Ольга"},
        ),
    )
    async def update_employee(
        self, employee_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Lay the given fields over those there are."""
        body = await read_body(request, schemas.EmployeePatch)

        async def work(unit: Any) -> schemas.Employee:
            changed = await use_cases.change_record(
                employee_id,
                given(body),
                records=unit.places.employees,
                unit=unit,
                precondition=matching(request, schemas.Employee),
            )
            return schemas.Employee.model_validate(changed)

        return await command.run(work)

    @post(
        "/{employee_id:uuid}/archive",
        operation_id="archiveEmployee",
        summary="Archive an employee: out of lists, kept for what refers to it",
        status_code=200,
        opt=operation("employees:write", answers={200: schemas.Employee}, problems=[NOT_FOUND]),
    )
    async def archive_employee(
        self, employee_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Archive; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Employee:
            record = await use_cases.archive_record(employee_id, records=unit.places.employees, unit=unit)
            return schemas.Employee.model_validate(record)

        return await command.run(work)

    @post(
        "/{employee_id:uuid}/restore",
        operation_id="restoreEmployee",
        summary="Bring an archived employee back",
        status_code=200,
        opt=operation("employees:write", answers={200: schemas.Employee}, problems=[NOT_FOUND]),
    )
    async def restore_employee(
        self, employee_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Restore; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Employee:
            record = await use_cases.restore_record(employee_id, records=unit.places.employees, unit=unit)
            return schemas.Employee.model_validate(record)

        return await command.run(work)
