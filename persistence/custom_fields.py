"""The shop's own fields."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.customers.custom_fields import CustomField, FieldRules
from domain.customers.customer import CustomerState
from domain.customers.errors import CustomFieldExists, CustomFieldNotFound
from persistence.session import Session
from persistence.tables.history import product
from persistence.tables.people import custom_field, customer
from persistence.tables.platform import employee, store

_REFERENCED: Mapping[str, Any] = {
    "customer": customer.c.customer_id,
    "store": store.c.store_id,
    "employee": employee.c.employee_id,
    "product": product.c.product_id,
}


class PgCustomFields:
    """The definitions of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def all(self) -> Mapping[str, CustomField]:
        """Return every field by its code, archived ones too."""
        statement = select(custom_field).where(custom_field.c.tenant_id == self._session.tenant_id)
        return {row["code"]: _field(row) for row in await self._session.all(statement.order_by(custom_field.c.code))}

    async def page(self, *, after: str | None, limit: int, archived: bool) -> Sequence[CustomField]:
        """Return at most `limit` fields by code, those after `after` only; archived ones if asked for."""
        statement = select(custom_field).where(custom_field.c.tenant_id == self._session.tenant_id)
        if after is not None:
            statement = statement.where(custom_field.c.code > after)
        if not archived:
            statement = statement.where(custom_field.c.archived_at.is_(None))
        rows = await self._session.all(statement.order_by(custom_field.c.code).limit(limit))
        return [_field(row) for row in rows]

    async def get(self, field_id: UUID, *, lock: bool = False) -> CustomField:
        """Return one.

        Raises:
            CustomFieldNotFound: there is none.
        """
        statement = select(custom_field).where(
            custom_field.c.tenant_id == self._session.tenant_id, custom_field.c.field_id == field_id
        )
        row = await self._session.one(statement.with_for_update() if lock else statement)
        if row is None:
            raise CustomFieldNotFound
        return _field(row)

    async def add(self, definition: CustomField) -> None:
        """Store a new one.

        Raises:
            CustomFieldExists: its code is taken.
        """
        values = {
            "tenant_id": self._session.tenant_id,
            "field_id": definition.id,
            "code": definition.code,
            "type": str(definition.type),
            "label": definition.label,
            "definition": _rules(definition.rules),
            "version": definition.version,
            "created_at": definition.created_at,
            "updated_at": definition.updated_at,
        }
        try:
            await self._session.run(insert(custom_field).values(values))
        except IntegrityError:
            raise CustomFieldExists from None

    async def save(self, definition: CustomField) -> CustomField:
        """Store a changed one and return it with its new version."""
        version = definition.version + 1
        await self._session.run(
            update(custom_field)
            .where(custom_field.c.tenant_id == self._session.tenant_id, custom_field.c.field_id == definition.id)
            .values(
                label=definition.label,
                definition=_rules(definition.rules),
                archived_at=definition.archived_at,
                updated_at=definition.updated_at,
                version=version,
            )
        )
        return replace(definition, version=version)

    async def missing_references(self, wanted: Mapping[str, set[UUID]]) -> set[UUID]:
        """Return the ids that name nothing, of those wanted by kind: `customer`, `store`, `employee`, `product`."""
        missing: set[UUID] = set()
        for kind, ids in wanted.items():
            column = _REFERENCED[kind]
            statement = select(column.label("id")).where(
                column.table.c.tenant_id == self._session.tenant_id,
                column == func.any(bindparam("ids", type_=ARRAY(Uuid))),
            )
            if kind == "customer":
                statement = statement.where(customer.c.state != CustomerState.ERASED)
            missing |= ids - {row["id"] for row in await self._session.all(statement, {"ids": sorted(ids)})}
        return missing


def _rules(rules: FieldRules) -> dict[str, Any]:
    known = {name: value for name, value in asdict(rules).items() if value}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in known.items()}


def _field(row: Mapping[Any, Any]) -> CustomField:
    rules = dict(row["definition"])
    rules["options"] = tuple(rules.get("options", ()))
    return CustomField(
        id=row["field_id"],
        code=row["code"],
        type=row["type"],
        label=row["label"],
        rules=FieldRules(**rules),
        archived_at=row["archived_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
