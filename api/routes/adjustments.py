"""Points given or taken by hand."""

from collections.abc import Iterator, Sequence
from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.batch import read_items
from api.body import read_body
from api.command import Command
from api.context import RequestContext, context_of
from api.operation import operation
from api.problems import document as problem_document
from api.schemas import loyalty as schemas
from api.schemas.receipt_answers import Balance
from api.till import TillDoor, customer_of, present
from domain.checkout.adjusting import Adjusted, Adjustment, adjust_points
from domain.checkout.ports import Stale
from domain.kernel.errors import DomainError
from domain.kernel.transaction import Retry
from domain.loyalty.ports import LoyaltyUnit

Till = NamedDependency[SkipValidation[TillDoor]]
REFUSALS = ("insufficient-points", "expiry-out-of-range", "unknown-reference")
OPENING = {
    "customer": {"identifiers": [{"type": "phone", "value": "+79350004567"}], "on_missing": "create"},
    "points": 500,
    "reason": "opening_balance",
    "expires_at": "2027-06-30T21:00:00Z",
}


class AdjustmentController(Controller):
    """Goodwill, corrections, and opening balances of a shop that moves in."""

    path = "/v1/loyalty/adjustments"
    tags = ["Loyalty"]  # noqa: RUF012 - the framework's own attribute

    @post(
        operation_id="adjustPoints",
        summary="Give or take points by hand (bonus, goodwill, correction, opening balance)",
        opt=operation(
            "loyalty:adjust",
            body=schemas.AdjustmentCreate,
            answers={201: schemas.Adjustment},
            problems=REFUSALS,
            example=OPENING,
            dry_run=True,
        ),
    )
    async def adjust(
        self, request: Request[Any, Any, Any], till: Till, command: NamedDependency[Command]
    ) -> Response[Any]:
        """Record one adjustment; a customer without an account gets one."""
        body = await read_body(request, schemas.AdjustmentCreate)
        item = (await _items([body], request, till))[0]

        async def work(unit: LoyaltyUnit) -> schemas.Adjustment:
            (result,) = await _adjusted([item], unit, till)
            if isinstance(result, DomainError):
                raise result
            return _shown(result, unit)

        return await command.run(work, status=201)

    @post(
        "/batch",
        operation_id="adjustPointsOfMany",
        summary="Give or take points of up to 500 accounts (opening balances, import)",
        status_code=200,
        opt=operation(
            "loyalty:adjust",
            body=schemas.AdjustmentBatch,
            answers={200: schemas.AdjustmentBatchAnswer},
            example={"items": [OPENING]},
            dry_run=True,
        ),
    )
    async def adjust_many(
        self, request: Request[Any, Any, Any], till: Till, command: NamedDependency[Command]
    ) -> Response[Any]:
        """Record each as if it came alone; one bad item never fails its neighbours."""
        sent = await read_items(request, schemas.AdjustmentBatch, schemas.AdjustmentCreate)
        good = await _items([one for one in sent if isinstance(one, schemas.AdjustmentCreate)], request, till)
        context = context_of(request.scope)

        async def work(unit: LoyaltyUnit) -> schemas.AdjustmentBatchAnswer:
            results = iter(await _adjusted(good, unit, till))
            return schemas.AdjustmentBatchAnswer(items=list(_told(sent, results, unit, context)))

        return await command.run(work)


async def _items(
    sent: Sequence[schemas.AdjustmentCreate], request: Request[Any, Any, Any], till: TillDoor
) -> list[Adjustment]:
    vault, rules = await till.desk_facts(request.auth.tenant_id)
    items = []
    for one in sent:
        customer = None if one.customer is None else customer_of(one.customer)
        presented, impossible = present(customer, vault=vault, country=rules.country)
        items.append(
            Adjustment(
                points=one.points,
                reason=one.reason,
                account_id=one.account_id,
                customer=customer,
                presented=tuple(presented),
                impossible=tuple(impossible),
                expires_at=one.expires_at,
                note=one.note,
            )
        )
    return items


async def _adjusted(items: Sequence[Adjustment], unit: LoyaltyUnit, till: TillDoor) -> list[Adjusted | DomainError]:
    """Turn a lost race into the edge's own word for it: the transaction is run again."""
    if not items:
        return []
    try:
        return await adjust_points(items, unit=unit, transaction=await till.on(unit))
    except Stale:
        raise Retry from None


def _told(
    sent: Sequence[Any], results: Iterator[Adjusted | DomainError], unit: LoyaltyUnit, context: RequestContext
) -> Iterator[schemas.Adjustment | schemas.RejectedAdjustment]:
    for one in sent:
        result = one if isinstance(one, DomainError) else next(results)
        if isinstance(result, DomainError):
            problem = problem_document(result, context)
            yield schemas.RejectedAdjustment.model_validate({"status": "rejected", "problem": problem})
        else:
            yield _shown(result, unit)


def _shown(done: Adjusted, unit: LoyaltyUnit) -> schemas.Adjustment:
    return schemas.Adjustment.model_validate(
        schemas.entry_fields(done.entry)
        | {
            "recorded_at": done.recorded_at,
            "reason": done.reason,
            "actor": f"{unit.actor.kind}:{unit.actor.id}",
            "note": done.note,
            "account_id": done.account_id,
            "customer_id": done.customer_id,
            "balance": Balance.model_validate(done.balance),
        }
    )
