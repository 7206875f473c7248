"""Notes about customers, with every former version, and their place in the timeline."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, insert, or_, select, update

from domain.customers.errors import NoteNotFound
from domain.customers.notes import Note, Revision
from persistence.customer_rows import NOTE
from persistence.key_store import CustomerKeys
from persistence.session import Session
from persistence.tables.history import interaction
from persistence.tables.people import note, note_revision
from tenancy.vault import CustomerKey

REVISION = {"table": "note_revision", "column": "sealed"}
SOURCE = "regulars"


class PgNotes:
    """The notes of one shop's customers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def page(
        self, customer_id: UUID, *, visible: Collection[str], after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Note]:
        """Return at most `limit` notes, newest first, those older than `after` only."""
        statement = self._select(customer_id, visible)
        if after is not None:
            at, note_id = after
            older = or_(note.c.created_at < at, and_(note.c.created_at == at, note.c.note_id < note_id))
            statement = statement.where(note.c.created_at <= at, older)
        rows = await self._session.all(statement.order_by(note.c.created_at.desc(), note.c.note_id.desc()).limit(limit))
        key = await self._key(customer_id) if rows else None
        return [_note(row, key) for row in rows if key is not None]

    async def get(self, customer_id: UUID, note_id: UUID, *, visible: Collection[str], lock: bool = False) -> Note:
        """Return one that the reader may see.

        Raises:
            NoteNotFound: there is none.
        """
        statement = self._select(customer_id, visible).where(note.c.note_id == note_id)
        row = await self._session.one(statement.with_for_update() if lock else statement)
        if row is None:
            raise NoteNotFound
        return _note(row, await self._key(customer_id))

    async def by_id(
        self, note_ids: Collection[UUID], customer_id: UUID, visible: Collection[str]
    ) -> Mapping[UUID, Note]:
        """Return those of a customer's notes that are still there and may be seen."""
        if not note_ids:
            return {}
        statement = self._select(customer_id, visible).where(note.c.note_id.in_(note_ids))
        rows = await self._session.all(statement)
        key = await self._key(customer_id) if rows else None
        return {row["note_id"]: _note(row, key) for row in rows if key is not None}

    async def add(self, new: Note) -> None:
        """Store a new note, its first revision and its place in the timeline."""
        key = await self._key(new.customer_id)
        row = self._row(new, key) | {"note_id": new.id, "created_at": new.created_at, "updated_at": new.updated_at}
        await self._session.run(insert(note).values(row))
        await self._keep_revision(new, key)
        await self._session.run(insert(interaction).values(self._in_timeline(new)))

    async def save(self, changed: Note) -> None:
        """Store a new version; the former ones stay."""
        key = await self._key(changed.customer_id)
        row = self._row(changed, key) | {"updated_at": changed.updated_at}
        await self._session.run(update(note).where(*self._one(changed)).values(row))
        await self._keep_revision(changed, key)
        await self._session.run(
            update(interaction)
            .where(interaction.c.tenant_id == self._session.tenant_id, interaction.c.interaction_id == changed.id)
            .values(data={"visibility": changed.visibility, "pinned": changed.pinned})
        )

    async def remove(self, gone: Note, at: datetime) -> None:
        """Take a note away; its revisions stay for whoever may read them."""
        await self._session.run(update(note).where(*self._one(gone)).values(deleted_at=at))

    async def revisions(self, of: Note) -> Sequence[Revision]:
        """Return every version, newest first."""
        key = await self._key(of.customer_id)
        statement = (
            select(note_revision)
            .where(note_revision.c.tenant_id == self._session.tenant_id, note_revision.c.note_id == of.id)
            .order_by(note_revision.c.version.desc())
        )
        return [
            Revision(
                version=row["version"],
                text=key.open(row["sealed"], **REVISION).decode(),
                visibility=row["visibility"],
                pinned=row["pinned"],
                author=row["author"],
                edited_at=row["edited_at"],
            )
            for row in await self._session.all(statement)
        ]

    def _select(self, customer_id: UUID, visible: Collection[str]) -> Select[Any]:
        return select(note).where(
            note.c.tenant_id == self._session.tenant_id,
            note.c.customer_id == customer_id,
            note.c.deleted_at.is_(None),
            note.c.visibility.in_([str(level) for level in visible]),
        )

    def _one(self, one: Note) -> tuple[Any, ...]:
        return note.c.tenant_id == self._session.tenant_id, note.c.note_id == one.id

    def _row(self, one: Note, key: CustomerKey) -> dict[str, Any]:
        return {
            "tenant_id": self._session.tenant_id,
            "customer_id": one.customer_id,
            "visibility": str(one.visibility),
            "pinned": one.pinned,
            "sealed": key.seal(one.text.encode(), **NOTE),
            "author": one.author,
            "version": one.version,
        }

    async def _keep_revision(self, one: Note, key: CustomerKey) -> None:
        row = self._row(one, key) | {
            "note_id": one.id,
            "edited_at": one.updated_at,
            "sealed": key.seal(one.text.encode(), **REVISION),
        }
        await self._session.run(insert(note_revision).values(row))

    def _in_timeline(self, one: Note) -> dict[str, Any]:
        """A note stands in the timeline by reference; its text is read from where it is kept."""
        return {
            "tenant_id": self._session.tenant_id,
            "interaction_id": one.id,
            "customer_id": one.customer_id,
            "root_customer_id": one.customer_id,
            "kind": "note",
            "occurred_at": one.created_at,
            "recorded_at": one.created_at,
            "source": SOURCE,
            "external_id": None,
            "store": None,
            "actor": one.author,
            "refs": {"note_id": str(one.id)},
            "data": {"visibility": str(one.visibility), "pinned": one.pinned},
            "detail": None,
            "schema_version": 1,
        }

    async def _key(self, customer_id: UUID) -> CustomerKey:
        keys = await CustomerKeys(self._session).load([customer_id])
        if customer_id not in keys:
            raise NoteNotFound
        return keys[customer_id]


def _note(row: Mapping[Any, Any], key: CustomerKey) -> Note:
    return Note(
        id=row["note_id"],
        customer_id=row["customer_id"],
        text=key.open(row["sealed"], **NOTE).decode(),
        visibility=row["visibility"],
        pinned=row["pinned"],
        author=row["author"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
