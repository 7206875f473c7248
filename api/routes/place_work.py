"""What the routes of stores, registers and employees share."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from litestar import Request

from api.etag import require_match
from api.paging import decode_cursor, page
from api.schemas.places import Employee, InStoreQuery, PlaceQuery, Register, Store
from tenancy.place_use_cases import Record, Records

Model = TypeVar("Model", Store, Register, Employee)


async def list_records(wanted: PlaceQuery, records: Records[Record]) -> tuple[Sequence[Record], str | None]:
    """Return the page that was asked for and the cursor of the next."""
    after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
    filters = {"code": wanted.code, "confirmed": wanted.confirmed}
    if isinstance(wanted, InStoreQuery):
        filters["store"] = wanted.store
    rows = await records.page(
        after=after,
        limit=wanted.limit + 1,
        filters={name: value for name, value in filters.items() if value is not None},
        archived=wanted.archived,
    )
    return page(rows, wanted.limit, lambda record: [str(record.id)])


def matching(request: Request[Any, Any, Any], model: type[Model]) -> Callable[[Any], None]:
    """Return the check of a record against the request's If-Match."""
    return lambda record: require_match(request, model.model_validate(record).etag())
