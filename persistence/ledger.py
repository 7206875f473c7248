"""Reading the points ledger: accounts, lots, entries with what they moved, and an account's whole history."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Column, Select, Uuid, bindparam, func, select
from sqlalchemy.engine import RowMapping

from domain.loyalty.entries import Entry
from domain.loyalty.errors import AccountNotFound
from domain.loyalty.ledger import Book
from domain.loyalty.lots import Lot
from domain.loyalty.ports import Account, History, Member, Recorded, Remark
from persistence import remarks
from persistence.session import Session
from persistence.tables.loyalty import account, account_member, allocation, entry, lot
from persistence.tables.people import customer
from persistence.till_load import book_of, entry_of, lot_of


class PgLedger:
    """The points books of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def account(self, account_id: UUID) -> Account:
        """Return one account.

        Raises:
            AccountNotFound: there is none.
        """
        found = await self._whole(await self._session.all(self._of(account).where(account.c.account_id == account_id)))
        if not found:
            raise AccountNotFound
        return found[0]

    async def accounts(self, *, customer_id: UUID | None, after: UUID | None, limit: int) -> Sequence[Account]:
        """Return accounts by id, of one customer (the survivor where it was merged) or of all."""
        statement = self._of(account)
        if customer_id is not None:
            statement = statement.where(account.c.account_id.in_(self._accounts_of(customer_id)))
        if after is not None:
            statement = statement.where(account.c.account_id > after)
        return await self._whole(await self._session.all(statement.order_by(account.c.account_id).limit(limit)))

    async def books(self, account_ids: Collection[UUID]) -> Mapping[UUID, Book]:
        """Return the books of those accounts that exist, each with every open lot."""
        if not account_ids:
            return {}
        rows = await self._among(self._of(account), account.c.account_id, account_ids)
        return await self._books(rows)

    async def owners(self, account_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return the customer who owns each account; one without members is left out."""
        if not account_ids:
            return {}
        members = await self._members(account_ids)
        return {
            account_id: next((one for one in people if one.role == "owner"), people[0]).customer_id
            for account_id, people in members.items()
        }

    async def lots(self, account_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Lot]:
        """Return lots, newest first, those made before `after` only."""
        statement = self._of(lot).where(lot.c.account_id == account_id)
        if after is not None:
            statement = statement.where(lot.c.lot_id < after)
        rows = await self._session.all(statement.order_by(lot.c.lot_id.desc()).limit(limit))
        return [lot_of(dict(row)) for row in rows]

    async def entries(self, account_id: UUID, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return entries, newest first, those with a number below `before` only."""
        statement = self._of(entry).where(entry.c.account_id == account_id)
        if before is not None:
            statement = statement.where(entry.c.seq < before)
        rows = await self._session.all(statement.order_by(entry.c.seq.desc()).limit(limit))
        if not rows:
            return []
        moved = self._of(allocation).where(
            allocation.c.account_id == account_id, allocation.c.seq.between(rows[-1]["seq"], rows[0]["seq"])
        )
        entries = _entries(rows, await self._session.all(moved))
        words = await remarks.opened(self._session, rows)
        return [
            Recorded(
                one,
                row["recorded_at"],
                row["actor"],
                one.reason if one.reason is not None else words.get(one.seq, remarks.NOTHING).reason,
                words.get(one.seq, remarks.NOTHING).note,
            )
            for one, row in zip(entries, rows, strict=True)
        ]

    async def history(self, account_id: UUID, *, until: datetime | None = None) -> History:
        """Return every entry recorded by `until` (None: all), and every lot."""
        statement = self._of(entry).where(entry.c.account_id == account_id)
        if until is not None:
            statement = statement.where(entry.c.recorded_at <= until)
        rows = await self._session.all(statement.order_by(entry.c.seq))
        moved = await self._session.all(self._of(allocation).where(allocation.c.account_id == account_id))
        lots = await self._session.all(self._of(lot).where(lot.c.account_id == account_id))
        return History(_entries(rows, moved), [lot_of(dict(row)) for row in lots])

    async def remark(self, written: Sequence[Remark]) -> None:
        """Seal what people wrote into their entries, in one round trip."""
        if written:
            await remarks.store(self._session, written)

    def _of(self, table: Any) -> Select[Any]:
        return select(table).where(table.c.tenant_id == self._session.tenant_id)

    async def _among(self, statement: Select[Any], column: Column[Any], ids: Iterable[UUID]) -> Sequence[RowMapping]:
        among = statement.where(column == func.any(bindparam("ids", type_=ARRAY(Uuid))))
        return await self._session.all(among, {"ids": sorted(set(ids))})

    def _accounts_of(self, customer_id: UUID) -> Select[Any]:
        mine = self._session.tenant_id
        canonical = (
            select(customer.c.canonical_id)
            .where(customer.c.tenant_id == mine, customer.c.customer_id == customer_id)
            .scalar_subquery()
        )
        return select(account_member.c.account_id).where(
            account_member.c.tenant_id == mine,
            account_member.c.customer_id == canonical,
            account_member.c.left_at.is_(None),
        )

    async def _whole(self, rows: Sequence[RowMapping]) -> list[Account]:
        if not rows:
            return []
        books = await self._books(rows)
        members = await self._members(books.keys())
        return [
            Account(
                row["account_id"],
                row["program_id"],
                row["tier"],
                row["created_at"],
                members.get(row["account_id"], ()),
                books[row["account_id"]],
            )
            for row in rows
        ]

    async def _books(self, rows: Sequence[RowMapping]) -> dict[UUID, Book]:
        ids = [row["account_id"] for row in rows]
        opened = self._of(lot).where(lot.c.open).order_by(lot.c.account_id, lot.c.expires_at, lot.c.lot_id)
        lots: dict[UUID, list[Lot]] = {}
        for row in await self._among(opened, lot.c.account_id, ids):
            lots.setdefault(row["account_id"], []).append(lot_of(dict(row)))
        return {row["account_id"]: book_of(dict(row), lots.get(row["account_id"], []), whole=True) for row in rows}

    async def _members(self, account_ids: Iterable[UUID]) -> dict[UUID, tuple[Member, ...]]:
        statement = self._of(account_member).where(account_member.c.left_at.is_(None))
        statement = statement.order_by(account_member.c.joined_at, account_member.c.customer_id)
        members: dict[UUID, tuple[Member, ...]] = {}
        for row in await self._among(statement, account_member.c.account_id, account_ids):
            one = Member(row["customer_id"], row["role"], row["spend_limit"])
            members[row["account_id"]] = (*members.get(row["account_id"], ()), one)
        return members


def _entries(rows: Sequence[RowMapping], moved: Sequence[RowMapping]) -> list[Entry]:
    """Return the entries in `rows` with their allocations, which may be those of more entries than these."""
    allocations: dict[int, list[tuple[UUID, int]]] = {}
    for row in moved:
        allocations.setdefault(row["seq"], []).append((row["lot_id"], row["points"]))
    return [entry_of(dict(row) | {"allocations": allocations.get(row["seq"])}) for row in rows]
