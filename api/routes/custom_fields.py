"""The shop's own fields."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, read_query, require_no_body
from api.command import Command, Query
from api.etag import require_match
from api.merge_patch import given
from api.operation import operation
from api.paging import decode_cursor, page
from api.schemas import custom_fields as schemas
from api.showing import shown_field
from domain.customers.custom_fields import CustomField, FieldRules
from domain.customers.use_cases import custom_fields as use_cases

NO_FIELD = "custom-field-not-found"


class CustomFieldController(Controller):
    """Typed, checked, and filterable at once."""

    path = "/v1/custom-fields"
    tags = ["Customers"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listCustomFields",
        summary="List the shop's own fields by code",
        opt=operation("custom-fields:read", query=schemas.CustomFieldQuery, answers={200: schemas.CustomFieldPage}),
    )
    async def list_fields(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Archived ones when asked for."""
        wanted = read_query(request, schemas.CustomFieldQuery)
        after = decode_cursor(wanted.cursor, _code)[0] if wanted.cursor else None
        async with reading() as unit:
            rows = await unit.custom_fields.page(after=after, limit=wanted.limit + 1, archived=wanted.archived)
        kept, cursor = page(rows, wanted.limit, lambda field: [field.code])
        return answer(schemas.CustomFieldPage(items=[shown_field(one) for one in kept], next_cursor=cursor))

    @post(
        operation_id="createCustomField",
        summary="Define a field of the shop's own",
        opt=operation(
            "custom-fields:manage",
            body=schemas.CustomFieldCreate,
            answers={201: schemas.CustomField},
            problems=["custom-field-exists", "custom-field-limit", "invalid-value"],
            example={"code": "skin_type", "type": "enum", "label": "Тип кожи", "options": ["dry", "oily"]},
        ),
    )
    async def create(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """At most 64 are in use at a time."""
        body = await read_body(request, schemas.CustomFieldCreate)
        rules = FieldRules(
            options=tuple(body.options),
            minimum=body.minimum,
            maximum=body.maximum,
            max_length=body.max_length,
            to=body.to,
        )

        async def work(unit: Any) -> schemas.CustomField:
            defined = await use_cases.define_field(
                code=body.code, type_=body.type, label=body.label, rules=rules, unit=unit
            )
            return shown_field(defined)

        return await command.run(work, status=201)

    @get(
        "/{field_id:uuid}",
        operation_id="getCustomField",
        summary="Show a field of the shop's own",
        opt=operation("custom-fields:read", answers={200: schemas.CustomField}, problems=[NO_FIELD]),
    )
    async def show(self, field_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """One field."""
        async with reading() as unit:
            return answer(shown_field(await unit.custom_fields.get(field_id)))

    @patch(
        "/{field_id:uuid}",
        operation_id="updateCustomField",
        summary="Change label or rules of a field",
        opt=operation(
            "custom-fields:manage",
            body=schemas.CustomFieldPatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.CustomField},
            problems=[NO_FIELD, "invalid-value"],
            example={"label": "Кожа"},
        ),
    )
    async def update(
        self, request: Request[Any, Any, Any], field_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Values that are stored stay as they are; new ones follow the new rules."""
        body = await read_body(request, schemas.CustomFieldPatch)
        changes = given(body)
        if "options" in changes:
            changes["options"] = tuple(changes["options"])

        async def work(unit: Any) -> schemas.CustomField:
            changed = await use_cases.change_field(field_id, changes, unit=unit, check=_matching(request))
            return shown_field(changed)

        return await command.run(work)

    @post(
        "/{field_id:uuid}/archive",
        operation_id="archiveCustomField",
        summary="Put a field away: its values stay and are accepted no more",
        status_code=200,
        opt=operation("custom-fields:manage", answers={200: schemas.CustomField}, problems=[NO_FIELD]),
    )
    async def archive(
        self, request: Request[Any, Any, Any], field_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.CustomField:
            return shown_field(await use_cases.archive_field(field_id, unit=unit))

        return await command.run(work)

    @post(
        "/{field_id:uuid}/restore",
        operation_id="restoreCustomField",
        summary="Take a field out of the archive",
        status_code=200,
        opt=operation(
            "custom-fields:manage",
            answers={200: schemas.CustomField},
            problems=[NO_FIELD, "custom-field-limit"],
        ),
    )
    async def restore(
        self, request: Request[Any, Any, Any], field_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.CustomField:
            return shown_field(await use_cases.restore_field(field_id, unit=unit))

        return await command.run(work)


def _matching(request: Request[Any, Any, Any]) -> Callable[[CustomField], None]:
    return lambda field: require_match(request, shown_field(field).etag())


def _code(part: object) -> str:
    if not isinstance(part, str):
        raise ValueError
    return part
