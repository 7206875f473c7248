"""Answering: a model becomes bytes once, and the same bytes are stored and sent."""

from collections.abc import Mapping
from typing import Any

from litestar import Response
from pydantic import BaseModel

JSON = "application/json"


def serialise(model: BaseModel | None) -> bytes:
    """Return the JSON of `model`, times in UTC; nothing for None."""
    return b"" if model is None else type(model).__pydantic_serializer__.to_json(model)


def answer_headers(model: BaseModel | None) -> dict[str, str]:
    """Return the headers that come with `model`: its ETag, when it has one."""
    etag = getattr(model, "etag", None)
    return {"ETag": etag()} if callable(etag) else {}


def answer(model: BaseModel | None, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return the HTTP answer for `model`; None is an answer without a body."""
    return from_bytes(serialise(model), status, {**answer_headers(model), **(headers or {})})


def from_bytes(body: bytes, status: int, headers: Mapping[str, str]) -> Response[Any]:
    """Return an answer whose body is JSON already."""
    if not body and status == 204:
        return Response(None, status_code=status, headers=dict(headers))
    return Response(body, status_code=status, media_type=JSON, headers=dict(headers))
