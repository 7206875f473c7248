"""Problem answers of an operation: the common ones by what it takes, its own by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.context import RequestContext
from api.operation import Operation
from api.problems import PROBLEM_JSON, document, status_of
from compliance.access.permissions import PUBLIC
from domain.kernel.errors import DomainError, FieldError, InvalidRequest, UnknownReference

COMMON: Mapping[int, tuple[str, ...]] = {
    400: ("invalid-request",),
    401: ("unauthenticated",),
    403: ("forbidden", "tenant-suspended"),
    406: ("not-acceptable",),
    413: ("body-too-large",),
    415: ("unsupported-media-type",),
    429: ("quota-exceeded",),
    500: ("internal-error",),
    503: ("unavailable",),
}
BY_HEADER: Mapping[int, tuple[str, ...]] = {
    409: ("idempotency-in-progress",),
    412: ("version-mismatch",),
    422: ("idempotency-key-reused",),
}
SHARED: Mapping[int, tuple[str, ...]] = {**COMMON, **BY_HEADER}
NAMES: Mapping[int, str] = {
    409: "RequestInProgress",
    412: "VersionMismatch",
    422: "IdempotencyKeyReused",
    400: "InvalidRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    406: "NotAcceptable",
    413: "BodyTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalError",
    503: "Unavailable",
}
RETRY_AFTER = frozenset({429, 503})


class UnknownProblem(Exception):
    """An operation names a problem code that no error class has."""


class Refusals:
    """Makes problem answers; those that are the same everywhere are shared components."""

    def __init__(self, classes: Mapping[str, type[DomainError]]) -> None:
        self._classes = classes

    def shared(self) -> dict[str, Any]:
        """Return the shared answers as `components.responses`."""
        return {NAMES[status]: self._answer(codes, status) for status, codes in sorted(SHARED.items())}

    def of(self, promise: Operation, method: str) -> dict[str, Any]:
        """Return the problem answers of one operation by status.

        Raises:
            UnknownProblem: it names a code that does not exist.
        """
        codes = {status: list(COMMON[status]) for status in self._common(promise)}
        for code in (*promise.problems, *_by_headers(promise, method)):
            if code not in self._classes:
                raise UnknownProblem(code)
            known = codes.setdefault(status_of(self._classes[code]), [])
            if code not in known:
                known.append(code)
        answers = {}
        for status, told in sorted(codes.items()):
            if tuple(told) == SHARED.get(status):
                answers[str(status)] = {"$ref": f"#/components/responses/{NAMES[status]}"}
            else:
                answers[str(status)] = self._answer(told, status)
        return answers

    @staticmethod
    def _common(promise: Operation) -> list[int]:
        closed = promise.permission != PUBLIC
        wanted = {
            400: closed,
            401: closed,
            403: closed,
            406: True,
            413: promise.body is not None,
            415: promise.body is not None,
            429: closed and promise.limited,
            500: True,
            503: True,
        }
        return [status for status, needed in wanted.items() if needed]

    def _answer(self, codes: Sequence[str], status: int) -> dict[str, Any]:
        classes = [self._classes[code] for code in codes]
        answer: dict[str, Any] = {
            "description": "; ".join(f"`{error.code}`: {error.title}" for error in classes) + ".",
            "headers": {"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}},
            "content": {
                PROBLEM_JSON: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {error.code: {"value": _example(error)} for error in classes},
                }
            },
        }
        if status in RETRY_AFTER or "idempotency-in-progress" in codes:
            answer["headers"]["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
        return answer


def _by_headers(promise: Operation, method: str) -> list[str]:
    codes = []
    if method == "post" and promise.stores:
        codes += ["idempotency-in-progress", "idempotency-key-reused"]
    if promise.if_match:
        codes.append("version-mismatch")
    return codes


def _example(error: type[DomainError]) -> dict[str, Any]:
    context = RequestContext("4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736")
    shown: DomainError = error()
    if error is InvalidRequest:
        shown = error(errors=[FieldError("/lines/0/quantity", "required", "is required")])
    if error is UnknownReference:
        shown = UnknownReference.at("/customer_id")
    return document(shown, context)
