"""Recording documents: load, decide, save.

Source: the hot path's design. Two round trips when nobody interferes; after the first conflict the rows are locked,
since endless optimism on one busy customer only burns the machine.
"""

from collections.abc import Sequence
from datetime import timedelta

from domain.checkout.desk import Desk, Item
from domain.checkout.errors import IdempotencyInProgress, IdempotencyKeyReused
from domain.checkout.matching import RETURN_MATCH_DAYS
from domain.checkout.outcome import Outcome
from domain.checkout.ports import LoadRequest, Stale, Till, TillTransaction
from domain.checkout.record import record
from domain.history.receipt import QR
from domain.kernel.clock import Clock
from domain.kernel.errors import DomainError, Unavailable
from domain.kernel.events import Actor
from domain.loyalty.errors import NeedsFullBook

ATTEMPTS = 5
"""How often a write that came too late is decided again, before the caller is asked to come back."""

Result = Outcome | DomainError


async def record_receipts(items: Sequence[Item], *, till: Till, actor: Actor, dry_run: bool = False) -> list[Result]:
    """Record documents one after another, holding nothing; one that is refused never harms its neighbours.

    `dry_run`: decide and store nothing.

    Raises:
        Unavailable: the rows would not stand still.
        Stale: several documents met others' writes: the caller sends them singly.
    """
    transaction = till.optimistic()
    desk, results = await _decide(items, transaction, till.clock)
    if dry_run:
        return results
    try:
        await transaction.save(desk.state, desk.changes, actor)
    except Stale:
        if len(items) > 1:
            raise
        return await _insist(items, till, actor)
    desk.rules.learn(desk.changes.places)
    return results


async def _insist(items: Sequence[Item], till: Till, actor: Actor) -> list[Result]:
    for _ in range(ATTEMPTS):
        try:
            async with till.transaction() as transaction:
                return await record_held(items, transaction=transaction, clock=till.clock, actor=actor)
        except Stale:
            continue
    raise Unavailable("The customer is being served at another till.", retry_after=1)


async def record_held(
    items: Sequence[Item], *, transaction: TillTransaction, clock: Clock, actor: Actor, dry_run: bool = False
) -> list[Result]:
    """Record documents in an open transaction, with the rows they touch held.

    Raises:
        Stale: a key was taken meanwhile: the caller rolls back and runs it again.
    """
    request = _request(items)
    request.lots = False
    await transaction.lock(await transaction.load(request))
    desk, results = await _decide(items, transaction, clock)
    if not dry_run:
        await transaction.save(desk.state, desk.changes, actor)
        desk.rules.learn(desk.changes.places)
    return results


async def _decide(items: Sequence[Item], transaction: TillTransaction, clock: Clock) -> tuple[Desk, list[Result]]:
    """Read and decide; read everything when a decision asks for it."""
    request = _request(items)
    while True:
        state = await transaction.load(request)
        desk = Desk(state, await transaction.rules(state.config_version), clock.now())
        try:
            return desk, [_one(desk, item) for item in items]
        except NeedsFullBook:
            if request.deep:
                raise
            request.deep = True


def _request(items: Sequence[Item]) -> LoadRequest:
    request = LoadRequest()
    for item in items:
        _ask(request, item)
    return request


def _one(desk: Desk, item: Item) -> Result:
    try:
        remembered = _replay(desk, item)
        return remembered if remembered is not None else record(desk, item)
    except DomainError as refusal:
        return refusal


def _replay(desk: Desk, item: Item) -> Outcome | None:
    """Answer a call whose key is known with the stored bytes.

    Raises:
        IdempotencyKeyReused: the key came with another body.
        IdempotencyInProgress: another process works on it.
    """
    if item.remembered is None:
        return None
    _, key_hash, request_hash = item.remembered
    known = desk.state.calls.get(key_hash)
    if known is None:
        return None
    if known.request_hash != request_hash:
        raise IdempotencyKeyReused
    if known.answer is None or known.receipt_id is None:
        raise IdempotencyInProgress
    return Outcome(known.status, known.answer, known.receipt_id, replayed=True)


def _ask(request: LoadRequest, item: Item) -> None:
    document = item.document
    keys = document.natural_keys()
    request.keys.update(key for key in keys if key[0] != "order" and key[:2] != ("fiscal", QR))
    request.waiting.update(keys)
    request.blinds.update((shown.type, shown.blind) for shown in item.presented)
    if document.customer is not None and document.customer.id is not None:
        request.customers.add(document.customer.id)
    if item.remembered is not None:
        request.idempotency.add(item.remembered[1])
    if document.kind == "sale":
        return
    request.deep = True
    if document.returns is None:
        since = document.sold_at - timedelta(days=RETURN_MATCH_DAYS)
        request.recent = since if request.recent is None else min(since, request.recent)
    elif document.returns.receipt_id is not None:
        request.receipts.add(document.returns.receipt_id)
    elif document.returns.key is not None:
        request.keys.add(document.returns.key)
