"""The preset program, its storage form, and how long a point lives."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.clock import business_date
from domain.loyalty.expiry import end_of_day, end_of_grace, life_of_points
from domain.loyalty.program import ProgramVersion, Rounding, Shortfall, Verification, preset
from tests.unit.loyalty.till import MOSCOW, PROGRAM

ZONES = ["Europe/Moscow", "Asia/Vladivostok", "Europe/Kyiv", "America/Sao_Paulo", "Pacific/Apia", "UTC"]


def life(sold_at: datetime, program: ProgramVersion = PROGRAM, store_zone: str = MOSCOW) -> datetime | None:
    sold_on = business_date(sold_at, store_zone)
    return life_of_points(program, sold_at=sold_at, sold_on=sold_on, now=sold_at).expires_at


def test_the_preset_is_the_contracts() -> None:
    """A51: 1 point per 100.00, worth 1.00, at most half, for 365 days, nothing to verify, debt allowed, grace of 14."""
    program = preset(UUID(int=1), MOSCOW)
    assert (program.code, program.version, program.scale, program.time_zone) == ("points", 1, 0, MOSCOW)
    assert (program.earn_points, program.earn_per, program.earn_rounding) == (1, 10000, Rounding.FLOOR)
    assert (program.point_price, program.max_share_percent) == (100, 50)
    assert (program.min_points, program.step, program.verification) == (0, 1, Verification.OFF)
    assert (program.expiry_days, program.activate_after_days, program.restore_grace_days) == (365, 0, 14)
    assert (program.shortfall, program.debt_limit) == (Shortfall.ALLOW_DEBT, None)


def test_the_preset_counts_in_whole_units_of_any_currency() -> None:
    """Yen have no minor units: one point per 100 yen, worth one yen."""
    program = preset(UUID(int=1), "Asia/Tokyo", minor_units=1)
    assert (program.earn_per, program.point_price) == (100, 1)


@given(
    scale=st.integers(0, 4),
    expiry_days=st.none() | st.integers(1, 5000),
    shortfall=st.sampled_from(Shortfall),
    rounding=st.sampled_from(Rounding),
)
def test_rules_survive_storage(scale: int, expiry_days: int | None, shortfall: Shortfall, rounding: Rounding) -> None:
    """What JSON brings back is the same version, types included."""
    program = replace(PROGRAM, scale=scale, expiry_days=expiry_days, shortfall=shortfall, earn_rounding=rounding)
    rules = json.loads(json.dumps(program.to_rules()))
    again = ProgramVersion.from_rules(rules, program_id=program.program_id, code=program.code, version=1)
    assert again == program
    assert type(again.shortfall) is Shortfall


def test_a_rule_younger_than_the_stored_version_has_its_default() -> None:
    """Versions are immutable: a rule that did not exist when one was published must not be asked of it."""
    rules = PROGRAM.to_rules()
    del rules["debt_limit"], rules["verification"]
    rules["a_rule_of_the_future"] = 1
    assert ProgramVersion.from_rules(rules, program_id=PROGRAM.program_id, code="points", version=1) == PROGRAM


def test_points_become_money_exactly_or_not_at_all() -> None:
    """Points and money are different types; a value that is no whole number of minor units has none."""
    cents = replace(PROGRAM, scale=2, point_price=100)
    assert (PROGRAM.money_of(50), cents.money_of(250), cents.points_in(199)) == (5000, 250, 199)
    assert replace(PROGRAM, scale=2, point_price=50).money_of(1) is None


def test_points_sold_on_20_november_end_with_20_november() -> None:
    """Decision 20: the day after the sale is day 1, the end is 00:00 after day 365 in the program's zone."""
    sold_at = datetime(2026, 11, 20, 15, 30, tzinfo=ZoneInfo(MOSCOW))
    assert life(sold_at) == datetime(2027, 11, 20, 21, 0, tzinfo=UTC)


def test_the_first_and_the_last_second_of_a_day_end_together() -> None:
    """The business day counts, not the hour."""
    first = datetime(2026, 11, 20, 0, 0, 0, tzinfo=ZoneInfo(MOSCOW))
    last = datetime(2026, 11, 20, 23, 59, 59, tzinfo=ZoneInfo(MOSCOW))
    assert life(first) == life(last)


def test_the_stores_zone_gives_the_day_and_the_programs_zone_the_end() -> None:
    """A shop in Vladivostok under a program of Moscow: its morning is Moscow's evening before."""
    sold_at = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    assert business_date(sold_at, "Asia/Vladivostok") == date(2026, 11, 21)
    assert life(sold_at, store_zone="Asia/Vladivostok") == datetime(2027, 11, 21, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sold_on", "last_day"),
    [
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2027, 3, 1), date(2028, 2, 29)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2026, 11, 20), date(2027, 11, 20)),
    ],
)
def test_leap_days_are_days(sold_on: date, last_day: date) -> None:
    """365 days are counted, not a year: a sale of 29 February ends on 28 February."""
    noon = datetime(sold_on.year, sold_on.month, sold_on.day, 9, tzinfo=UTC)
    assert life(noon) == end_of_day(last_day, MOSCOW)


def test_a_late_receipts_points_count_from_the_sale() -> None:
    """Decision 20: recorded three days later, the points begin and end as if it had come in time."""
    sold_at = datetime(2026, 11, 18, 9, tzinfo=UTC)
    late = life_of_points(PROGRAM, sold_at=sold_at, sold_on=date(2026, 11, 18), now=sold_at + timedelta(days=3))
    assert (late.activates_at, late.expires_at) == (sold_at, life(sold_at))


def test_a_tills_fast_clock_does_not_make_points_wait() -> None:
    """Up to an hour ahead is accepted as it is: the points are posted at once all the same."""
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    ahead = life_of_points(PROGRAM, sold_at=now + timedelta(minutes=50), sold_on=date(2026, 11, 20), now=now)
    assert ahead.activates_at == now


def test_expiry_counts_from_activation() -> None:
    """C2: points that wait three days live 365 days after those."""
    program = replace(PROGRAM, activate_after_days=3)
    sold_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    waiting = life_of_points(program, sold_at=sold_at, sold_on=date(2026, 11, 20), now=sold_at)
    assert waiting.activates_at == datetime(2026, 11, 22, 21, tzinfo=UTC)
    assert waiting.expires_at == end_of_day(date(2027, 11, 23), MOSCOW)


def test_points_without_expiry_have_no_end() -> None:
    """Policy `none`."""
    assert life(datetime(2026, 11, 20, tzinfo=UTC), replace(PROGRAM, expiry_days=None)) is None


def test_grace_ends_with_its_fourteenth_day() -> None:
    """Restored points whose lot is over can be spent through the fourteenth day after the return."""
    assert end_of_grace(PROGRAM, date(2026, 11, 21)) == datetime(2026, 12, 5, 21, 0, tzinfo=UTC)


@given(sold_at=st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1)), zone=st.sampled_from(ZONES))  # noqa: DTZ001
def test_a_point_always_lives_its_365_days(sold_at: datetime, zone: str) -> None:
    """Whatever clocks are changed in between, the end is midnight in the zone, 365 days and the rest of one after."""
    moment = sold_at.replace(tzinfo=UTC)
    ends = life(moment, replace(PROGRAM, time_zone=zone), store_zone=zone)
    assert ends is not None
    assert business_date(ends - timedelta(seconds=1), zone) == business_date(moment, zone) + timedelta(days=365)
    assert business_date(ends, zone) > business_date(ends - timedelta(seconds=1), zone)
