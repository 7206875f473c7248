"""A customer's history: documents of the till and everything else, merged into one order."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, literal, or_, select, tuple_

from domain.customers.notes import Note
from domain.history.timeline import RECEIPT_KINDS, TimelineEntry, TimelineFilter
from persistence.customers import any_of
from persistence.notes import PgNotes
from persistence.session import Session
from persistence.tables.history import interaction, receipt
from persistence.tables.people import customer

Position = tuple[datetime, UUID]


class PgTimeline:
    """The histories of one shop's customers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def page(
        self,
        customer_id: UUID,
        wanted: TimelineFilter,
        *,
        visible: Collection[str],
        after: Position | None,
        limit: int,
    ) -> Sequence[TimelineEntry]:
        """Return at most `limit` entries, newest first, those older than `after` only.

        `visible` are the levels of notes the reader may see. A merged customer's history is the survivor's too.
        """
        people = await self._roots(customer_id)
        entries: list[TimelineEntry] = []
        if not wanted.kinds or set(wanted.kinds) & set(RECEIPT_KINDS):
            rows = await self._session.all(self._receipts(wanted, after, limit), {"ids": people})
            entries += [_receipt(row) for row in rows]
        if not wanted.kinds or set(wanted.kinds) - set(RECEIPT_KINDS):
            rows = await self._session.all(self._interactions(wanted, visible, after, limit), {"ids": people})
            notes = await self._notes(rows, people, visible)
            entries += [_interaction(row, notes) for row in rows]
        entries.sort(key=lambda entry: (entry.occurred_at, entry.id), reverse=True)
        return entries[:limit]

    async def _roots(self, customer_id: UUID) -> list[UUID]:
        merged = select(customer.c.customer_id).where(
            customer.c.tenant_id == self._session.tenant_id,
            customer.c.canonical_id == customer_id,
            customer.c.canonical_id != customer.c.customer_id,
        )
        return [customer_id, *(row["customer_id"] for row in await self._session.all(merged))]

    async def _notes(
        self, rows: Sequence[Any], people: Sequence[UUID], visible: Collection[str]
    ) -> Mapping[UUID, Note]:
        wanted = [UUID(row["refs"]["note_id"]) for row in rows if "note_id" in row["refs"]]
        repository = PgNotes(self._session)
        found: dict[UUID, Note] = {}
        for person in people if wanted else ():
            found.update(await repository.by_id(wanted, person, visible))
        return found

    def _receipts(self, wanted: TimelineFilter, after: Position | None, limit: int) -> Select[Any]:
        kept = receipt.c
        statement = select(receipt).where(kept.tenant_id == self._session.tenant_id, any_of(kept.customer_id))
        kinds = [kind for kind in wanted.kinds if kind in RECEIPT_KINDS]
        if kinds:
            statement = statement.where(kept.kind.in_(kinds))
        if wanted.author is not None:
            statement = statement.where(kept.employee == wanted.author)
        statement = _between(statement, (kept.sold_at, kept.receipt_id, kept.store), wanted, after)
        return statement.order_by(kept.sold_at.desc(), kept.receipt_id.desc()).limit(limit)

    def _interactions(
        self, wanted: TimelineFilter, visible: Collection[str], after: Position | None, limit: int
    ) -> Select[Any]:
        kept = interaction.c
        level = cast(kept.data["visibility"].astext, Text)
        statement = select(interaction).where(
            kept.tenant_id == self._session.tenant_id,
            any_of(kept.customer_id),
            or_(level.is_(None), level.in_([str(one) for one in visible])),
        )
        kinds = [kind for kind in wanted.kinds if kind not in RECEIPT_KINDS]
        if kinds:
            statement = statement.where(kept.kind.in_(kinds))
        if wanted.author is not None:
            statement = statement.where(kept.actor == wanted.author)
        statement = _between(statement, (kept.occurred_at, kept.interaction_id, kept.store), wanted, after)
        return statement.order_by(kept.occurred_at.desc(), kept.interaction_id.desc()).limit(limit)


def _between(
    statement: Select[Any], columns: tuple[Any, Any, Any], wanted: TimelineFilter, after: Position | None
) -> Select[Any]:
    at, id_, store = columns
    if wanted.since is not None:
        statement = statement.where(at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(at < wanted.until)
    if wanted.store is not None:
        statement = statement.where(store == wanted.store)
    if after is not None:
        statement = statement.where(tuple_(at, id_) < tuple_(literal(after[0]), literal(after[1])))
    return statement


def _receipt(row: Mapping[Any, Any]) -> TimelineEntry:
    return TimelineEntry(
        id=row["receipt_id"],
        kind=row["kind"],
        occurred_at=row["sold_at"],
        recorded_at=row["recorded_at"],
        source=row["source"],
        store=row["store"],
        actor=row["employee"],
        refs={"receipt_id": str(row["receipt_id"])} | ({"sale_id": str(row["sale_id"])} if row["sale_id"] else {}),
        data={
            "external_id": row["external_id"],
            "total": row["total"],
            "currency": row["currency"],
            "state": row["state"],
            "channel": row["channel"],
            "reason": row["reason"],
            "earned": row["earned"],
            "redeemed": row["redeemed"],
            "restored": row["restored"],
            "reversed": row["reversed"],
        },
    )


def _interaction(row: Mapping[Any, Any], notes: Mapping[UUID, Note]) -> TimelineEntry:
    data = dict(row["data"])
    note_id = row["refs"].get("note_id")
    if note_id is not None:
        note = notes.get(UUID(note_id))
        data |= {"text": note.text, "pinned": note.pinned} if note is not None else {"removed": True}
    return TimelineEntry(
        id=row["interaction_id"],
        kind=row["kind"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        source=row["source"],
        store=row["store"],
        actor=row["actor"],
        refs=row["refs"],
        data=data,
    )
