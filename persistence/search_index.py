"""Brings the search indexes in step with what the owner has switched on or off, for customers who were there before."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from domain.customers.identifiers import IdentifierType
from domain.kernel.events import SYSTEM
from persistence.customer_rows import ending_of, open_identifier, open_profile
from persistence.customer_search_rows import SearchRows, name_tokens
from persistence.customers import any_of
from persistence.key_store import CustomerKeys
from persistence.session import Session
from persistence.tables.people import customer, identifier, name_token
from persistence.unit_of_work import Store

JOB = "search-index"
PAGE = 500
"""Customers of one transaction: a long one would hold every reader of the event log back."""

FIRST = UUID(int=0)


class SearchIndexer:
    """Makes and drops index rows of whole shops, a page at a time. It may run twice, and next to itself."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, tenant_id: UUID, _ids: object = None) -> None:
        """Index every customer of the shop as its settings say now."""
        last: UUID | None = FIRST
        while last is not None:
            async with self._store.transaction(tenant_id, SYSTEM) as unit:
                last = await _page(unit.session, last)


async def _page(session: Session, after: UUID) -> UUID | None:
    """Index the customers behind `after` and return the last of them; None when there are no more."""
    statement = (
        select(customer.c.customer_id, customer.c.profile)
        .where(customer.c.tenant_id == session.tenant_id, customer.c.customer_id > after)
        .order_by(customer.c.customer_id)
        .limit(PAGE)
    )
    rows = await session.all(statement)
    if not rows:
        return None
    ids: list[UUID] = [row["customer_id"] for row in rows]
    settings = SearchRows(session)
    if settings.names:
        await _add_names(session, rows)
    else:
        await session.run(
            delete(name_token).where(name_token.c.tenant_id == session.tenant_id, any_of(name_token.c.customer_id)),
            {"ids": ids},
        )
    await _set_endings(session, ids, on=settings.endings)
    return ids[-1]


async def _add_names(session: Session, rows: Sequence[Mapping[Any, Any]]) -> None:
    keys = await CustomerKeys(session).load([row["customer_id"] for row in rows])
    tokens = [
        {"tenant_id": session.tenant_id, "token": token, "customer_id": row["customer_id"]}
        for row in rows
        for token in sorted(
            name_tokens(open_profile(row["profile"], keys.get(row["customer_id"])).names, session.vault)
        )
    ]
    if tokens:
        await session.run(upsert(name_token).on_conflict_do_nothing(), tokens)


async def _set_endings(session: Session, ids: Sequence[UUID], *, on: bool) -> None:
    wrong = identifier.c.ending.is_(None) if on else identifier.c.ending.is_not(None)
    statement = select(identifier.c.identifier_id, identifier.c.customer_id, identifier.c.sealed).where(
        identifier.c.tenant_id == session.tenant_id,
        any_of(identifier.c.customer_id),
        identifier.c.type == IdentifierType.PHONE,
        wrong,
    )
    rows = await session.all(statement, {"ids": list(ids)})
    keys = await CustomerKeys(session).load([row["customer_id"] for row in rows])
    changes = [
        {
            "one": row["identifier_id"],
            "bucket": ending_of(open_identifier(row["sealed"], keys[row["customer_id"]])[0], session.vault)
            if on
            else None,
        }
        for row in rows
        if row["customer_id"] in keys
    ]
    if changes:
        await session.run(
            update(identifier)
            .where(identifier.c.tenant_id == session.tenant_id, identifier.c.identifier_id == bindparam("one"))
            .values(ending=bindparam("bucket")),
            changes,
        )
