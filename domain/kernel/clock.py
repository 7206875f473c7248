"""The one source of time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


_ZONES: set[str] = set()


def zone_exists(name: str) -> bool:
    """Tell whether `name` is an IANA time zone; `localtime`, which lies beside them, is another on each machine."""
    if not _ZONES:
        _ZONES.update(available_timezones() - {"localtime", "Factory"})
    return name in _ZONES


def business_date(at: datetime, zone: str) -> date:
    """Return the local date of `at` in the IANA zone `zone` (the store's, else the tenant's)."""
    return at.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """Return 00:00 of `day` in `zone`, as UTC; where that moment does not exist, the first one after it."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def days_after(day: date, days: int) -> date:
    """Return the date `days` whole days after `day`."""
    return day + timedelta(days=days)
