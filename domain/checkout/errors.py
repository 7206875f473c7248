"""What the till, and every other call that may be repeated, refuses beside the rules of history and loyalty."""

from domain.kernel.errors import Conflict, RuleViolation


class IdempotencyInProgress(Conflict):
    """A request with the same Idempotency-Key is still being worked on."""

    code = "idempotency-in-progress"
    title = "The same request is still in progress"


class IdempotencyKeyReused(RuleViolation):
    """The Idempotency-Key was used for another request."""

    code = "idempotency-key-reused"
    title = "The idempotency key belongs to another request"
