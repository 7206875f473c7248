"""Where a customer stands: computed at read from the tenant's thresholds, unless somebody has said otherwise (A19)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from domain.customers.figures import CustomerFigures


class Lifecycle(StrEnum):
    """Stages; the first rule that fits decides, in the order of `stage_of`."""

    POTENTIAL = "potential"
    NEW = "new"
    ONE_OFF = "one_off"
    ACTIVE = "active"
    REGULAR = "regular"
    VIP = "vip"
    AT_RISK = "at_risk"
    SLEEPING = "sleeping"
    LOST = "lost"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Borders between stages, all settings of the tenant. Days count from the last purchase, `new_days` from the first.

    `vip_spent` is in minor units of the shop's currency; 0 switches a VIP rule off.
    """

    new_days: int = 30
    at_risk_days: int = 90
    sleeping_days: int = 180
    lost_days: int = 365
    regular_receipts: int = 5
    vip_receipts: int = 20
    vip_spent: int = 0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the thresholds in a tenant's settings (`lifecycle`), presets where it has none."""
        given = settings.get("lifecycle")
        known = given if isinstance(given, Mapping) else {}
        return cls(**{f.name: int(known[f.name]) for f in fields(cls) if isinstance(known.get(f.name), int)})


def stage_of(
    figures: CustomerFigures, *, archived: bool, override: str | None, now: datetime, thresholds: Thresholds
) -> Lifecycle:
    """Return the stage of a customer at `now`; `persistence.customer_list` says the same in SQL."""
    if archived:
        return Lifecycle.ARCHIVED
    if override is not None:
        return Lifecycle(override)
    count, last = figures.receipts_in_all, figures.main.last_purchase_at
    if count <= 0 or last is None:
        return Lifecycle.POTENTIAL
    silent = now - last
    if silent >= timedelta(days=thresholds.lost_days):
        return Lifecycle.LOST
    if silent >= timedelta(days=thresholds.sleeping_days):
        return Lifecycle.SLEEPING
    if count == 1:
        return Lifecycle.NEW if silent < timedelta(days=thresholds.new_days) else Lifecycle.ONE_OFF
    if silent >= timedelta(days=thresholds.at_risk_days):
        return Lifecycle.AT_RISK
    return _among_active(figures, count, now, thresholds)


def _among_active(figures: CustomerFigures, count: int, now: datetime, thresholds: Thresholds) -> Lifecycle:
    spent = figures.main.spent_total
    if 0 < thresholds.vip_receipts <= count or 0 < thresholds.vip_spent <= spent:
        return Lifecycle.VIP
    if count >= thresholds.regular_receipts:
        return Lifecycle.REGULAR
    first = figures.main.first_purchase_at
    if first is not None and now - first < timedelta(days=thresholds.new_days):
        return Lifecycle.NEW
    return Lifecycle.ACTIVE
