"""The edge over the real database: what the container wires, with one small operation of its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from sqlalchemy import text

from api.answer import answer
from api.app import build_app
from api.body import read_body
from api.command import Command
from api.operation import operation
from api.schemas.base import AnswerModel, RequestModel, Text64
from api.services import Check, EdgeSettings, Services
from compliance.access.permissions import PERMISSIONS_OF
from compliance.access.principal import Principal
from domain.kernel.errors import Conflict
from persistence.database import Database
from persistence.idempotency import IdempotencyTable
from persistence.platform_unit import Platform
from persistence.rate_limit import LeasedRates
from persistence.unit_of_work import Store
from runtime.adapters.edge import EdgeIdempotency, EdgeRates
from tests.support.shop import Base

INSERT = text(
    "INSERT INTO store (tenant_id, store_id, code, created_at, updated_at) VALUES (:tenant, :id, :code, now(), now())"
)


class Opening(RequestModel):
    code: Text64
    refuse: bool = False


class Opened(AnswerModel):
    id: UUID
    code: str
    secret: str | None = "shown-once"

    def kept(self) -> Self:
        return self.model_copy(update={"secret": None})


@dataclass
class Gate:
    """Holds work back until it is opened."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)


class Stores(Controller):
    path = "/v1/test-stores"

    @post(
        operation_id="openStore",
        opt=operation("stores:write", body=Opening, answers={201: Opened}, problems=["unknown-reference"]),
    )
    async def create(
        self, request: Request[Any, Any, Any], command: NamedDependency[Command], gate: NamedDependency[Gate]
    ) -> Response[Any]:
        """Open a store."""
        body = await read_body(request, Opening)

        async def work(unit: Any) -> Opened:
            made = Opened(id=uuid4(), code=body.code)
            await unit.connection.execute(INSERT, {"tenant": unit.tenant_id, "id": made.id, "code": body.code})
            gate.reached.set()
            await gate.open.wait()
            if body.refuse:
                raise Conflict
            return made

        return await command.run(work, status=201)

    @post(
        "/tenants",
        operation_id="openTenant",
        opt=operation("tenants:manage", body=Opening, answers={201: Opened}),
    )
    async def open_tenant(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """Open a shop, as an operator does."""
        body = await read_body(request, Opening)

        async def work(unit: Any) -> Opened:
            tenant = uuid4()
            await unit.connection.execute(text("SELECT set_config('app.tenant_id', :t, true)"), {"t": str(tenant)})
            await unit.connection.execute(INSERT, {"tenant": tenant, "id": uuid4(), "code": body.code})
            return Opened(id=tenant, code=body.code)

        return await command.run(work, status=201)

    @get(operation_id="readStores", opt=operation("stores:read", answers={200: Opened}))
    async def read(self) -> Response[Any]:
        """Answer something."""
        return answer(Opened(id=uuid4(), code="x"))


@dataclass
class Worker:
    """One web process: a pool, caches and leases of its own."""

    database: Database
    http: httpx.AsyncClient
    gate: Gate
    table: IdempotencyTable

    async def close(self) -> None:
        await self.http.aclose()
        await self.database.close()


async def start_worker(base: Base, tenant: UUID, *, gate: Gate | None = None, rate: int = 100_000) -> Worker:
    """Return a worker whose bearer token `<role>` is a key of that role, `operator` an operator's."""
    database = Database(base.postgres.app)
    await database.open()
    if gate is None:
        gate = Gate()
        gate.open.set()
    table = IdempotencyTable(database, base.vaults)
    services = Services(
        settings=EdgeSettings(rate_per_second=rate),
        clock=base.clock,
        credentials=_Roles(tenant),
        idempotency=EdgeIdempotency(table),
        rate_limiter=EdgeRates(LeasedRates(database)),
        transaction=Store(database, base.vaults, base.clock).transaction,
        platform=Platform(database, base.vaults, base.clock).transaction,
        tenant_locale=_locale,
        readiness=_ready,
        parts={"gate": gate},
    )
    app = build_app(services, routes=[Stores])
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://edge.test", headers={"Authorization": "Bearer owner"}
    )
    return Worker(database, http, gate, table)


@dataclass
class _Roles:
    tenant: UUID

    async def authenticate(self, token: str) -> Principal | None:
        if token == "operator":
            return Principal("operator", None, None, token, PERMISSIONS_OF[token], "live")
        return Principal("key", self.tenant, UUID(int=7), token, PERMISSIONS_OF[token], "live")


async def _locale(_: UUID) -> str:
    return "en"


async def _ready() -> Sequence[Check]:
    return []
