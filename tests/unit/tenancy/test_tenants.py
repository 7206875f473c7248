"""Opening and settling shops, without a database."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.events import SYSTEM, Actor, Event
from domain.loyalty.program import ProgramVersion
from tenancy.countries import COUNTRIES
from tenancy.currencies import MINOR_UNITS
from tenancy.tenant import Tenant, TenantNotFound
from tenancy.use_cases import (
    ContradictorySettings,
    UnknownSetting,
    add_tenant,
    change_settings,
    check_settings,
    merged,
    new_tenant,
    resume_tenant,
    suspend_tenant,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@dataclass
class StandingClock:
    def now(self) -> datetime:
        return NOON


@dataclass
class FakeTenants:
    rows: dict[UUID, Tenant] = field(default_factory=dict)
    programs: list[ProgramVersion] = field(default_factory=list)

    async def add(self, tenant: Tenant, program: ProgramVersion) -> None:
        self.rows[tenant.tenant_id] = tenant
        self.programs.append(program)

    async def get(self, tenant_id: UUID, *, lock: bool = False) -> Tenant:
        if tenant_id not in self.rows:
            raise TenantNotFound
        return self.rows[tenant_id]

    async def page(self, *, after: UUID | None, limit: int) -> list[Tenant]:
        return list(self.rows.values())[:limit]

    async def change(self, tenant_id: UUID, **values: Any) -> Tenant:
        values.pop("suspended_at", None)
        old = await self.get(tenant_id)
        self.rows[tenant_id] = replace(old, **values, config_version=old.config_version + 1)
        return self.rows[tenant_id]


@dataclass
class FakeUnit:
    tenants: FakeTenants = field(default_factory=FakeTenants)
    told: list[Event] = field(default_factory=list)
    clock: StandingClock = field(default_factory=StandingClock)
    actor: Actor = SYSTEM
    tenant_id: UUID = field(default_factory=lambda: UUID(int=1))

    @property
    def events(self) -> "FakeUnit":
        return self

    async def add(self, events: list[Event]) -> None:
        self.told += events


async def open_shop(unit: FakeUnit, **fields: Any) -> Tenant:
    wanted = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow"} | fields
    tenant = await add_tenant(new_tenant(**wanted, clock=unit.clock), unit=unit)
    unit.tenant_id = tenant.tenant_id
    return tenant


@pytest.mark.parametrize(("currency", "units"), [("RUB", 100), ("JPY", 1), ("KWD", 1000)])
async def test_the_preset_program_counts_in_the_shops_own_money(currency: str, units: int) -> None:
    """One point per 100.00, worth 1.00, however many minor units that is."""
    unit = FakeUnit()
    await open_shop(unit, currency=currency)

    (program,) = unit.tenants.programs
    assert (program.earn_per, program.point_price, program.time_zone) == (100 * units, units, "Europe/Moscow")


async def test_suspending_twice_is_as_good_as_once() -> None:
    """One event, one change of config_version."""
    unit = FakeUnit()
    tenant = await open_shop(unit)
    for _ in range(2):
        assert (await suspend_tenant(tenant.tenant_id, unit=unit)).suspended
    resumed = await resume_tenant(tenant.tenant_id, unit=unit)

    assert [event.type for event in unit.told] == ["tenant.suspended", "tenant.resumed"]
    assert resumed.config_version == 3


async def test_a_setting_that_stays_the_same_is_no_change() -> None:
    """Nothing stored, nothing told."""
    unit = FakeUnit()
    tenant = await open_shop(unit)
    assert await change_settings({"time_zone": "Europe/Moscow", "lifecycle": None}, unit=unit) == tenant
    assert unit.told == []


async def test_settings_are_changed_level_by_level_and_told() -> None:
    """Merge patch: what is not named stays, null goes back to the preset."""
    unit = FakeUnit()
    await open_shop(unit)
    await change_settings({"lifecycle": {"at_risk_days": 60, "new_days": 10}, "name_index": True}, unit=unit)
    changed = await change_settings({"lifecycle": {"new_days": None}, "name_index": None, "name": "Кофейня"}, unit=unit)

    assert changed.settings == {"lifecycle": {"at_risk_days": 60}}
    assert [(c.field, c.old, c.new) for c in unit.told[-1].changes] == [
        ("name", "Лавка", "Кофейня"),
        ("lifecycle", {"at_risk_days": 60, "new_days": 10}, {"at_risk_days": 60}),
        ("name_index", True, None),
    ]


@pytest.mark.parametrize("lifecycle", [{"at_risk_days": 180}, {"sleeping_days": 365}, {"lost_days": 90}])
async def test_borders_between_stages_must_rise(lifecycle: dict[str, int]) -> None:
    """A stage that nobody can be in is refused."""
    unit = FakeUnit()
    await open_shop(unit)
    with pytest.raises(ContradictorySettings):
        await change_settings({"lifecycle": lifecycle}, unit=unit)


def test_every_wrong_setting_is_named() -> None:
    """All errors at once."""
    with pytest.raises(UnknownSetting) as refused:
        check_settings(country="XX", currency="XTS", time_zone="Moon", jurisdiction="xx")
    assert [error.pointer for error in refused.value.errors] == ["/country", "/currency", "/time_zone", "/jurisdiction"]


def test_the_lists_are_those_of_the_standards() -> None:
    """ISO 3166-1 has 249 countries; currencies are three letters with 1, 100 or 1000 minor units."""
    assert len(COUNTRIES) == 249
    assert all(len(code) == 3 and code.isupper() for code in MINOR_UNITS)
    assert set(MINOR_UNITS.values()) == {1, 100, 1000}


@given(current=st.dictionaries(st.text(max_size=3), JSON), patch=st.dictionaries(st.text(max_size=3), JSON))
def test_a_patch_laid_over_twice_is_as_good_as_once(current: dict[str, Any], patch: dict[str, Any]) -> None:
    """RFC 7396: the result holds what the patch says and what it does not speak of."""
    once = merged(current, patch)
    assert merged(once, patch) == once
    for name, value in patch.items():
        assert (name in once) is (value is not None)
    assert {n: v for n, v in once.items() if n not in patch} == {n: v for n, v in current.items() if n not in patch}
