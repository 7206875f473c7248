"""From when and until when a point can be spent."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from domain.kernel.clock import days_after, start_of_day
from domain.loyalty.program import ProgramVersion

EXPIRING_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Life:
    """A point can be spent while `activates_at` <= now < `expires_at` (None: for ever)."""

    activates_at: datetime
    expires_at: datetime | None


@lru_cache(maxsize=4096)
def end_of_day(day: date, zone: str) -> datetime:
    """Return 00:00 after `day` in the IANA zone `zone`, as UTC: the first moment that is no longer `day`."""
    return start_of_day(days_after(day, 1), zone)


def life_of_points(program: ProgramVersion, *, sold_at: datetime, sold_on: date, now: datetime) -> Life:
    """Return the life of points earned by a sale; `sold_on` is its business date in the store's zone.

    The day after the sale is day 1, also for a receipt that comes late. A till's clock that runs ahead must not make
    points wait, hence `now`.
    """
    if program.activate_after_days:
        sold_on = days_after(sold_on, program.activate_after_days)
        activates_at = start_of_day(sold_on, program.time_zone)
    else:
        activates_at = min(sold_at, now)
    if program.expiry_days is None:
        return Life(activates_at, None)
    return Life(activates_at, end_of_day(days_after(sold_on, program.expiry_days), program.time_zone))


def end_of_grace(program: ProgramVersion, returned_on: date) -> datetime:
    """Return until when restored points live whose own lot is over; `returned_on` is the return's business date."""
    return end_of_day(days_after(returned_on, program.restore_grace_days), program.time_zone)
