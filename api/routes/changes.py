"""The change feed."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from api.answer import answer
from api.body import read_query
from api.command import Query
from api.operation import operation
from api.paging import decode_cursor, encode_cursor
from api.schemas import changes as schemas
from domain.kernel.feed import LoggedEvent

SEES_CONTACTS = "customers:read-contacts"


class ChangeController(Controller):
    """Everything that happened in the shop, in one order that never changes."""

    path = "/v1/changes"
    tags = ["Changes"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listChanges",
        summary="Read what happened since a cursor (change feed, events, sync, sinceId)",
        opt=operation("changes:read", query=schemas.ChangesQuery, answers={200: schemas.ChangePage}),
    )
    async def list_changes(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Oldest first; `next_cursor` is never null. An event may be seen twice, never skipped."""
        wanted = read_query(request, schemas.ChangesQuery)
        after = decode_cursor(wanted.cursor, _position)[0] if wanted.cursor else 0
        async with reading() as unit:
            found = await unit.changes.page(
                after=after,
                limit=wanted.limit,
                types=wanted.type or (),
                personal=SEES_CONTACTS in request.auth.permissions,
                patient=True,
            )
        items = [_shown(event) for event in found.items]
        return answer(schemas.ChangePage(items=items, next_cursor=encode_cursor([found.next_position])))


def _position(part: object) -> int:
    if type(part) is not int or not 0 <= part < 2**63:
        raise ValueError
    return part


def _shown(event: LoggedEvent) -> schemas.ChangeEvent:
    return schemas.ChangeEvent(
        id=event.id,
        type=event.type,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        actor=schemas.ChangeActor.model_validate(event.actor),
        object=schemas.ChangeObject(type=event.object_type, id=event.object_id),
        changes=[schemas.ChangedField.model_validate(change) for change in event.changes],
        data=event.data,
    )
