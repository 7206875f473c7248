"""Stores, registers and employees in PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import RowMapping

from domain.kernel.errors import NotFound
from domain.kernel.ids import new_id
from persistence.session import Session
from persistence.tables.platform import employee, register, store, tenant
from tenancy.places import (
    CodeTaken,
    Employee,
    EmployeeNotFound,
    Register,
    RegisterNotFound,
    Store,
    StoreNotFound,
)

Record = TypeVar("Record", bound=Store | Register | Employee)
Row = Mapping[str, Any]

NAME_CELL = {"table": "employee", "column": "sealed_name"}


class PgRecords(Generic[Record]):
    """All records of one kind of one shop, in its open transaction.

    `columns` names the column of each field that is not called like it; `key` are the columns that must be unique.
    """

    def __init__(
        self,
        session: Session,
        table: Table,
        build: type[Record],
        not_found: type[NotFound],
        *,
        columns: Mapping[str, str],
        key: Sequence[str],
        seal: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: values,
        unseal: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields,
    ) -> None:
        self._session = session
        self._table = table
        self._build = build
        self._not_found = not_found
        self._columns = {"id": f"{table.name}_id", **columns}
        self._key = key
        self._seal = seal
        self._unseal = unseal

    @property
    def kind(self) -> str:
        """Return `store`, `register` or `employee`."""
        return self._table.name

    async def add(self, values: Row) -> Record:
        """Store a new confirmed record.

        Raises:
            CodeTaken: another record has the code.
        """
        now = self._session.clock.now()
        fields = {**values, "id": new_id(), "version": 1, "confirmed": True, "created_at": now, "updated_at": now}
        await self._refuse_taken(fields, None)
        row = {"tenant_id": self._session.tenant_id, **self._row(fields)}
        added = upsert(self._table).values(row).on_conflict_do_nothing().returning(*self._table.c)
        stored = await self._session.one(added)
        if stored is None:  # somebody else was faster since we looked
            await self._refuse_taken(fields, None)
            raise CodeTaken
        return self._record(stored)

    async def get(self, record_id: UUID, *, lock: bool = False) -> Record:
        """Return the record, held until the transaction ends if `lock`.

        Raises:
            StoreNotFound, RegisterNotFound, EmployeeNotFound: there is none.
        """
        statement = select(self._table).where(*self._is(record_id))
        row = await self._session.one(statement.with_for_update() if lock else statement)
        if row is None:
            raise self._not_found
        return self._record(row)

    async def page(self, *, after: UUID | None, limit: int, filters: Row, archived: bool = False) -> Sequence[Record]:
        """Return at most `limit` records, oldest first; `filters` compare fields for equality."""
        table = self._table
        statement = select(table).where(table.c.tenant_id == self._session.tenant_id)
        statement = statement.where(table.c.archived_at.is_not(None) if archived else table.c.archived_at.is_(None))
        for name, value in filters.items():
            statement = statement.where(self._column(name) == value)
        if after is not None:
            statement = statement.where(self._column("id") > after)
        rows = await self._session.all(statement.order_by(self._column("id")).limit(limit))
        return [self._record(row) for row in rows]

    async def change(self, record_id: UUID, values: Row) -> Record:
        """Store new values and count the version up.

        Raises:
            CodeTaken: another record has the code.
        """
        if any(name in self._key for name in values):
            current = await self.get(record_id)
            await self._refuse_taken({name: getattr(current, name) for name in self._key} | dict(values), record_id)
        changed = (
            update(self._table)
            .where(*self._is(record_id))
            .values(**self._row(values), version=self._table.c.version + 1, updated_at=self._session.clock.now())
            .returning(*self._table.c)
        )
        row = await self._session.one(changed)
        if row is None:
            raise self._not_found
        return self._record(row)

    async def _refuse_taken(self, fields: Row, own: UUID | None) -> None:
        key = [self._column(name).is_not_distinct_from(fields.get(name)) for name in self._key]
        statement = select(self._column("id")).where(self._table.c.tenant_id == self._session.tenant_id, *key)
        row = await self._session.one(statement)
        if row is not None and (found := next(iter(row.values()))) != own:
            raise CodeTaken(id=str(found))

    def _is(self, record_id: UUID) -> tuple[ColumnElement[bool], ...]:
        return self._table.c.tenant_id == self._session.tenant_id, self._column("id") == record_id

    def _column(self, name: str) -> Column[Any]:
        return self._table.c[self._columns.get(name, name)]

    def _row(self, fields: Row) -> dict[str, Any]:
        return self._seal({self._columns.get(name, name): value for name, value in fields.items()})

    def _record(self, row: RowMapping) -> Record:
        names = {column: name for name, column in self._columns.items()}
        fields = {names.get(str(column), str(column)): value for column, value in row.items() if column != "tenant_id"}
        return self._build(**self._unseal(fields))


class PgPlaces:
    """The places and people of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def stores(self) -> PgRecords[Store]:
        """Return the stores."""
        return PgRecords(self._session, store, Store, StoreNotFound, columns={}, key=["code"])

    @cached_property
    def registers(self) -> PgRecords[Register]:
        """Return the registers; a code is unique within its store."""
        columns, key = {"store": "store_code"}, ["store", "code"]
        return PgRecords(self._session, register, Register, RegisterNotFound, columns=columns, key=key)

    @cached_property
    def employees(self) -> PgRecords[Employee]:
        """Return the employees; their names lie sealed under the tenant's own key."""
        return PgRecords(
            self._session,
            employee,
            Employee,
            EmployeeNotFound,
            columns={"store": "store_code", "name": "sealed_name"},
            key=["code"],
            seal=self._seal_name,
            unseal=self._unseal_name,
        )

    async def ensure_store(self, code: str) -> None:
        """Make an unknown store a plain record marked unconfirmed."""
        now = self._session.clock.now()
        values = {
            "tenant_id": self._session.tenant_id,
            "store_id": new_id(),
            "code": code,
            "confirmed": False,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        await self._session.run(upsert(store).values(values).on_conflict_do_nothing())

    async def touch(self) -> None:
        """Count the shop's `config_version` up: caches of its rules end."""
        mine = tenant.c.tenant_id == self._session.tenant_id
        await self._session.run(update(tenant).where(mine).values(config_version=tenant.c.config_version + 1))

    def _seal_name(self, values: dict[str, Any]) -> dict[str, Any]:
        name = values.get("sealed_name")
        return values | {"sealed_name": self._session.vault.seal(name.encode(), **NAME_CELL)} if name else values

    def _unseal_name(self, fields: dict[str, Any]) -> dict[str, Any]:
        sealed = fields["name"]
        opened = None if sealed is None else self._session.vault.open(bytes(sealed), **NAME_CELL).decode()
        return fields | {"name": opened}
