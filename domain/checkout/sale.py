"""A sale: who bought, what it spends, what it earns, and what waited for it."""

from typing import Any

from domain.checkout.answering import Recorded
from domain.checkout.desk import Desk, Item
from domain.checkout.documents import business_moment, kept, kept_line
from domain.checkout.identify import Identified, identify
from domain.checkout.points import Settled, settle_points
from domain.checkout.state import Stored
from domain.history.receipt import Document
from domain.history.sums import check_sums
from domain.loyalty.notices import Notice


def record_sale(desk: Desk, item: Item) -> Recorded:
    """Record a sale that nobody knew.

    Raises:
        ReceiptDoesNotAddUp, SoldTooEarly: a broken document.
        InsufficientPoints, PointsLimitExceeded, RedemptionDoesNotMatch, VerificationRequired: a live call that asked
            to be refused.
        NeedsFullBook: load more and decide again.
    """
    document = item.document
    adjusted = check_sums(document)
    counts_at, notices = business_moment(document, desk.now)
    notices += [Notice("line-total-adjusted", f"/lines/{index}/total") for index in adjusted]
    notices += [Notice("coupon-refused", f"/coupons/{index}") for index in range(len(document.coupons))]
    who = identify(document, item.presented, item.impossible, desk.state, desk.now)
    lines = [kept_line(number, line) for number, line in enumerate(document.lines, start=1)]
    stored = kept(document, counts_at=counts_at, now=desk.now, total=document.total or 0, lines=lines)
    points = settle_points(desk, item, stored, who)
    # Nothing above this line has changed what later documents of the batch see: a refusal leaves it as it was.
    notices += desk.know_places(document)
    stored.customer_match = who.match
    count(stored, document)
    if who.person is not None:
        _belongs(desk, stored, who, points)
    desk.keep(item, stored)
    _tell(desk, stored)
    return Recorded(stored, [*who.warnings, *notices, *points.notices], points.effect)


def count(stored: Stored, document: Document) -> None:
    """Set what the sale adds to figures: money of goods handed over, less what points paid as a payment."""
    lines = [line for line in stored.lines if line.counts]
    counted = sum(line.total - line.tender for line in lines)
    if lines and len(lines) == len(stored.lines):
        counted += document.rounding
    stored.counted = max(0, counted)
    stored.counted_receipts = int(bool(lines))


def _belongs(desk: Desk, stored: Stored, who: Identified, points: Settled) -> None:
    person = who.person
    if person is None:
        return
    stored.customer_id = person.customer_id
    if who.new is not None:
        desk.bring(person, who.new)
    if points.opened is not None:
        desk.open_account(person, points.opened, points.program_id)
    desk.changes.used.update(who.used)
    metrics = desk.changes.metrics_of(person.customer_id, stored.currency)
    at = stored.counts_at if stored.counted_receipts else None
    metrics.add(receipts=stored.counted_receipts, sales=stored.counted, at=at)


def _tell(desk: Desk, stored: Stored) -> None:
    desk.tell("receipt.recorded", stored, figures(stored))
    desk.tell_points("redeemed", stored, stored.redeemed)
    desk.tell_points("earned", stored, stored.earned)


def figures(stored: Stored) -> dict[str, Any]:
    """Return what an event tells of a document."""
    return {
        "kind": stored.kind,
        "source": stored.source,
        "external_id": stored.external_id,
        "store": stored.store,
        "currency": stored.currency,
        "total": stored.total,
        "customer_id": None if stored.customer_id is None else str(stored.customer_id),
        "sale_id": None if stored.sale_id is None else str(stored.sale_id),
        "earned": stored.earned,
        "redeemed": stored.redeemed,
        "restored": stored.restored,
        "reversed": stored.reversed,
    }
