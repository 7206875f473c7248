"""Batches: each item is looked at apart, so that one which does not match the schema harms no neighbour."""

import re
from typing import Any, TypeVar

from litestar import Request
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from api.body import parse, require_json
from domain.kernel.errors import InvalidRequest

_IN_ITEM = re.compile(r"/items/[0-9]+(/|$)", re.ASCII)

Item = TypeVar("Item", bound=BaseModel)


async def read_items(
    request: Request[Any, Any, Any], batch: type[BaseModel], item: type[Item]
) -> list[Item | InvalidRequest]:
    """Return the items of a body `{"items": [...]}`, and in place of each that does not match what is wrong with it.

    `batch` is the published model of the whole body; pointers of an item's errors point into that item.

    Raises:
        InvalidRequest: the body itself does not match: no JSON, no items, too many of them, other fields.
        UnsupportedMediaType: it is not JSON.
    """
    raw = await request.body()
    if raw.strip(b" \t\r\n"):
        require_json(request)
    try:
        return list(parse(raw, batch).items)  # type: ignore[attr-defined]  # every batch has items
    except InvalidRequest as refused:
        if not refused.errors or not all(_IN_ITEM.match(error.pointer) for error in refused.errors):
            raise
    return [_looked_at(to_json(one), item) for one in from_json(raw)["items"]]


def _looked_at(raw: bytes, item: type[Item]) -> Item | InvalidRequest:
    try:
        return parse(raw, item)
    except InvalidRequest as refused:
        return refused
