"""Commands and queries: the edge owns the transaction, so that effect and stored answer commit together."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from litestar import Request, Response
from pydantic import BaseModel

from api.answer import answer, answer_headers, from_bytes, serialise
from api.body import query_items
from api.context import RequestContext, context_of
from api.errors import BadParameter, Unauthenticated
from api.idempotency import REPLAYED, key_of, sent_key, settled
from api.masks import NOBODY, may_read_contacts, reading_as
from api.operation import Operation, promise_of
from api.services import Claimed, IdempotencyKey, Services, Stored
from compliance.access.principal import Principal
from domain.checkout.errors import IdempotencyInProgress, IdempotencyKeyReused
from domain.kernel.transaction import Retry
from tenancy.tenant import TenantSuspended

RETRIES = 5
IN_FULL = "contacts-in-full"
"""Stands beside a stored answer that unmasked a contact; it is never sent."""

Answer = TypeVar("Answer", bound=BaseModel | None)
Work = Callable[[Any], Awaitable[Answer]]
Status = int | Callable[[Any], int]


class _Undo(Exception):
    """Rolls a transaction back although nothing went wrong."""


class Command:
    """Runs one mutating call of one request."""

    def __init__(self, services: Services, request: Request[Any, Any, Any]) -> None:
        self._services = services
        self._request = request
        self._context: RequestContext = context_of(request.scope)
        self._promise: Operation = promise_of(request.route_handler.opt) or Operation(permission="")
        self._operation_id = operation_id_of(request)

    async def run(self, work: Work[Answer], *, status: Status = 200) -> Response[Any]:
        """Run `work` on an open unit and answer with the model it returns; None answers without a body.

        `status` may depend on the model. A refusal raised by `work` rolls everything back and leaves the key free.

        Raises:
            IdempotencyInProgress: the same request is being worked on.
            IdempotencyKeyReused: the key belongs to another request.
        """
        key = None
        if sent_key(self._request) is not None and self._promise.stores and not self.dry_run:
            principal = self._context.principal
            key = await key_of(self._request, self._operation_id, principal.tenant_id if principal else None)
        if key is None:
            model = await self._with_retries(lambda: self._once(work))
            return answer(model, status=_status(status, model))
        outcome = settled(await self._services.idempotency.claim(key))
        if isinstance(outcome, Stored):
            return replay(outcome)
        return await self._claimed(work, status, key, outcome)

    @property
    def dry_run(self) -> bool:
        """Tell whether the caller only wants to see the answer.

        Raises:
            BadParameter: the parameter is neither true nor false.
        """
        return self._promise.dry_run and dry_run_asked(self._request)

    async def _claimed(
        self, work: Work[Answer], status: Status, key: IdempotencyKey, claimed: Claimed
    ) -> Response[Any]:
        try:
            model = await self._with_retries(lambda: self._once(work, status, key, claimed))
        except BaseException:
            await self._give_back(key, claimed)
            raise
        return answer(model, status=_status(status, model))

    async def _give_back(self, key: IdempotencyKey, claimed: Claimed) -> None:
        """Free the key; where even that fails the lease frees it a little later, and the refusal itself is told."""
        with contextlib.suppress(Exception):
            await asyncio.shield(self._services.idempotency.release(key, claimed.claim))

    async def _with_retries(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        for past in range(RETRIES):
            try:
                return await attempt()
            except Retry:
                await asyncio.sleep(random.uniform(0, 0.01 * 2**past))  # noqa: S311 - spreads rivals, no secret
        return await attempt()

    async def _once(
        self,
        work: Work[Answer],
        status: Status = 200,
        key: IdempotencyKey | None = None,
        claimed: Claimed | None = None,
    ) -> Answer:
        result: list[Answer] = []
        try:
            async with open_unit(self._services, self._request) as unit:
                model = await work(unit)
                result.append(model)
                if self.dry_run:
                    raise _Undo
                if key is not None and claimed is not None:
                    stored = Stored(_status(status, model), *_kept(model))
                    if not await self._services.idempotency.finish(unit, key, claimed.claim, stored):
                        raise IdempotencyInProgress
        except _Undo:
            pass
        return result[0]


class Query:
    """Opens a unit for reading: `async with reading() as unit`; the framework reserves the name `query`."""

    def __init__(self, services: Services, request: Request[Any, Any, Any]) -> None:
        self._services = services
        self._request = request

    def __call__(self) -> AbstractAsyncContextManager[Any]:
        """Return a context manager that gives the open unit."""
        return open_unit(self._services, self._request)


@asynccontextmanager
async def open_unit(services: Services, request: Request[Any, Any, Any]) -> AsyncIterator[Any]:
    """Give the unit of the caller: a tenant's, or the platform's for an operator."""
    context = context_of(request.scope)
    principal = context.principal
    if principal is None:
        raise Unauthenticated
    if principal.tenant_id is None:
        async with services.platform(principal.actor) as unit:
            yield unit
        return
    async with services.transaction(principal.tenant_id, principal.actor) as unit:
        _require_open(principal, promise_of(request.route_handler.opt), suspended=unit.settings.suspended)
        yield unit


def _require_open(principal: Principal, promise: Operation | None, *, suspended: bool) -> None:
    """Look at the shop's own row too: the credential is believed for seconds, a suspension holds at once."""
    now = replace(principal, suspended=suspended)
    if promise is not None and now.shut_out(promise.permission, exempt=promise.suspended_may):
        raise TenantSuspended


def replay(stored: Stored) -> Response[Any]:
    """Return a stored answer, byte for byte.

    Raises:
        IdempotencyKeyReused: it shows contacts in full, and who asks now is shown the mask.
    """
    headers = dict(stored.headers)
    if headers.pop(IN_FULL, None) is not None and not may_read_contacts():
        raise IdempotencyKeyReused
    return from_bytes(stored.body, stored.status, {**headers, REPLAYED: "true"})


def dry_run_asked(request: Request[Any, Any, Any]) -> bool:
    """Tell whether `?dry_run=true` was sent.

    Raises:
        BadParameter: the parameter is neither true nor false.
    """
    sent = [value for name, value in query_items(request) if name == "dry_run"]
    if sent not in ([], ["true"], ["false"]):
        raise BadParameter.query("dry_run", "type", "must be true or false, once")
    return sent == ["true"]


def operation_id_of(request: Request[Any, Any, Any]) -> str:
    """Return the operationId of the route that answers `request`."""
    found = getattr(request.route_handler, "operation_id", None)
    return str(found or request.route_handler.handler_name)


def _status(status: Status, model: BaseModel | None) -> int:
    return status if isinstance(status, int) else status(model)


def _kept(model: BaseModel | None) -> tuple[dict[str, str], bytes]:
    """Return headers and body for the store: an answer that shows a secret is kept without it."""
    kept = getattr(model, "kept", None)
    stored = kept() if callable(kept) else model
    body = serialise(stored)
    with reading_as(NOBODY):
        in_full = serialise(stored) != body
    return {**answer_headers(model), **({IN_FULL: "true"} if in_full else {})}, body
