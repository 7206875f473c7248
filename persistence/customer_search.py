"""Lists of customers, and the manager's search by name or by the end of a phone."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from domain.customers.customer import Customer
from domain.customers.errors import SearchTooWide
from domain.customers.searching import SMALL_BASE, Filters, Remembered, asked_words, match, remembered
from domain.kernel.errors import FieldError
from persistence.custom_fields import PgCustomFields
from persistence.customer_filters import filtered, older_than
from persistence.customer_rows import ENDING_DIGITS, ending_of, open_identifier, open_profile
from persistence.customer_search_rows import SHORTEST_PREFIX, SearchRows, name_token_of
from persistence.customers import PgCustomers, any_of
from persistence.key_store import CustomerKeys
from persistence.name_memory import NAMES
from persistence.session import Session
from persistence.tables.people import customer, identifier, name_token

CHUNK = 1000
"""Names opened between two waits: some 40 ms of work, so that the till's requests get their turn."""

_IN_USE = ("active", "shared")


class PgCustomerSearch:
    """Finds customers of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._customers = PgCustomers(session)
        self._rows = SearchRows(session)

    async def page(self, filters: Filters, *, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Customer]:
        """Return at most `limit` customers, the newest first, those older than `after` only.

        Raises:
            InvalidValue: a custom value is asked for that its field cannot have.
        """
        statement = await self._filtered(select(customer.c.customer_id), filters)
        if after is not None:
            statement = statement.where(older_than(after))
        statement = statement.order_by(customer.c.created_at.desc(), customer.c.customer_id.desc()).limit(limit)
        return await self._customers.many([row["customer_id"] for row in await self._session.all(statement)])

    async def search(
        self,
        filters: Filters,
        *,
        name: str | None,
        phone_ending: str | None,
        after: tuple[int, UUID] | None,
        limit: int,
    ) -> tuple[Sequence[Customer], tuple[int, UUID] | None]:
        """Return a page of who fits, best first and then by the alphabet, and where the next page begins.

        Raises:
            SearchTooWide: the base is large and the owner has not switched the index on.
            InvalidValue: a custom value is asked for that its field cannot have.
        """
        asked = asked_words(name) if name is not None else []
        if name is not None and not asked:  # signs alone are no name
            return (), None
        if name is not None and not asked:
            return (), None  # neither letters nor digits: nobody is called that
        statement = await self._filtered(select(customer.c.customer_id, customer.c.version), filters)
        statement = await self._narrowed(statement, asked, phone_ending)
        versions = {row["customer_id"]: row["version"] for row in await self._session.all(statement.limit(SMALL_BASE))}
        ranked = [
            (rank, known.sort, customer_id)
            async for customer_id, known in self._known(versions, with_phones=phone_ending is not None)
            if (rank := match(asked, known.words)) is not None and _ends(known, phone_ending)
        ]
        ids = [customer_id for _, _, customer_id in sorted(ranked)]
        start = _start(ids, after)
        chosen = ids[start : start + limit]
        following = (start + limit, chosen[-1]) if start + limit < len(ids) else None
        return await self._customers.many(chosen), following

    async def _filtered(self, statement: Select[Any], filters: Filters) -> Select[Any]:
        fields = await PgCustomFields(self._session).all() if filters.custom else {}
        return filtered(statement, filters, session=self._session, fields=fields)

    async def _narrowed(self, statement: Select[Any], asked: Sequence[str], ending: str | None) -> Select[Any]:
        """Look through a small base; in a large one use the indexes that the owner has switched on.

        A small base needs none, and an index that was switched on a moment ago knows nobody yet.
        """
        if not await self._large():
            return statement
        if ending is not None and self._rows.endings:
            return statement.where(self._in_bucket(ending))
        if ending is not None:
            raise SearchTooWide(errors=[FieldError("/phone_ending", "index-off", "needs the index of phone endings")])
        longest = [word for word in asked if len(word) >= SHORTEST_PREFIX]
        if not self._rows.names or not longest:
            raise SearchTooWide(errors=[FieldError("/name", "index-off", "needs the index of names and three letters")])
        for word in longest:
            statement = statement.where(self._has_token(word))
        return statement

    async def _large(self) -> bool:
        some = (
            select(customer.c.customer_id)
            .where(customer.c.tenant_id == self._session.tenant_id)
            .limit(SMALL_BASE + 1)
            .subquery()
        )
        row = await self._session.one(select(func.count().label("n")).select_from(some))
        return row is not None and row["n"] > SMALL_BASE

    def _in_bucket(self, ending: str) -> Any:
        return exists().where(
            identifier.c.tenant_id == self._session.tenant_id,
            identifier.c.customer_id == customer.c.customer_id,
            identifier.c.ending == ending_of(ending[-ENDING_DIGITS:], self._session.vault),
        )

    def _has_token(self, word: str) -> Any:
        return exists().where(
            name_token.c.tenant_id == self._session.tenant_id,
            name_token.c.customer_id == customer.c.customer_id,
            name_token.c.token == name_token_of(word, self._session.vault),
        )

    async def _known(
        self, versions: Mapping[UUID, int], *, with_phones: bool
    ) -> AsyncIterator[tuple[UUID, Remembered]]:
        """Yield names as the search sees them, from memory where it has them in the present version."""
        memory = NAMES.of(self._session.tenant_id)
        ids = list(versions)
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            missing = [
                one
                for one in part
                if (known := memory.get(one)) is None
                or known.version != versions[one]
                or (with_phones and known.phones is None)
            ]
            opened = await self._open(missing, with_phones=with_phones) if missing else {}
            NAMES.keep(self._session.tenant_id, opened)
            for one in part:
                known = opened.get(one) or memory.get(one)
                if known is not None:
                    yield one, known
            await asyncio.sleep(0)

    async def _open(self, customer_ids: Sequence[UUID], *, with_phones: bool) -> Mapping[UUID, Remembered]:
        session = self._session
        keys = await CustomerKeys(session).load(customer_ids)
        statement = select(customer.c.customer_id, customer.c.version, customer.c.profile).where(
            customer.c.tenant_id == session.tenant_id, any_of(customer.c.customer_id)
        )
        phones = await self._phones(customer_ids) if with_phones else None
        return {
            row["customer_id"]: remembered(
                row["version"],
                open_profile(row["profile"], keys.get(row["customer_id"])).names,
                None if phones is None else phones.get(row["customer_id"], ()),
            )
            for row in await session.all(statement, {"ids": list(customer_ids)})
        }

    async def _phones(self, customer_ids: Collection[UUID]) -> Mapping[UUID, Sequence[str]]:
        session = self._session
        keys = await CustomerKeys(session).load(customer_ids)
        statement = select(identifier.c.customer_id, identifier.c.sealed).where(
            identifier.c.tenant_id == session.tenant_id,
            any_of(identifier.c.customer_id),
            identifier.c.type == "phone",
            identifier.c.status.in_(_IN_USE),
        )
        phones: dict[UUID, list[str]] = {}
        for row in await session.all(statement, {"ids": list(customer_ids)}):
            key = keys.get(row["customer_id"])
            if key is not None:
                phones.setdefault(row["customer_id"], []).append(open_identifier(row["sealed"], key)[0])
        return phones


def _ends(known: Remembered, ending: str | None) -> bool:
    return ending is None or any(phone.endswith(ending) for phone in known.phones or ())


def _start(ids: Sequence[UUID], after: tuple[int, UUID] | None) -> int:
    """Return where the next page begins: after the last one shown, or at its place if it is gone."""
    if after is None:
        return 0
    offset, last = after
    return ids.index(last) + 1 if last in ids else min(offset, len(ids))
