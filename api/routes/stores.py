"""Stores."""

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

NOT_FOUND = "store-not-found"


class StoreController(Controller):
    """Places of sale."""

    path = "/v1/stores"
    tags = ["Administration"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listStores",
        summary="List the stores, oldest first; those a till has named first wait unconfirmed",
        opt=operation("stores:read", query=schemas.PlaceQuery, answers={200: schemas.StorePage}),
    )
    async def list_stores(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Show stores."""
        wanted = read_query(request, schemas.PlaceQuery)
        async with reading() as unit:
            rows, cursor = await list_records(wanted, unit.places.stores)
            items = [schemas.Store.model_validate(row) for row in rows]
        return answer(schemas.StorePage(items=items, next_cursor=cursor))

    @post(
        operation_id="createStore",
        summary="Add a store",
        opt=operation(
            "stores:write",
            body=schemas.StoreCreate,
            answers={201: schemas.Store},
            problems=["code-taken", "unknown-setting"],
            example={"code": "main", "name": "На Невском"},
        ),
    )
    async def create_store(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """Add a store under the code that tills send."""
        body = await read_body(request, schemas.StoreCreate)

        async def work(unit: Any) -> schemas.Store:
            added = await use_cases.add_record(body.model_dump(), records=unit.places.stores, unit=unit)
            return schemas.Store.model_validate(added)

        return await command.run(work, status=201)

    @get(
        "/{store_id:uuid}",
        operation_id="getStore",
        summary="Show a store",
        opt=operation("stores:read", answers={200: schemas.Store}, problems=[NOT_FOUND]),
    )
    async def get_store(self, store_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show one store."""
        async with reading() as unit:
            return answer(schemas.Store.model_validate(await unit.places.stores.get(store_id)))

    @patch(
        "/{store_id:uuid}",
        operation_id="updateStore",
        summary="Change a store; what a person has edited counts as confirmed",
        opt=operation(
            "stores:write",
            body=schemas.StorePatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Store},
            problems=[NOT_FOUND, "code-taken", "unknown-setting"],
            example={"name": "На Невском", "time_zone": "Europe/Moscow"},
        ),
    )
    async def update_store(
        self, store_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Lay the given fields over those there are."""
        body = await read_body(request, schemas.StorePatch)

        async def work(unit: Any) -> schemas.Store:
            changed = await use_cases.change_record(
                store_id,
                given(body),
                records=unit.places.stores,
                unit=unit,
                precondition=matching(request, schemas.Store),
            )
            return schemas.Store.model_validate(changed)

        return await command.run(work)

    @post(
        "/{store_id:uuid}/archive",
        operation_id="archiveStore",
        summary="Archive a store: out of lists, kept for what refers to it",
        status_code=200,
        opt=operation("stores:write", answers={200: schemas.Store}, problems=[NOT_FOUND]),
    )
    async def archive_store(
        self, store_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Archive; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Store:
            record = await use_cases.archive_record(store_id, records=unit.places.stores, unit=unit)
            return schemas.Store.model_validate(record)

        return await command.run(work)

    @post(
        "/{store_id:uuid}/restore",
        operation_id="restoreStore",
        summary="Bring an archived store back",
        status_code=200,
        opt=operation("stores:write", answers={200: schemas.Store}, problems=[NOT_FOUND]),
    )
    async def restore_store(
        self, store_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Restore; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Store:
            record = await use_cases.restore_record(store_id, records=unit.places.stores, unit=unit)
            return schemas.Store.model_validate(record)

        return await command.run(work)
