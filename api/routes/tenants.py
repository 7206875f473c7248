"""Shops, for the operator."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, read_query, require_no_body
from api.command import Command, Query
from api.operation import operation
from api.paging import PageQuery, decode_cursor, page
from api.schemas import tenants as schemas
from compliance.access.open_tenant import OpeningUnit, open_tenant
from tenancy import use_cases
from tenancy.ports import PlatformUnit
from tenancy.tenant import Tenant

EXAMPLE = {
    "name": "Лавка",
    "country": "RU",
    "currency": "RUB",
    "time_zone": "Europe/Moscow",
    "locale": "ru",
}


class TenantController(Controller):
    """The list of shops; no operation here shows a shop's data."""

    path = "/v1/tenants"
    tags = ["Platform"]  # noqa: RUF012 - the framework's own attribute

    @post(
        operation_id="createTenant",
        summary="Open a shop (tenant, merchant account); its owner's key is in this answer only",
        opt=operation(
            "tenants:manage",
            body=schemas.TenantCreate,
            answers={201: schemas.TenantOpened},
            problems=["unknown-setting"],
            example=EXAMPLE,
        ),
    )
    async def create_tenant(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """Open a shop with keys of its own, the preset points program and its owner's key."""
        body = await read_body(request, schemas.TenantCreate)

        async def work(unit: OpeningUnit) -> schemas.TenantOpened:
            tenant = use_cases.new_tenant(**body.model_dump(), clock=unit.clock)
            opened = await open_tenant(tenant, unit=unit)
            return schemas.TenantOpened(**shown(opened.tenant).model_dump(), api_key=opened.api_key)

        return await command.run(work, status=201)

    @get(
        operation_id="listTenants",
        summary="List the shops, oldest first",
        opt=operation("tenants:read", query=PageQuery, answers={200: schemas.TenantPage}),
    )
    async def list_tenants(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Show every shop's settings and state."""
        wanted = read_query(request, PageQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
        async with reading() as unit:
            rows = await unit.tenants.page(after=after, limit=wanted.limit + 1)
        kept, cursor = page(rows, wanted.limit, lambda tenant: [str(tenant.tenant_id)])
        return answer(schemas.TenantPage(items=[shown(tenant) for tenant in kept], next_cursor=cursor))

    @get(
        "/{tenant_id:uuid}",
        operation_id="getTenant",
        summary="Show a shop",
        opt=operation("tenants:read", answers={200: schemas.Tenant}, problems=["tenant-not-found"]),
    )
    async def get_tenant(self, tenant_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show one shop's settings and state."""
        async with reading() as unit:
            return answer(shown(await unit.tenants.get(tenant_id)))

    @post(
        "/{tenant_id:uuid}/suspend",
        operation_id="suspendTenant",
        summary="Suspend a shop: tills and writers are refused, owner and data-protection officer may read",
        status_code=200,
        opt=operation("tenants:manage", answers={200: schemas.Tenant}, problems=["tenant-not-found"]),
    )
    async def suspend_tenant(
        self, tenant_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Shut tills and writers out; suspending again changes nothing."""
        await require_no_body(request)

        async def work(unit: PlatformUnit) -> schemas.Tenant:
            return shown(await use_cases.suspend_tenant(tenant_id, unit=unit))

        return await command.run(work)

    @post(
        "/{tenant_id:uuid}/resume",
        operation_id="resumeTenant",
        summary="Let a suspended shop work again",
        status_code=200,
        opt=operation("tenants:manage", answers={200: schemas.Tenant}, problems=["tenant-not-found"]),
    )
    async def resume_tenant(
        self, tenant_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Let everybody in again; resuming an active shop changes nothing."""
        await require_no_body(request)

        async def work(unit: PlatformUnit) -> schemas.Tenant:
            return shown(await use_cases.resume_tenant(tenant_id, unit=unit))

        return await command.run(work)


def shown(tenant: Tenant) -> schemas.Tenant:
    """Return the shop as the contract shows it."""
    return schemas.Tenant(
        id=tenant.tenant_id,
        name=tenant.name,
        status=tenant.status,
        country=tenant.country,
        currency=tenant.currency,
        time_zone=tenant.time_zone,
        locale=tenant.locale,
        jurisdiction=tenant.jurisdiction,
        settings=tenant.settings,
        created_at=tenant.created_at,
    )
