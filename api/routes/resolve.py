"""Resolve: who stands at the till."""

from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.answer import answer
from api.body import read_body
from api.command import Command
from api.idempotency import sent_key
from api.operation import operation
from api.schemas import till as schemas
from api.sent import newcomer_of, presented_of
from api.till_showing import shown_resolved
from domain.checkout.who import PersonDesk, Resolved, resolve_or_create
from domain.customers.resolving import Match, Verdict

Desk = NamedDependency[SkipValidation[PersonDesk]]
SEES_PROBABLE = "customers:read"


class ResolveController(Controller):
    """The till's first question."""

    path = "/v1/customers/resolve"
    tags = ["Till"]  # noqa: RUF012 - the framework's own attribute

    @post(
        operation_id="resolveCustomer",
        summary="Find out who stands at the till by phone, card or another identifier (look up, identify, get balance)",
        status_code=200,
        opt=operation(
            "customers:till",
            body=schemas.ResolveRequest,
            answers={200: schemas.ResolveAnswer},
            problems=["invalid-value"],
            example={"identifiers": [{"type": "phone", "value": "8 (935) 000-45-67"}], "on_missing": "create"},
        ),
    )
    async def resolve(
        self, request: Request[Any, Any, Any], desk: Desk, command: NamedDependency[Command]
    ) -> Response[Any]:
        """One round trip when nobody has to be created; two calls at once create one customer."""
        body = await read_body(request, schemas.ResolveRequest)
        tenant_id = request.auth.tenant_id
        presented, create = presented_of(body.identifiers), body.on_missing == "create"
        if not create or sent_key(request) is None:
            found = await desk.resolve(tenant_id, presented, create=create)
            if not create or found.verdict.match is not Match.NONE:
                return answer(shown_resolved(_for(found, request)))

        async def work(unit: Any) -> schemas.ResolveAnswer:
            found = await resolve_or_create(
                tenant_id,
                presented,
                newcomer_of(body.profile),
                desk=desk,
                unit=unit,
                executor=await unit.driver(),
            )
            return shown_resolved(_for(found, request))

        return await command.run(work)


def _for(found: Resolved, request: Request[Any, Any, Any]) -> Resolved:
    """`probable` is not shown to cashiers: a former owner of a number is none of the queue's business."""
    if found.verdict.match is not Match.PROBABLE or request.auth.may(SEES_PROBABLE):
        return found
    return Resolved(Verdict(Match.NONE, ignored=found.verdict.ignored))
