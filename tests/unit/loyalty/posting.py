"""A sale on an account: redeem first, then earn; points earned by a receipt are never spendable in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.history.receipt import ReceiptLine
from domain.loyalty.earning import BASE_RULE, Earning, earn
from domain.loyalty.entries import Document
from domain.loyalty.expiry import life_of_points
from domain.loyalty.ledger import Book
from domain.loyalty.lots import Origin, OriginKind
from domain.loyalty.notices import Notice
from domain.loyalty.program import ProgramVersion
from domain.loyalty.redeeming import Claim, Spending, spend
from domain.loyalty.restrictions import Pack


@dataclass(frozen=True, slots=True)
class Posting:
    """What a sale spent and earned, each attributed to lines."""

    spending: Spending
    earning: Earning

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What could not be done."""
        return self.spending.notices + self.earning.notices


def origin_of(
    receipt_id: UUID, program: ProgramVersion, *, store: str | None = None, customer_id: UUID | None = None
) -> Origin:
    """Return the origin of points earned by a receipt under the base rule."""
    return Origin(
        OriginKind.EARN,
        receipt_id=receipt_id,
        rule=BASE_RULE,
        program_version=program.version,
        funding_store=store,
        root_party_id=customer_id,
    )


def post_sale(
    book: Book,
    claimed: Claim | None,
    lines: Sequence[ReceiptLine],
    *,
    program: ProgramVersion,
    pack: Pack,
    document: Document,
    origin: Origin,
    sold_on: date,
    now: datetime,
    record: bool,
    verified: bool = False,
) -> Posting:
    """Post a sale: `document.at` is when it was sold, `sold_on` its business date in the store's zone.

    `claimed` is what `redeeming.claim` read from the document; `record` as in `redeeming.spend`.

    Raises:
        PointsLimitExceeded, VerificationRequired, AccountFrozen, InsufficientPoints: `record` is False.
        NeedsFullBook: the loaded lots do not decide it.
    """
    spending = spend(
        claimed,
        book,
        lines=lines,
        program=program,
        document=document,
        now=now,
        record=record,
        verified=verified,
    )
    earning = earn(lines, spending.tender, program, pack, redeeming=claimed is not None)
    if earning.points:
        life = life_of_points(program, sold_at=document.at, sold_on=sold_on, now=now)
        book.credit(earning.points, document=document, now=now, life=life, origin=origin)
    return Posting(spending, earning)
