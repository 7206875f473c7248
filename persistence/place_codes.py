"""Stores and employees by the codes that tills use: an unknown one becomes a plain record, marked unconfirmed."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from domain.customers.customer import Acquisition
from domain.kernel.ids import new_id
from persistence.session import Session
from persistence.tables.platform import employee, store


class PgPlaceCodes:
    """The places and people of one shop, by code."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ensure(self, acquisitions: Iterable[Acquisition]) -> None:
        """Make unknown stores and employees plain records marked unconfirmed."""
        named = list(acquisitions)
        stores = sorted({one.store for one in named if one.store})
        employees = {one.employee: one.store for one in named if one.employee}
        base = {"tenant_id": self._session.tenant_id, "confirmed": False, "version": 1}
        now = self._session.clock.now()
        base |= {"created_at": now, "updated_at": now}
        if stores:
            rows = [base | {"store_id": new_id(), "code": code} for code in stores]
            await self._session.run(upsert(store).on_conflict_do_nothing(), rows)
        if employees:
            rows = [
                base | {"employee_id": new_id(), "code": code, "store_code": employees[code]}
                for code in sorted(employees)
            ]
            await self._session.run(upsert(employee).on_conflict_do_nothing(), rows)

    async def employees(self, employee_ids: Collection[UUID]) -> set[UUID]:
        """Return which of the ids are employees."""
        statement = select(employee.c.employee_id).where(
            employee.c.tenant_id == self._session.tenant_id,
            employee.c.employee_id == func.any(bindparam("ids", type_=ARRAY(Uuid))),
        )
        return {row["employee_id"] for row in await self._session.all(statement, {"ids": sorted(employee_ids)})}
