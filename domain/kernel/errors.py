"""Families of domain errors; `api.problems` gives each family its HTTP status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request: where (JSON pointer), which rule, and what to tell a person."""

    pointer: str
    code: str
    message: str


class DomainError(Exception):
    """Base of everything a rule may refuse.

    `code` names the problem (page `openapi/problems/<code>.md`), `title` is its short English name, `members` are
    extra members of the problem document. Neither may hold personal data.
    """

    code = "domain-error"
    title = "The request was refused"

    def __init__(self, detail: str = "", *, errors: Sequence[FieldError] = (), **members: Any) -> None:
        super().__init__(self.code)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.members = members


class Forbidden(DomainError):
    """The caller may not do this."""


class NotFound(DomainError):
    """The thing named in the path does not exist for this caller."""


class Conflict(DomainError):
    """The state of the thing does not allow this now."""


class RuleViolation(DomainError):
    """The request is well formed and breaks a rule."""


class VersionMismatch(DomainError):
    """The caller edited an older version."""

    code = "version-mismatch"
    title = "The resource was changed by somebody else"


class QuotaExceeded(DomainError):
    """A limit of the caller is used up; `retry_after` is in whole seconds."""

    code = "quota-exceeded"
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: int = 1, **members: Any) -> None:
        super().__init__(detail, **members)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Something we depend on is away; `retry_after` is in whole seconds."""

    code = "unavailable"
    title = "Temporarily unavailable"

    def __init__(self, detail: str = "", *, retry_after: int = 1, **members: Any) -> None:
        super().__init__(detail, **members)
        self.retry_after = retry_after


class UpstreamFailure(DomainError):
    """Somebody else's system failed."""

    code = "upstream-failure"
    title = "A connected system failed"

    def __init__(self, detail: str = "", *, retryable: bool = True, **members: Any) -> None:
        super().__init__(detail, **members)
        self.retryable = retryable


class UnknownReference(RuleViolation):
    """An id in the body names nothing of this tenant."""

    code = "unknown-reference"
    title = "An id in the request names nothing"

    @classmethod
    def at(cls, pointer: str) -> "UnknownReference":
        """Return the error for the id at the JSON pointer `pointer`."""
        return cls(errors=[FieldError(pointer, cls.code, "names nothing that exists")])


class InvalidRequest(DomainError):
    """The request does not match the published schema (400)."""

    code = "invalid-request"
    title = "The request does not match the schema"
