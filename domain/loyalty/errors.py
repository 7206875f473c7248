"""What the loyalty rules may refuse, and the one signal that asks the caller to load more."""

from collections.abc import Sequence
from uuid import UUID

from domain.kernel.errors import Conflict, NotFound, RuleViolation


class InsufficientPoints(RuleViolation):
    """More points were asked for than can be spent; member `available` says how many can."""

    code = "insufficient-points"
    title = "Not enough points on the account"


class PointsLimitExceeded(RuleViolation):
    """The program's limits allow fewer points here; members `max_points` and `limits`."""

    code = "points-limit-exceeded"
    title = "The program does not allow that many points for this receipt"


class VerificationRequired(RuleViolation):
    """The program asks for a confirmed code before points are spent."""

    code = "verification-required"
    title = "Spending points needs a confirmed code"


class RedemptionDoesNotMatch(RuleViolation):
    """The points' money value differs from the lines or the payments; members `expected` and `received`."""

    code = "redemption-does-not-match"
    title = "The redemption does not match the receipt"


class AccountFrozen(Conflict):
    """Nothing can be spent from a frozen account."""

    code = "account-frozen"
    title = "The account is frozen"


class AccountNotFound(NotFound):
    """No such points account."""

    code = "account-not-found"
    title = "The points account was not found"


class ProgramNotFound(NotFound):
    """No such loyalty program."""

    code = "program-not-found"
    title = "The loyalty program was not found"


class ExpiryOutOfRange(RuleViolation):
    """Points cannot end at that moment: it is over, further than a hundred years away, or there is nothing to end."""

    code = "expiry-out-of-range"
    title = "The points cannot expire at that moment"


class NeedsFullBook(Exception):
    """The loaded lots do not decide this: load every open lot and `lot_ids`, then decide again."""

    def __init__(self, lot_ids: Sequence[UUID] = ()) -> None:
        super().__init__("load the whole book")
        self.lot_ids = tuple(lot_ids)
