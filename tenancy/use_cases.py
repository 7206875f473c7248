"""Opening, suspending and resuming shops, and what their owners set."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.customers.lifecycle import Thresholds
from domain.kernel.clock import Clock, zone_exists
from domain.kernel.errors import FieldError, RuleViolation
from domain.kernel.events import Change, Event
from domain.kernel.ids import new_id
from domain.loyalty.program import preset
from tenancy.countries import COUNTRIES, default_locale
from tenancy.currencies import MINOR_UNITS
from tenancy.jurisdictions import JURISDICTIONS, jurisdiction_of
from tenancy.ports import PlatformUnit, ShopUnit
from tenancy.tenant import Tenant


class UnknownSetting(RuleViolation):
    """A country, currency, time zone or law that does not exist."""

    code = "unknown-setting"
    title = "A setting names something that does not exist"


class ContradictorySettings(RuleViolation):
    """Settings that cannot hold together."""

    code = "contradictory-settings"
    title = "The settings contradict each other"


COLUMNS = frozenset({"name", "time_zone", "locale"})
"""What an owner sets beside the free settings; country, currency and law are the operator's."""


def check_settings(
    *,
    name: str | None = None,
    country: str | None = None,
    currency: str | None = None,
    time_zone: str | None = None,
    jurisdiction: str | None = None,
) -> None:
    """Check those settings that are given.

    Raises:
        UnknownSetting: with one error for each that names nothing.
    """
    checks: Sequence[tuple[str, bool, str]] = (
        ("name", name is None or bool(name), "shows nothing"),
        ("country", country is None or country in COUNTRIES, "is not an ISO 3166-1 country"),
        ("currency", currency is None or currency in MINOR_UNITS, "is not an ISO 4217 currency in use"),
        ("time_zone", time_zone is None or zone_exists(time_zone), "is not an IANA time zone"),
        (
            "jurisdiction",
            jurisdiction is None or jurisdiction in JURISDICTIONS,
            f"must be one of {', '.join(JURISDICTIONS)}",
        ),
    )
    wrong = [FieldError(f"/{field}", UnknownSetting.code, message) for field, right, message in checks if not right]
    if wrong:
        raise UnknownSetting(errors=wrong)


def new_tenant(
    *,
    name: str,
    country: str,
    currency: str,
    time_zone: str,
    locale: str | None = None,
    jurisdiction: str | None = None,
    clock: Clock,
) -> Tenant:
    """Return a tenant that is not stored yet; language and law follow the country unless they are given.

    Raises:
        UnknownSetting: the country, currency, time zone or law does not exist.
    """
    check_settings(name=name, country=country, currency=currency, time_zone=time_zone, jurisdiction=jurisdiction)
    return Tenant(
        tenant_id=new_id(),
        name=name,
        status="active",
        country=country,
        currency=currency,
        time_zone=time_zone,
        locale=locale or default_locale(country),
        jurisdiction=jurisdiction or jurisdiction_of(country),
        config_version=1,
        created_at=clock.now(),
    )


async def add_tenant(tenant: Tenant, *, unit: PlatformUnit) -> Tenant:
    """Store a new tenant with keys of its own and the preset points program."""
    program = preset(new_id(), tenant.time_zone, minor_units=MINOR_UNITS[tenant.currency])
    await unit.tenants.add(tenant, program)
    return tenant


async def suspend_tenant(tenant_id: UUID, *, unit: PlatformUnit) -> Tenant:
    """Shut tills and writers out (decisions.md 27); twice is as good as once.

    Raises:
        TenantNotFound: there is none.
    """
    return await _set_status(tenant_id, "suspended", unit=unit)


async def resume_tenant(tenant_id: UUID, *, unit: PlatformUnit) -> Tenant:
    """Let everybody in again; twice is as good as once.

    Raises:
        TenantNotFound: there is none.
    """
    return await _set_status(tenant_id, "active", unit=unit)


async def _set_status(tenant_id: UUID, status: str, *, unit: PlatformUnit) -> Tenant:
    tenant = await unit.tenants.get(tenant_id, lock=True)
    if tenant.status == status:
        return tenant
    now = unit.clock.now()
    changed = await unit.tenants.change(tenant_id, status=status, suspended_at=now if status == "suspended" else None)
    verb = "suspended" if status == "suspended" else "resumed"
    await unit.events.add([Event(f"tenant.{verb}", "tenant", tenant_id, now)])
    return changed


async def change_settings(patch: Mapping[str, Any], *, unit: ShopUnit) -> Tenant:
    """Lay `patch` over the shop's settings, level by level; null puts a setting back to its preset.

    Raises:
        UnknownSetting: the time zone does not exist.
        ContradictorySettings: the thresholds of the stages do not rise.
    """
    check_settings(name=patch.get("name"), time_zone=patch.get("time_zone"))
    tenant = await unit.tenants.get(unit.tenant_id, lock=True)
    free = merged(tenant.settings, {name: value for name, value in patch.items() if name not in COLUMNS})
    _check_thresholds(free.get("lifecycle") or {})
    columns = {name: patch[name] for name in COLUMNS & patch.keys()}
    changes = [Change(n, getattr(tenant, n), v) for n, v in columns.items() if getattr(tenant, n) != v]
    names = sorted(free.keys() | tenant.settings.keys())
    changes += [Change(n, tenant.settings.get(n), free.get(n)) for n in names if tenant.settings.get(n) != free.get(n)]
    if not changes:
        return tenant
    changed = await unit.tenants.change(unit.tenant_id, **columns, settings=free)
    now = unit.clock.now()
    await unit.events.add([Event("settings.updated", "tenant", unit.tenant_id, now, changes=changes)])
    return changed


def merged(current: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return `current` with `patch` laid over it, null taking away. Source: RFC 7396 section 2."""
    result = dict(current)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            result[name] = value
    return result


def _check_thresholds(lifecycle: Mapping[str, Any]) -> None:
    days = Thresholds.of({"lifecycle": lifecycle})
    if not days.at_risk_days < days.sleeping_days < days.lost_days:
        message = "at_risk_days, sleeping_days and lost_days must rise"
        raise ContradictorySettings(errors=[FieldError("/lifecycle", ContradictorySettings.code, message)])
