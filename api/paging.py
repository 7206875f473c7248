"""Lists: opaque cursors that stay right while rows arrive."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from api.errors import BadParameter
from api.schemas.page import PageQuery

__all__ = ["PageQuery", "decode_cursor", "encode_cursor", "page"]

VERSION = 1
MAX_NUMBER = 2**63
Row = TypeVar("Row")


def encode_cursor(position: Sequence[str | int]) -> str:
    """Return the opaque cursor of the row at `position` (its sort key and id; nothing personal: it goes into a URL)."""
    text = json.dumps([VERSION, *position], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(text: str, *shape: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return the position that `encode_cursor` was given, each part passed through its entry of `shape`.

    `decode_cursor(cursor, datetime.fromisoformat, UUID)` checks both count and form; without `shape` the parts come
    as they are, strings or integers.

    Raises:
        BadParameter: the cursor is not one of ours, or of another list.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        version, *position = parts
        if version != VERSION or not all(type(part) in (str, int) for part in position):
            raise ValueError
        if any(b"\x00" in str(part).encode() for part in position):  # encoding refuses lone surrogates
            raise ValueError
        if not shape:
            return tuple(position)
        return tuple(_possible(check(part)) for check, part in zip(shape, position, strict=True))
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError, OverflowError):
        raise BadParameter.query("cursor", "cursor", "is not a cursor of this list") from None


def _possible(part: Any) -> Any:
    """Return a part that a row can have: the database takes no greater number and no time without an offset."""
    if isinstance(part, int) and not 0 <= part < MAX_NUMBER:
        raise ValueError
    if isinstance(part, datetime):
        if part.tzinfo is None:
            raise ValueError
        return part.astimezone(UTC)  # refuses what only an offset brings into the years there are
    return part


def page(
    rows: Sequence[Row], limit: int, position: Callable[[Row], Sequence[str | int]]
) -> tuple[Sequence[Row], str | None]:
    """Return the items of a page and the next cursor, from up to `limit` + 1 rows read."""
    if len(rows) <= limit:
        return rows, None
    kept = rows[:limit]
    return kept, encode_cursor(position(kept[-1]))
