"""Receipts: the till's day."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from pydantic import Field

from api.answer import answer, from_bytes
from api.body import read_body, read_query
from api.command import Command, Query, dry_run_asked
from api.context import context_of
from api.idempotency import REPLAYED, key_of
from api.operation import operation
from api.paging import PageQuery, decode_cursor, page
from api.receipt_batch import read_batch, shown
from api.schemas import receipt_answers as answers
from api.schemas import receipts as schemas
from api.schemas.base import Code64, Moment
from api.till import TillDoor, customer_of, fiscal_in, item_of, present
from domain.checkout.corrections import claim_receipt, reassign_receipt, void_receipt
from domain.checkout.outcome import Outcome
from domain.checkout.ports import Stale, TillTransaction
from domain.checkout.use_cases import Result, record_held
from domain.history.fiscal_qr import read_qr
from domain.history.receipt import Key
from domain.kernel.errors import DomainError
from domain.kernel.transaction import Retry

Till = NamedDependency[SkipValidation[TillDoor]]
Answer = TypeVar("Answer")
SALE = {
    "source": "till-1",
    "external_id": "2026-11-21/000123",
    "kind": "sale",
    "sold_at": "2026-11-21T12:30:00+03:00",
    "store": "main",
    "register": "1",
    "currency": "RUB",
    "customer": {"identifiers": [{"type": "phone", "value": "+79350004567"}], "on_missing": "create"},
    "lines": [
        {"line": "1", "sku": "4600000000017", "quantity": "2", "unit_price": 65000, "discount": 100, "total": 129900}
    ],
    "total": 129900,
    "payments": [{"method": "card", "amount": 129900}],
}
REFUSALS = (
    "receipt-does-not-add-up", "date-out-of-range", "document-conflict", "return-exceeds-sale", "line-not-sold",
    "return-total-differs", "unknown-reference", "receipt-voided", "insufficient-points", "points-limit-exceeded",
    "redemption-does-not-match", "verification-required", "account-frozen", "invalid-qr",
)  # fmt: skip


class ReceiptQuery(PageQuery):
    """Which receipts to list."""

    customer_id: UUID | None = None
    kind: Literal["sale", "return", "void"] | None = None
    store: Code64 | None = None
    source: Code64 | None = None
    from_: Annotated[Moment | None, Field(alias="from", description="Sold at or after.")] = None
    to: Annotated[Moment | None, Field(description="Sold before.")] = None


class ParkedQuery(PageQuery):
    """Which parked documents to list."""

    state: Literal["open", "resolved", "dismissed"] | None = None


class ReceiptController(Controller):
    """Sales, returns and voids come in; history, figures and points follow in one transaction."""

    path = "/v1/receipts"
    tags = ["Receipts"]  # noqa: RUF012 - the framework's own attribute

    @post(
        operation_id="recordReceipt",
        summary="Record a sale, a return or a void (post, accrue, charge, demand, purchase)",
        opt=operation(
            "receipts:write",
            body=answers.ReceiptRequest,
            answers={201: answers.ReceiptAnswer, 200: answers.ReceiptAnswer},
            problems=REFUSALS,
            example=SALE,
            limited=False,
            dry_run=True,
        ),
    )
    async def record(self, request: Request[Any, Any, Any], till: Till) -> Response[Any]:
        """Store the document, move points, answer with the balance; a resend changes nothing."""
        sent = (await read_body(request, answers.ReceiptRequest)).root
        tenant_id, actor = request.auth.tenant_id, request.auth.actor
        vault, rules = await till.desk_facts(tenant_id)
        dry_run = dry_run_asked(request)
        key = None if dry_run else await key_of(request, "recordReceipt", tenant_id)
        item = item_of(
            sent,
            vault=vault,
            country=rules.country,
            raw=await request.body(),
            remembered=None if key is None else (key.operation, key.key_hash, key.request_hash),
        )
        if dry_run:
            result = (await till.record_all(tenant_id, actor, [item], dry_run=True))[0]
        else:
            result = await till.record(tenant_id, actor, item)
        return _told(result)

    @post(
        "/batch",
        operation_id="recordReceipts",
        summary="Record up to 500 documents, one after another (upload, import, synchronise)",
        status_code=200,
        opt=operation(
            "receipts:write",
            body=schemas.BatchIn,
            answers={200: answers.ReceiptBatchAnswer},
            example={"items": [SALE]},
            limited=False,
            dry_run=True,
        ),
    )
    async def record_batch(
        self, request: Request[Any, Any, Any], till: Till, command: NamedDependency[Command]
    ) -> Response[Any]:
        """Record each as if it came alone; one bad document never fails its neighbours."""
        vault, rules = await till.desk_facts(request.auth.tenant_id)
        context = context_of(request.scope)
        items = await read_batch(request, vault=vault, country=rules.country)
        good = [item for item in items if not isinstance(item, DomainError)]

        async def work(unit: Any) -> answers.ReceiptBatchAnswer:
            transaction = await till.on(unit)
            results = await _held(
                record_held(good, transaction=transaction, clock=unit.clock, actor=unit.actor, dry_run=command.dry_run)
            )
            return shown(items, results, context)

        return await command.run(work, status=200)

    @get(
        operation_id="listReceipts",
        summary="List receipts, newest first",
        opt=operation("receipts:read", query=ReceiptQuery, answers={200: answers.ReceiptPage}),
    )
    async def list_receipts(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Filter by customer, kind, store, source and time of sale."""
        wanted = read_query(request, ReceiptQuery)
        async with reading() as unit:
            rows = await unit.receipts.page(
                customer_id=wanted.customer_id,
                kind=wanted.kind,
                store=wanted.store,
                source=wanted.source,
                since=wanted.from_,
                until=wanted.to,
                after=_position(wanted.cursor),
                limit=wanted.limit + 1,
            )
        kept, cursor = page(rows, wanted.limit, _place)
        return answer(answers.ReceiptPage(items=[answers.Receipt.of(one) for one in kept], next_cursor=cursor))

    @get(
        "/parked",
        operation_id="listParkedReceipts",
        summary="List documents that could not take effect",
        opt=operation("receipts:read", query=ParkedQuery, answers={200: answers.ParkedPage}),
    )
    async def list_parked(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Other content under a known key, or a return that matches no sale."""
        wanted = read_query(request, ParkedQuery)
        async with reading() as unit:
            rows = await unit.receipts.parked(
                state=wanted.state, after=_position(wanted.cursor), limit=wanted.limit + 1
            )
        kept, cursor = page(rows, wanted.limit, lambda row: [row["created_at"].isoformat(), str(row["parked_id"])])
        return answer(answers.ParkedPage(items=[answers.ParkedDocument.of(row) for row in kept], next_cursor=cursor))

    @post(
        "/find",
        operation_id="findReceipts",
        summary="Find receipts by fiscal identity, QR, number, order, or customer and period",
        status_code=200,
        opt=operation(
            "receipts:find",
            body=schemas.FindRequest,
            answers={200: answers.ReceiptPage},
            problems=["invalid-qr"],
            example={"qr": "t=20261121T1432&s=1450.00&fn=9960440300712345&i=12345&fp=3826178549&n=1"},
            stores=False,
        ),
    )
    async def find(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Answer receipts, newest first, with what can still be returned of each line."""
        wanted = await read_body(request, schemas.FindRequest)
        key, check = _key_of(wanted)
        place: dict[str, Any] = {"after": _position(wanted.cursor), "limit": wanted.limit + 1}
        async with reading() as unit:
            if key is not None:
                rows = await unit.receipts.by_key(key, check=check, **place)
            else:
                rows = await unit.receipts.page(
                    customer_id=wanted.customer_id, since=wanted.from_, until=wanted.to, **place
                )
        kept, cursor = page(rows, wanted.limit, _place)
        return answer(answers.ReceiptPage(items=[answers.Receipt.of(one) for one in kept], next_cursor=cursor))

    @post(
        "/claim",
        operation_id="claimReceipt",
        summary="Give an anonymous receipt to the person who holds its paper",
        status_code=200,
        opt=operation(
            "receipts:claim",
            body=schemas.ClaimRequest,
            answers={200: answers.ReceiptAnswer},
            problems=["already-claimed", "claim-limit", "invalid-qr", "unknown-reference", "receipt-voided"],
            example={
                "qr": "t=20261121T1432&s=1450.00&fn=9960440300712345&i=12345&fp=3826178549&n=1",
                "customer": {"identifiers": [{"type": "phone", "value": "+79350004567"}]},
            },
            dry_run=True,
        ),
    )
    async def claim(
        self, request: Request[Any, Any, Any], till: Till, command: NamedDependency[Command]
    ) -> Response[Any]:
        """Points are posted as if the customer had been known at the sale."""
        body = await read_body(request, schemas.ClaimRequest)
        qr = read_qr(body.qr)
        vault, rules = await till.desk_facts(request.auth.tenant_id)
        customer = customer_of(body.customer)
        presented, _ = present(customer, vault=vault, country=rules.country)

        async def correct(unit: Any, transaction: TillTransaction) -> Outcome:
            return await claim_receipt(
                qr, customer, presented, transaction=transaction, clock=unit.clock, actor=unit.actor
            )

        return await _corrected(command, till, correct)

    @get(
        "/{receipt_id:uuid}",
        operation_id="getReceipt",
        summary="Show a receipt",
        opt=operation("receipts:read", answers={200: answers.Receipt}, problems=["receipt-not-found"]),
    )
    async def get_receipt(self, receipt_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show what was posted and what came of it."""
        async with reading() as unit:
            return answer(answers.Receipt.of(await unit.receipts.get(receipt_id)))

    @get(
        "/{receipt_id:uuid}/returns",
        operation_id="listReturnsOfReceipt",
        summary="List the returns of a sale, newest first",
        opt=operation(
            "receipts:read", query=PageQuery, answers={200: answers.ReceiptPage}, problems=["receipt-not-found"]
        ),
    )
    async def list_returns(
        self, request: Request[Any, Any, Any], receipt_id: FromPath[UUID], reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Show each return with its lines."""
        wanted = read_query(request, PageQuery)
        async with reading() as unit:
            rows = await unit.receipts.returns_of(receipt_id, after=_position(wanted.cursor), limit=wanted.limit + 1)
        kept, cursor = page(rows, wanted.limit, _place)
        return answer(answers.ReceiptPage(items=[answers.Receipt.of(one) for one in kept], next_cursor=cursor))

    @post(
        "/{receipt_id:uuid}/void",
        operation_id="voidReceipt",
        summary="Take a receipt back as if it had not been (cancel, annul)",
        status_code=200,
        opt=operation(
            "receipts:write",
            body=schemas.VoidRequest,
            answers={200: answers.ReceiptAnswer},
            problems=["receipt-not-found", "receipt-voided"],
            example={"reason": "payment_failed"},
            limited=False,
            dry_run=True,
        ),
    )
    async def void(
        self,
        request: Request[Any, Any, Any],
        receipt_id: FromPath[UUID],
        till: Till,
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """Points and figures stand as if it had never come; again changes nothing."""
        body = await read_body(request, schemas.VoidRequest)

        async def correct(unit: Any, transaction: TillTransaction) -> Outcome:
            return await void_receipt(
                receipt_id,
                body.reason,
                body.replaced_by,
                transaction=transaction,
                clock=unit.clock,
                actor=unit.actor,
            )

        return await _corrected(command, till, correct)

    @post(
        "/{receipt_id:uuid}/reassign",
        operation_id="reassignReceipt",
        summary="Give a receipt to the person it belongs to",
        status_code=200,
        opt=operation(
            "receipts:reassign",
            body=schemas.ReassignRequest,
            answers={200: answers.ReceiptAnswer},
            problems=["receipt-not-found", "receipt-voided", "unknown-reference"],
            example={
                "customer": {"identifiers": [{"type": "phone", "value": "+79350004568"}]},
                "reason": "The cashier typed the wrong number",
            },
            dry_run=True,
        ),
    )
    async def reassign(
        self,
        request: Request[Any, Any, Any],
        receipt_id: FromPath[UUID],
        till: Till,
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """Points and figures move with it, dates as at the sale."""
        body = await read_body(request, schemas.ReassignRequest)
        vault, rules = await till.desk_facts(request.auth.tenant_id)
        customer = customer_of(body.customer)
        presented, _ = present(customer, vault=vault, country=rules.country)

        async def correct(unit: Any, transaction: TillTransaction) -> Outcome:
            return await reassign_receipt(
                receipt_id,
                customer,
                presented,
                body.reason,
                transaction=transaction,
                events=unit.events,
                clock=unit.clock,
                actor=unit.actor,
            )

        return await _corrected(command, till, correct)


async def _corrected(
    command: Command, till: TillDoor, correct: Callable[[Any, TillTransaction], Awaitable[Outcome]]
) -> Response[Any]:
    async def work(unit: Any) -> answers.ReceiptAnswer:
        outcome = await _held(correct(unit, await till.on(unit)))
        return answers.ReceiptAnswer.model_validate_json(outcome.body)

    return await command.run(work, status=200)


async def _held(decided: Awaitable[Answer]) -> Answer:
    """Turn a lost race into the edge's own word for it: the transaction is run again."""
    try:
        return await decided
    except Stale:
        raise Retry from None


def _told(result: Result) -> Response[Any]:
    if isinstance(result, DomainError):
        raise result
    return from_bytes(result.body, result.status, {REPLAYED: "true"} if result.replayed else {})


def _key_of(wanted: schemas.FindRequest) -> tuple[Key | None, str | None]:
    """Return the natural key that is asked for, and the fiscal check it must have."""
    fiscal = read_qr(wanted.qr).fiscal if wanted.qr is not None else fiscal_in(wanted.fiscal)
    if fiscal is not None:
        return fiscal.natural_key, fiscal.check
    if wanted.source is not None and wanted.external_id is not None:
        return ("document", wanted.source, wanted.external_id), None
    return (None if wanted.order_id is None else ("order", wanted.order_id)), None


def _position(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    moment, receipt_id = decode_cursor(cursor, datetime.fromisoformat, UUID)
    return moment, receipt_id


def _place(one: Any) -> list[str]:
    return [one.head["sold_at"].isoformat(), str(one.head["receipt_id"])]
