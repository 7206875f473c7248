"""Conditions on customers: tags, stages of life, places, custom values. Every one of them can use an index."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import TIMESTAMP

from domain.customers.custom_fields import CustomField, FieldType, day_of, number_of, searched_texts
from domain.customers.customer import CustomerState
from domain.customers.errors import InvalidValue
from domain.customers.lifecycle import Lifecycle, Thresholds
from domain.customers.searching import Filters
from domain.kernel.errors import FieldError
from persistence.customer_rows import custom_digest
from persistence.session import Session
from persistence.tables.history import customer_metrics
from persistence.tables.people import custom_value, customer, customer_tag, tag

SEEN = (CustomerState.PENDING, CustomerState.ACTIVE, CustomerState.FROZEN, CustomerState.ARCHIVED)


def filtered(
    statement: Select[Any], filters: Filters, *, session: Session, fields: Mapping[str, CustomField]
) -> Select[Any]:
    """Return `statement` on `customer` with the conditions of `filters`.

    Raises:
        InvalidValue: a custom value is asked for that its field cannot have.
    """
    tenant_id = session.tenant_id
    statement = statement.where(customer.c.tenant_id == tenant_id, customer.c.state.in_([str(s) for s in SEEN]))
    if filters.store is not None:
        statement = statement.where(customer.c.acquisition_store == filters.store)
    if filters.owner is not None:
        statement = statement.where(customer.c.owner_id == filters.owner)
    if filters.created_from is not None:
        statement = statement.where(customer.c.created_at >= filters.created_from)
    if filters.created_to is not None:
        statement = statement.where(customer.c.created_at < filters.created_to)
    for name in filters.tags:
        statement = statement.where(_tagged(tenant_id, name))
    for code, wanted in filters.custom.items():
        statement = statement.where(_custom(code, wanted, session, fields))
    if filters.stages:
        statement = _at_stage(statement, filters.stages, session)
    return statement


def older_than(position: tuple[datetime, UUID]) -> ColumnElement[bool]:
    """Return the condition of what follows `position` in a list of the newest first."""
    return tuple_(customer.c.created_at, customer.c.customer_id) < tuple_(*position)


def _tagged(tenant_id: UUID, name: str) -> ColumnElement[bool]:
    tag_id = select(tag.c.tag_id).where(tag.c.tenant_id == tenant_id, tag.c.name == name).scalar_subquery()
    return exists().where(
        customer_tag.c.tenant_id == tenant_id,
        customer_tag.c.tag_id == tag_id,
        customer_tag.c.customer_id == customer.c.customer_id,
    )


def _custom(code: str, wanted: Any, session: Session, fields: Mapping[str, CustomField]) -> ColumnElement[bool]:
    definition = fields.get(code)
    if definition is None:
        raise _refused(code, "unknown-field", "is no custom field of this shop")
    value = custom_value.c
    fits = _borders(definition, wanted) if isinstance(wanted, Mapping) else _equal(definition, wanted, session)
    return exists().where(
        value.tenant_id == session.tenant_id,
        value.field_id == definition.id,
        value.customer_id == customer.c.customer_id,
        fits,
    )


def _equal(definition: CustomField, wanted: Any, session: Session) -> ColumnElement[bool]:
    one_of = wanted if isinstance(wanted, list) else [wanted]
    if definition.type == FieldType.NUMBER:
        return custom_value.c.number.in_([_number(definition, one) for one in one_of])
    if definition.type == FieldType.DATE:
        return custom_value.c.day.in_([_day(definition, one) for one in one_of])
    texts = [text for one in one_of for text in searched_texts(definition, one)]
    return custom_value.c.digest.in_([custom_digest(definition, text, session.vault) for text in texts])


def _borders(definition: CustomField, wanted: Mapping[str, Any]) -> ColumnElement[bool]:
    least, most = wanted.get("gte"), wanted.get("lte")
    column: Any
    low: int | date | None
    high: int | date | None
    if definition.type == FieldType.NUMBER:
        column = custom_value.c.number
        low, high = (None if one is None else _number(definition, one) for one in (least, most))
    elif definition.type == FieldType.DATE:
        column = custom_value.c.day
        low, high = (None if one is None else _day(definition, one) for one in (least, most))
    else:
        raise _refused(definition.code, "border", "has no order: only numbers and dates have borders")
    conditions = [column.is_not(None)]
    conditions += [column >= low] if low is not None else []
    conditions += [column <= high] if high is not None else []
    return and_(*conditions)


def _number(definition: CustomField, value: Any) -> int:
    number = number_of(value)
    if number is None:
        raise _refused(definition.code, "type", "must be an integer or a decimal string")
    return number


def _day(definition: CustomField, value: Any) -> date:
    day = day_of(value)
    if day is None:
        raise _refused(definition.code, "date", "must be a date, YYYY-MM-DD")
    return day


def _refused(code: str, rule: str, message: str) -> InvalidValue:
    return InvalidValue(errors=[FieldError(f"/custom/{code}", rule, message)])


def _at_stage(statement: Select[Any], stages: Sequence[str], session: Session) -> Select[Any]:
    figures = _figures(session)
    stage = _stage(figures, session.clock.now(), Thresholds.of(session.tenant.settings))
    return statement.join(figures, customer.c.customer_id.is_not(None)).where(stage.in_([str(one) for one in stages]))


def _figures(session: Session) -> Any:
    """One row per customer, also for those who have bought nothing: an aggregate without groups always has one."""
    bought = customer_metrics.c
    own = case((bought.currency == session.tenant.currency, bought.sales_total - bought.returns_total), else_=0)
    return (
        select(
            func.sum(bought.receipts).label("receipts"),
            func.sum(own).label("spent"),
            func.min(bought.first_at).label("first_at"),
            func.max(bought.last_at).label("last_at"),
        )
        .where(bought.tenant_id == session.tenant_id, bought.customer_id == customer.c.customer_id)
        .lateral("figures")
    )


def _stage(figures: Any, now: datetime, rules: Thresholds) -> ColumnElement[Any]:
    """`domain.customers.lifecycle.stage_of` in SQL; a test holds the two together."""
    opening = customer.c.opening
    count = _whole(figures.c.receipts) + _whole(cast(opening["receipts"].astext, BigInteger))
    spent = _whole(figures.c.spent) + _whole(cast(opening["spent_total"].astext, BigInteger))
    moment = TIMESTAMP(timezone=True)
    last = func.greatest(figures.c.last_at, cast(opening["last_purchase_at"].astext, moment))
    first = func.least(figures.c.first_at, cast(opening["first_purchase_at"].astext, moment))

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    vip = []
    if rules.vip_receipts > 0:
        vip.append(count >= rules.vip_receipts)
    if rules.vip_spent > 0:
        vip.append(spent >= rules.vip_spent)
    return case(
        (customer.c.state == CustomerState.ARCHIVED, Lifecycle.ARCHIVED),
        (customer.c.lifecycle_override.is_not(None), customer.c.lifecycle_override),
        (or_(count <= 0, last.is_(None)), Lifecycle.POTENTIAL),
        (last <= before(rules.lost_days), Lifecycle.LOST),
        (last <= before(rules.sleeping_days), Lifecycle.SLEEPING),
        (and_(count == 1, last > before(rules.new_days)), Lifecycle.NEW),
        (count == 1, Lifecycle.ONE_OFF),
        (last <= before(rules.at_risk_days), Lifecycle.AT_RISK),
        (or_(*vip) if vip else count < 0, Lifecycle.VIP),
        (count >= rules.regular_receipts, Lifecycle.REGULAR),
        (first > before(rules.new_days), Lifecycle.NEW),
        else_=Lifecycle.ACTIVE,
    )


def _whole(column: Any) -> ColumnElement[int]:
    return func.coalesce(column, 0)
