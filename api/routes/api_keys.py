"""A shop's own API keys."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, read_optional_body, read_query, require_no_body
from api.command import Command, Query
from api.operation import operation
from api.paging import PageQuery, decode_cursor, page
from api.schemas import access as schemas
from compliance.access import use_cases
from compliance.access.api_key import ApiKey
from compliance.access.ports import AccessUnit, IssuedKey


class ApiKeyController(Controller):
    """Keys are made here, and their text is shown here, once."""

    path = "/v1/api-keys"
    tags = ["Access"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listApiKeys",
        summary="List the shop's API keys, oldest first",
        opt=operation("keys:read", query=PageQuery, answers={200: schemas.ApiKeyPage}),
    )
    async def list_keys(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Show everything about keys but their secrets."""
        wanted = read_query(request, PageQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
        async with reading() as unit:
            rows = await unit.api_keys.page(after=after, limit=wanted.limit + 1)
            now = unit.clock.now()
        kept, cursor = page(rows, wanted.limit, lambda key: [str(key.id)])
        return answer(schemas.ApiKeyPage(items=[_shown(key, now) for key in kept], next_cursor=cursor))

    @post(
        operation_id="createApiKey",
        summary="Make an API key; its text is in this answer only",
        opt=operation(
            "keys:manage",
            body=schemas.ApiKeyCreate,
            answers={201: schemas.ApiKeyIssued},
            problems=["role-too-wide", "invalid-value"],
            example={"name": "Till 1", "role": "cashier"},
        ),
    )
    async def create_key(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """Make a key that may do no more than the one that asks."""
        body = await read_body(request, schemas.ApiKeyCreate)

        async def work(unit: AccessUnit) -> schemas.ApiKeyIssued:
            issued = await use_cases.create_api_key(
                name=body.name,
                role=body.role,
                mode=body.mode,
                expires_at=body.expires_at,
                maker=request.auth,
                unit=unit,
            )
            return _issued(issued, unit.clock.now())

        return await command.run(work, status=201)

    @get(
        "/{api_key_id:uuid}",
        operation_id="getApiKey",
        summary="Show an API key, without its secret",
        opt=operation("keys:read", answers={200: schemas.ApiKey}, problems=["api-key-not-found"]),
    )
    async def get_key(self, api_key_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show one key."""
        async with reading() as unit:
            return answer(_shown(await unit.api_keys.get(api_key_id), unit.clock.now()))

    @post(
        "/{api_key_id:uuid}/rotate",
        operation_id="rotateApiKey",
        summary="Replace an API key by a new one; both work for the overlap",
        status_code=200,
        opt=operation(
            "keys:manage",
            body=schemas.ApiKeyRotate,
            body_optional=True,
            answers={200: schemas.ApiKeyIssued},
            problems=["api-key-not-found", "api-key-not-active", "role-too-wide"],
            example={"overlap_seconds": 86400},
        ),
    )
    async def rotate_key(
        self, api_key_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Answer with the new key; the old one names it in `replaced_by`."""
        body = await read_optional_body(request, schemas.ApiKeyRotate)

        async def work(unit: AccessUnit) -> schemas.ApiKeyIssued:
            issued = await use_cases.rotate_api_key(
                api_key_id, overlap_seconds=body.overlap_seconds, maker=request.auth, unit=unit
            )
            return _issued(issued, unit.clock.now())

        return await command.run(work)

    @post(
        "/{api_key_id:uuid}/revoke",
        operation_id="revokeApiKey",
        summary="End an API key; it is refused everywhere within five seconds",
        status_code=200,
        opt=operation("keys:manage", answers={200: schemas.ApiKey}, problems=["api-key-not-found"]),
    )
    async def revoke_key(
        self, api_key_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """End a key now; ending it again changes nothing."""
        await require_no_body(request)

        async def work(unit: AccessUnit) -> schemas.ApiKey:
            return _shown(await use_cases.revoke_api_key(api_key_id, unit=unit), unit.clock.now())

        return await command.run(work)


def _shown(key: ApiKey, now: datetime) -> schemas.ApiKey:
    return schemas.ApiKey(**asdict(key), status=key.status(now))


def _issued(issued: IssuedKey, now: datetime) -> schemas.ApiKeyIssued:
    return schemas.ApiKeyIssued(**asdict(issued.key), status=issued.key.status(now), api_key=issued.text.text)
