"""A small application over fakes: the edge alone, without database or rules."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Annotated, Any, Self
from uuid import UUID

import httpx
from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import Field

from api.answer import answer
from api.app import Application, build_app
from api.body import read_body, read_query
from api.command import Command, Query
from api.etag import require_match, strong_etag
from api.operation import operation
from api.paging import PageQuery, decode_cursor, encode_cursor
from api.schemas.base import Amount, AnswerModel, Moment, RequestModel, Text64, Text200
from api.services import (
    Check,
    Claimed,
    EdgeSettings,
    IdempotencyKey,
    InFlight,
    RateVerdict,
    Reused,
    Services,
    Stored,
)
from compliance.access.permissions import PERMISSIONS_OF
from compliance.access.principal import Principal
from domain.kernel.clock import SystemClock
from domain.kernel.errors import Conflict, NotFound, RuleViolation
from domain.kernel.events import Actor
from domain.kernel.transaction import Retry

TENANT = UUID("01970000-0000-7000-8000-000000000001")
OWNER = {"Authorization": "Bearer owner-token"}
CASHIER = {"Authorization": "Bearer cashier-token"}


class ThingNotFound(NotFound):
    code = "customer-not-found"
    title = "No such thing"


class ThingTaken(Conflict):
    code = "identifier-taken"
    title = "Taken"


class Part(RequestModel):
    sku: Text64
    amount: Amount


class ThingCreate(RequestModel):
    name: Text200
    parts: Annotated[list[Part], Field(default_factory=list, max_length=1000)]
    at: Moment | None = None
    count: Annotated[int, Field(ge=1, le=1000)] | None = None
    custom: Annotated[dict[str, str], Field(default_factory=dict)]


class ThingPatch(RequestModel):
    name: Text200 | None = None


class Thing(AnswerModel):
    id: UUID
    name: str | None
    at: Moment | None = None
    secret: str | None = None

    def etag(self) -> str:
        return strong_etag(self.name)

    def kept(self) -> Self:
        return self.model_copy(update={"secret": None})


class ThingPage(AnswerModel):
    items: list[Thing]
    next_cursor: str | None


class ThingQuery(PageQuery):
    tag: Annotated[list[Text64], Field(default_factory=list)]
    created_from: Moment | None = None


@dataclass
class FakeUnit:
    things: dict[UUID, Thing] = field(default_factory=dict)
    kept: dict[bytes, Stored] = field(default_factory=dict)
    settings: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(suspended=False))


@dataclass
class FakeWorld:
    """Everything behind the edge; a transaction works on a copy and puts it back when it commits."""

    unit: FakeUnit = field(default_factory=FakeUnit)
    claims: dict[bytes, tuple[bytes, UUID]] = field(default_factory=dict)
    retries: int = 0
    allowed: int = 10**9
    ready: bool = True
    suspended: bool = False
    locale: str = "en"

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID, actor: Actor) -> AsyncIterator[FakeUnit]:
        if self.retries:
            self.retries -= 1
            raise Retry
        shop = SimpleNamespace(suspended=self.suspended)
        unit = replace(self.unit, things=dict(self.unit.things), kept=dict(self.unit.kept), settings=shop)
        yield unit
        self.unit = unit

    @asynccontextmanager
    async def platform(self, actor: Actor) -> AsyncIterator[FakeUnit]:
        yield self.unit

    async def claim(self, key: IdempotencyKey) -> Claimed | InFlight | Reused | Stored:
        if key.key_hash in self.claims:
            request_hash, _ = self.claims[key.key_hash]
            if request_hash != key.request_hash:
                return Reused()
            return self.unit.kept.get(key.key_hash) or InFlight()
        token = uuid.uuid4()
        self.claims[key.key_hash] = (key.request_hash, token)
        return Claimed(token)

    async def finish(self, unit: FakeUnit, key: IdempotencyKey, claim: UUID, stored: Stored) -> bool:
        unit.kept[key.key_hash] = stored
        return True

    async def release(self, key: IdempotencyKey, claim: UUID) -> None:
        if key.key_hash not in self.unit.kept:
            self.claims.pop(key.key_hash, None)

    async def take(self, scope: UUID, bucket: str, per_second: int) -> RateVerdict:
        self.allowed -= 1
        return RateVerdict(allowed=self.allowed >= 0, remaining=max(0, self.allowed), retry_after=0.5)

    async def authenticate(self, token: str) -> Principal | None:
        role = token.removesuffix("-token")
        if role not in PERMISSIONS_OF or not token.endswith("-token"):
            return None
        return Principal("key", TENANT, UUID(int=7), role, PERMISSIONS_OF[role], "live", self.suspended)

    async def tenant_locale(self, tenant_id: UUID) -> str:
        return self.locale

    async def readiness(self) -> list[Check]:
        return [Check("database", self.ready, "" if self.ready else "is away")]


class Things(Controller):
    path = "/v1/things"
    tags = ("Things",)

    @post(
        operation_id="createThing",
        summary="Create a thing",
        opt=operation(
            "customers:write", body=ThingCreate, answers={201: Thing}, problems=["identifier-taken"], dry_run=True
        ),
    )
    async def create(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """Create a thing."""
        body = await read_body(request, ThingCreate)

        async def work(unit: FakeUnit) -> Thing:
            if body.name == "boom":
                raise ValueError("+79350004567 is a secret")
            if any(thing.name == body.name for thing in unit.things.values()):
                raise ThingTaken(customer_id=str(UUID(int=9)))
            thing = Thing(id=uuid.uuid4(), name=body.name, at=body.at, secret="once")
            unit.things[thing.id] = thing
            return thing

        return await command.run(work, status=201)

    @get(
        operation_id="listThings",
        summary="List things",
        opt=operation("customers:read", query=ThingQuery, answers={200: ThingPage}),
    )
    async def list(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """List things."""
        wanted = read_query(request, ThingQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else UUID(int=0)
        async with reading() as unit:
            rows = sorted((t for t in unit.things.values() if t.id > after), key=lambda t: t.id)
        kept = rows[: wanted.limit]
        more = encode_cursor([str(kept[-1].id)]) if len(rows) > wanted.limit else None
        return answer(ThingPage(items=kept, next_cursor=more))

    @get(
        "/{thing_id:uuid}",
        operation_id="getThing",
        summary="Get a thing",
        opt=operation("customers:read", answers={200: Thing}, problems=["customer-not-found"]),
    )
    async def read(self, thing_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Get a thing."""
        async with reading() as unit:
            if thing_id not in unit.things:
                raise ThingNotFound
            return answer(unit.things[thing_id])

    @patch(
        "/{thing_id:uuid}",
        operation_id="updateThing",
        summary="Change a thing",
        opt=operation(
            "customers:write",
            body=ThingPatch,
            merge_patch=True,
            if_match=True,
            answers={200: Thing},
            problems=["customer-not-found"],
        ),
    )
    async def update(
        self, thing_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Change a thing."""
        body = await read_body(request, ThingPatch)

        async def work(unit: FakeUnit) -> Thing:
            if thing_id not in unit.things:
                raise ThingNotFound
            thing = unit.things[thing_id]
            require_match(request, thing.etag())
            unit.things[thing_id] = thing.model_copy(update=body.model_dump(exclude_unset=True))
            return unit.things[thing_id]

        return await command.run(work)

    @delete(
        "/{thing_id:uuid}",
        operation_id="deleteThing",
        summary="Remove a thing",
        status_code=200,  # the framework allows no answer object with 204; ours says 204 itself
        opt=operation("customers:write", answers={204: None}, problems=["customer-not-found"]),
    )
    async def remove(self, thing_id: FromPath[UUID], command: NamedDependency[Command]) -> Response[Any]:
        """Remove a thing."""

        async def work(unit: FakeUnit) -> None:
            if unit.things.pop(thing_id, None) is None:
                raise ThingNotFound

        return await command.run(work, status=204)

    @post(
        "/batch",
        operation_id="createThings",
        summary="Create many things",
        opt=operation("customers:write", body=ThingCreate, answers={200: Thing}, limited=False),
    )
    async def batch(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """Create many things."""
        body = await read_body(request, ThingCreate)

        async def work(unit: FakeUnit) -> Thing:
            if len(body.parts) > 100:
                raise RuleViolation
            return Thing(id=uuid.uuid4(), name=body.name)

        return await command.run(work)


def edge(world: FakeWorld, *, more: Mapping[str, Any] | None = None, **settings: Any) -> Application:
    """Return an application over `world`; `more` are further parts of its services."""
    return build_app(
        Services(
            settings=EdgeSettings(**settings),
            clock=SystemClock(),
            credentials=world,
            idempotency=world,
            rate_limiter=world,
            transaction=world.transaction,
            platform=world.platform,
            tenant_locale=world.tenant_locale,
            readiness=world.readiness,
            **(more or {}),
        ),
        routes=[Things],
    )


def client(app: Application, headers: Mapping[str, str] = OWNER) -> httpx.AsyncClient:
    """Return a client of `app`; exceptions that would kill a server surface in the test."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://edge.test", headers=dict(headers))
