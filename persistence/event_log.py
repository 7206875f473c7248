"""The append-only log of what happened: outbox, change feed and source of streams at once."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.engine import RowMapping

from domain.kernel.events import Actor, Event
from domain.kernel.ids import new_id
from persistence.key_store import CustomerKeys
from persistence.session import Session
from persistence.tables.log import event
from tenancy.vault import CustomerKey, TenantVault

CELL = {"table": "event", "column": "detail"}
AS_IT_IS = frozenset({str, int, bool, float, type(None)})
Seal = Callable[[UUID | None, bytes], bytes]


def event_rows(
    events: Sequence[Event], *, tenant_id: UUID, actor: Actor, now: datetime, seal: Seal
) -> list[dict[str, Any]]:
    """Return the rows of `event` for `events`: ids and figures in clear, personal values in `detail` only.

    `seal(customer_id, plaintext)` encrypts under that customer's key, or the tenant's when it is None.
    """
    return [_row(happened, tenant_id, actor, now, seal) for happened in events]


def _row(happened: Event, tenant_id: UUID, actor: Actor, now: datetime, seal: Seal) -> dict[str, Any]:
    clear: list[dict[str, Any]] = []
    personal: dict[str, Any] = {}
    for number, change in enumerate(happened.changes):
        if change.personal:
            clear.append({"field": change.field, "personal": True})
            personal[str(number)] = [change.old, change.new]
        else:
            clear.append({"field": change.field, "old": plain(change.old), "new": plain(change.new)})
    detail = seal(happened.customer_id, json.dumps(plain(personal), ensure_ascii=False).encode()) if personal else None
    return {
        "tenant_id": tenant_id,
        "event_id": new_id(),
        "type": happened.type,
        "object_type": happened.object_type,
        "object_id": happened.object_id,
        "customer_id": happened.customer_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_role": actor.role,
        "occurred_at": happened.occurred_at,
        "recorded_at": now,
        "changes": clear,
        "data": plain(happened.data),
        "detail": detail,
    }


def plain(value: Any) -> Any:
    """Return `value` as JSON knows it: times as RFC 3339, everything else that JSON lacks as its text."""
    if type(value) in AS_IT_IS:
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def opened_changes(row: RowMapping, *, vault: TenantVault, keys: Mapping[UUID, CustomerKey]) -> list[dict[str, Any]]:
    """Return the changes of a row with personal values filled in; null where the person's key was destroyed."""
    values = _opened_detail(row, vault=vault, keys=keys)
    return [
        {"field": c["field"], "old": values.get(str(n), (None, None))[0], "new": values.get(str(n), (None, None))[1]}
        if c.get("personal")
        else {"field": c["field"], "old": c.get("old"), "new": c.get("new")}
        for n, c in enumerate(row["changes"])
    ]


def _opened_detail(row: RowMapping, *, vault: TenantVault, keys: Mapping[UUID, CustomerKey]) -> dict[str, Any]:
    if row["detail"] is None:
        return {}
    if row["customer_id"] is None:
        opened: dict[str, Any] = json.loads(vault.open(row["detail"], **CELL))
        return opened
    key = keys.get(row["customer_id"])
    return json.loads(key.open(row["detail"], **CELL)) if key is not None else {}


def sealer(vault: TenantVault, keys: Mapping[UUID, CustomerKey]) -> Seal:
    """Return the `seal` of `event_rows` over keys at hand.

    A customer without a key is erased: what would be sealed for it goes under a key that nobody keeps.
    """

    def seal(customer_id: UUID | None, plaintext: bytes) -> bytes:
        if customer_id is None:
            return vault.seal(plaintext, **CELL)
        key = keys.get(customer_id) or vault.new_customer_key(customer_id)
        return key.seal(plaintext, **CELL)

    return seal


class PgEventLog:
    """Appends to the log in the transaction of its session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, events: Sequence[Event]) -> None:
        """Append `events` in one round trip; one more when a customer's key is not at hand yet."""
        if not events:
            return
        session = self._session
        whose = {e.customer_id for e in events if e.customer_id is not None and any(c.personal for c in e.changes)}
        seal = sealer(session.vault, await CustomerKeys(session).load(whose))
        rows = event_rows(events, tenant_id=session.tenant_id, actor=session.actor, now=session.clock.now(), seal=seal)
        await session.run(insert(event), rows)
