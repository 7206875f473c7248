"""What an operation promises: permission, bodies, answers, problems. One source for the checks and the document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An answer that is not JSON: its media type and a description of it."""

    media_type: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The promise of one operation. See `operation` for the meaning of each part."""

    permission: str
    body: type[BaseModel] | None = None
    body_optional: bool = False
    merge_patch: bool = False
    query: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | Raw | None] = field(default_factory=dict)
    problems: Sequence[str] = ()
    example: Any = None
    answer_example: Any = None
    stores: bool = True
    dry_run: bool = False
    if_match: bool = False
    limited: bool = True
    suspended_may: bool = False


def operation(
    permission: str,
    *,
    answers: Mapping[int, type[BaseModel] | Raw | None],
    body: type[BaseModel] | None = None,
    body_optional: bool = False,
    merge_patch: bool = False,
    query: type[BaseModel] | None = None,
    problems: Sequence[str] = (),
    example: Any = None,
    answer_example: Any = None,
    stores: bool = True,
    dry_run: bool = False,
    if_match: bool = False,
    limited: bool = True,
    suspended_may: bool = False,
) -> dict[str, Any]:
    """Return the `opt` of a handler.

    `permission` is one of compliance.access.permissions, or its PUBLIC. `answers` gives the model of each 2xx status
    (None: no body).
    `problems` names the codes beyond the common ones, which the document adds by itself (400, 401, 403, 406, 413,
    415, 429, 500, 503, and those of Idempotency-Key and If-Match); an operation with an id in its path names its 404.
    `query` is the model that `read_query` gets. `example` is a request body, `answer_example` an answer; where they
    are left out one is made from the fields' own examples. `stores=False`: a POST that changes nothing, its
    Idempotency-Key is accepted and ignored. `dry_run`: takes `?dry_run=true`. `if_match`: takes If-Match.
    `limited=False`: never 429 (receipts, returns, capture). `suspended_may`: owner and data-protection officer
    keep it while the tenant is suspended (decisions.md 27), as they keep reads by themselves.
    """
    promise = Operation(
        permission=permission,
        answers=answers,
        body=body,
        body_optional=body_optional,
        merge_patch=merge_patch,
        query=query,
        problems=tuple(problems),
        example=example,
        answer_example=answer_example,
        stores=stores,
        dry_run=dry_run,
        if_match=if_match,
        limited=limited,
        suspended_may=suspended_may,
    )
    return {"permission": permission, "operation": promise}


def promise_of(opt: Mapping[str, Any]) -> Operation | None:
    """Return the promise in a handler's `opt`, None for handlers outside the contract (pages, files)."""
    found = opt.get("operation")
    return found if isinstance(found, Operation) else None
