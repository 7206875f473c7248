"""Notes about a customer."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, read_query
from api.command import Command, Query
from api.etag import require_match
from api.merge_patch import given
from api.operation import operation
from api.paging import PageQuery, decode_cursor, page
from api.routes.customers import NOT_FOUND, TAGS
from api.schemas import notes as schemas
from domain.customers.notes import Note, visible_to
from domain.customers.use_cases.belongings import remove_note, rewrite_note, write_note

NO_NOTE = "note-not-found"


class NoteController(Controller):
    """What the shop remembers of a person; who may see it, and every former text."""

    path = "/v1/customers/{customer_id:uuid}/notes"
    tags = TAGS

    @get(
        operation_id="listNotes",
        summary="List the notes about a customer, newest first",
        opt=operation("notes:read", query=PageQuery, answers={200: schemas.NotePage}, problems=[NOT_FOUND]),
    )
    async def list_notes(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Those that the reader's role may see."""
        wanted = read_query(request, PageQuery)
        after = decode_cursor(wanted.cursor, datetime.fromisoformat, UUID) if wanted.cursor else None
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            rows = await unit.notes.page(
                card.id, visible=visible_to(request.auth.role), after=after, limit=wanted.limit + 1
            )
        kept, cursor = page(rows, wanted.limit, lambda note: [note.created_at.isoformat(), str(note.id)])
        items = [schemas.Note.model_validate(note) for note in kept]
        return answer(schemas.NotePage(items=items, next_cursor=cursor))

    @post(
        operation_id="createNote",
        summary="Write a note about a customer (comment, remark)",
        opt=operation(
            "notes:write",
            body=schemas.NoteCreate,
            answers={201: schemas.Note},
            problems=[NOT_FOUND, "invalid-value"],
            example={"text": "Не любит розовое", "visibility": "till", "pinned": True},
        ),
    )
    async def create(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """It stands in the customer's history too."""
        body = await read_body(request, schemas.NoteCreate)

        async def work(unit: Any) -> schemas.Note:
            written = await write_note(
                customer_id, text=body.text, visibility=body.visibility, pinned=body.pinned, unit=unit
            )
            return schemas.Note.model_validate(written)

        return await command.run(work, status=201)

    @get(
        "/{note_id:uuid}",
        operation_id="getNote",
        summary="Show a note",
        opt=operation("notes:read", answers={200: schemas.Note}, problems=[NOT_FOUND, NO_NOTE]),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        note_id: FromPath[UUID],
        reading: NamedDependency[Query],
    ) -> Response[Any]:
        """A note that is not for the reader's role answers as one that does not exist."""
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            note = await unit.notes.get(card.id, note_id, visible=visible_to(request.auth.role))
        return answer(schemas.Note.model_validate(note))

    @patch(
        "/{note_id:uuid}",
        operation_id="updateNote",
        summary="Change a note; its former text stays readable",
        opt=operation(
            "notes:write",
            body=schemas.NotePatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Note},
            problems=[NOT_FOUND, NO_NOTE, "invalid-value"],
            example={"text": "Не любит розовое и зелёное"},
        ),
    )
    async def update(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        note_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """Who changes it is its author from now on."""
        body = await read_body(request, schemas.NotePatch)

        async def work(unit: Any) -> schemas.Note:
            changed = await rewrite_note(customer_id, note_id, given(body), unit=unit, check=_matching(request))
            return schemas.Note.model_validate(changed)

        return await command.run(work)

    @delete(
        "/{note_id:uuid}",
        operation_id="removeNote",
        summary="Take a note away",
        status_code=204,
        opt=operation("notes:write", answers={204: None}, problems=[NOT_FOUND, NO_NOTE], if_match=True),
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        note_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[None]:
        """It is no longer shown anywhere."""

        async def work(unit: Any) -> None:
            await remove_note(customer_id, note_id, unit=unit, check=_matching(request))

        return await command.run(work, status=204)

    @get(
        "/{note_id:uuid}/revisions",
        operation_id="listNoteRevisions",
        summary="List every version of a note, newest first",
        opt=operation("notes:read", answers={200: schemas.NoteRevisions}, problems=[NOT_FOUND, NO_NOTE]),
    )
    async def revisions(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        note_id: FromPath[UUID],
        reading: NamedDependency[Query],
    ) -> Response[Any]:
        """Whoever may see the note now may see what it said before, but for versions above their role."""
        levels = visible_to(request.auth.role)
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            note = await unit.notes.get(card.id, note_id, visible=levels)
            kept = [one for one in await unit.notes.revisions(note) if one.visibility in levels]
        return answer(schemas.NoteRevisions(items=[schemas.NoteRevision.model_validate(one) for one in kept]))


def _matching(request: Request[Any, Any, Any]) -> Callable[[Note], None]:
    return lambda note: require_match(request, schemas.Note.model_validate(note).etag())
