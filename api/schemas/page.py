"""What every list takes."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import QueryModel

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many items to answer at most.", examples=[50])]
Cursor = Annotated[
    str,
    Field(max_length=1000, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before; opaque."),
]


class PageQuery(QueryModel):
    """Base of list filters: `limit` and `cursor`."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None
