"""What the rules of history may refuse."""

from domain.kernel.errors import Conflict, NotFound, RuleViolation


class ReceiptNotFound(NotFound):
    """No such receipt."""

    code = "receipt-not-found"
    title = "No such receipt"


class ReceiptDoesNotAddUp(RuleViolation):
    """Sums differ by more than rounding."""

    code = "receipt-does-not-add-up"
    title = "The receipt's sums do not add up"


class ReturnTotalDiffers(RuleViolation):
    """A returned line's total is not its share of the sale."""

    code = "return-total-differs"
    title = "The returned total is not the line's share of the sale"


class ReturnExceedsSale(RuleViolation):
    """More comes back than was sold."""

    code = "return-exceeds-sale"
    title = "More is returned than was sold"


class SoldTooEarly(RuleViolation):
    """A date before 1990 is a broken clock, not a sale."""

    code = "date-out-of-range"
    title = "The date cannot be a date of sale"


class DocumentConflict(Conflict):
    """Another document has this key."""

    code = "document-conflict"
    title = "Another document was recorded under this key"


class ReceiptVoided(Conflict):
    """The receipt is void already, in another way than asked for."""

    code = "receipt-voided"
    title = "The receipt is void"


class AlreadyClaimed(Conflict):
    """The receipt belongs to somebody."""

    code = "already-claimed"
    title = "The receipt belongs to a customer already"


class ClaimLimit(RuleViolation):
    """Too many receipts of the same days were claimed for this customer."""

    code = "claim-limit"
    title = "No more receipts can be claimed"


class InvalidQr(RuleViolation):
    """The text is not a fiscal QR we can read."""

    code = "invalid-qr"
    title = "The text is not a fiscal QR code"


class LineNotSold(RuleViolation):
    """A returned line names nothing of the sale."""

    code = "line-not-sold"
    title = "A returned line is not in the sale"
