"""RFC 9457 problem documents: the one table of families and status codes, and how each failure is told."""

import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from pydantic_core import to_json

from api import errors
from api.context import RequestContext, context_of
from api.words import words_for
from domain.checkout.errors import IdempotencyInProgress
from domain.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    RuleViolation,
    Unavailable,
    UpstreamFailure,
    VersionMismatch,
)
from domain.kernel.transaction import Retry

PROBLEM_JSON = "application/problem+json"

STATUS_OF: Mapping[type[DomainError], int] = {
    InvalidRequest: 400,
    errors.Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    Conflict: 409,
    VersionMismatch: 412,
    errors.BodyTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    RuleViolation: 422,
    QuotaExceeded: 429,
    UpstreamFailure: 502,
    Unavailable: 503,
}
"""The only place where a family of errors meets a status code."""

_FRAMEWORK: Mapping[int, type[DomainError]] = {
    400: InvalidRequest,
    401: errors.Unauthenticated,
    403: errors.PermissionDenied,
    404: errors.PathNotFound,
    405: errors.MethodNotAllowed,
    406: errors.NotAcceptable,
    413: errors.BodyTooLarge,
    415: errors.UnsupportedMediaType,
    503: Unavailable,
}
_ROOT = Path(__file__).resolve().parent.parent
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "trace_id", "errors"})
log = structlog.get_logger("api")


class InternalError(DomainError):
    """A fault of ours; nothing about it is told but the trace id."""

    code = "internal-error"
    title = "Something went wrong on our side"


def status_of(error: type[DomainError]) -> int:
    """Return the status of an error class, by its family; 500 for one without a family."""
    return next((STATUS_OF[family] for family in error.__mro__ if family in STATUS_OF), 500)


def document(error: DomainError, context: RequestContext) -> dict[str, Any]:
    """Return the problem document of `error`; it never holds what the caller sent."""
    problem: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": status_of(type(error)),
        "detail": words_for(error, context.locale),
        "code": error.code,
        "trace_id": context.trace_id,
    }
    if error.errors:
        problem["errors"] = [{k: v for k, v in asdict(one).items() if v is not None} for one in error.errors]
    problem.update({name: value for name, value in error.members.items() if name not in _RESERVED})
    return problem


def problem_headers(error: DomainError) -> dict[str, str]:
    """Return the headers that a problem brings: when to come back, how to authenticate."""
    if isinstance(error, QuotaExceeded | Unavailable):
        return {"Retry-After": str(max(1, error.retry_after))}
    if isinstance(error, IdempotencyInProgress):
        return {"Retry-After": "1"}
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def problem_parts(error: DomainError, context: RequestContext) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the answer for `error`."""
    body = document(error, context)
    return body["status"], problem_headers(error), to_json(body, fallback=str)


def problem_response(
    error: DomainError, context: RequestContext, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """Return the HTTP answer for `error`."""
    status, own, body = problem_parts(error, context)
    return Response(body, status_code=status, media_type=PROBLEM_JSON, headers={**own, **(headers or {})})


def on_domain_error(request: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    """Tell a refusal."""
    return problem_response(error, context_of(request.scope))


def on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Tell what the framework refused, in our words: its own text repeats the URL with the query string."""
    family = _FRAMEWORK.get(error.status_code)
    if family is None:
        return on_any_error(request, error)
    allow = (error.headers or {}).get("allow") or (error.headers or {}).get("Allow")
    headers = {"Allow": ", ".join(sorted(part.strip() for part in allow.split(",")))} if allow else {}
    return problem_response(family(), context_of(request.scope), headers)


def on_retry(request: Request[Any, Any, Any], _error: Retry) -> Response[bytes]:
    """Tell a caller whose transaction lost every race to come again."""
    return problem_response(Unavailable(retry_after=1), context_of(request.scope))


def on_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Tell a bug: a trace id to the caller, the class and our own frames to the log, the text to nobody."""
    context = context_of(request.scope)
    if isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        return on_any_error(request, error.exceptions[0])
    if isinstance(error, DomainError):
        return on_domain_error(request, error)
    log.error("unhandled", trace_id=context.trace_id, **described(error))
    return problem_response(InternalError(), context)


def described(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of an exception: its class and where it came through our code.

    Its text is left out: drivers quote values there, and a value may be somebody's phone.
    """
    cause = error.__cause__ or error.__context__
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "cause": f"{type(cause).__module__}.{type(cause).__qualname__}" if cause else None,
        "frames": _our_frames(error.__traceback__),
    }


def _our_frames(trace: TracebackType | None) -> list[str]:
    frames = []
    for frame, line in traceback.walk_tb(trace):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_ROOT) and not path.is_relative_to(sys.prefix):
            frames.append(f"{path.relative_to(_ROOT)}:{line} {frame.f_code.co_name}")
    return frames[-20:]


HANDLERS: Mapping[Any, Any] = {
    DomainError: on_domain_error,
    HTTPException: on_framework_error,
    Retry: on_retry,
    Exception: on_any_error,
}
