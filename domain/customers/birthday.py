"""Birthdays, with or without a year (A4)."""

from dataclasses import dataclass
from datetime import date

from domain.customers.errors import InvalidValue
from domain.kernel.errors import FieldError

LEAP_YEAR = 2000
OLDEST = 130
FEB_28, MAR_1 = "feb_28", "mar_1"
"""When somebody born on February 29 has a birthday in other years; a setting of the tenant."""


@dataclass(frozen=True, slots=True)
class Birthday:
    """A day of the year, and the year when it is known."""

    month: int
    day: int
    year: int | None = None

    def __str__(self) -> str:
        start = "-" if self.year is None else f"{self.year:04}"
        return f"{start}-{self.month:02}-{self.day:02}"

    def on(self, year: int, leap_rule: str = FEB_28) -> date:
        """Return the date of the birthday in `year`."""
        if (self.month, self.day) == (2, 29) and not _leap(year):
            return date(year, 2, 28) if leap_rule == FEB_28 else date(year, 3, 1)
        return date(year, self.month, self.day)

    def days_until(self, today: date, leap_rule: str = FEB_28) -> int:
        """Return in how many days (0–366) the next one comes; 0 is today."""
        this_year = self.on(today.year, leap_rule)
        following = this_year if this_year >= today else self.on(today.year + 1, leap_rule)
        return (following - today).days

    def age(self, today: date, leap_rule: str = FEB_28) -> int | None:
        """Return the age in whole years; None when the year is not known."""
        if self.year is None:
            return None
        return today.year - self.year - (today < self.on(today.year, leap_rule))


def parse_birthday(text: str, *, today: date, pointer: str = "/birthday") -> Birthday:
    """Return the birthday in `--MM-DD` or `YYYY-MM-DD`.

    Raises:
        InvalidValue: no calendar has that day, or it is in the future or before anybody's birth.
    """
    without_year = text.startswith("--")
    try:
        day = date.fromisoformat(f"{LEAP_YEAR}{text[1:]}" if without_year else text)
    except ValueError:
        raise InvalidValue(errors=[FieldError(pointer, "no-such-day", "is a day that no calendar has")]) from None
    if without_year:
        return Birthday(day.month, day.day)
    if day > today:
        raise InvalidValue(errors=[FieldError(pointer, "in-the-future", "lies in the future")])
    if day.year < today.year - OLDEST:
        raise InvalidValue(errors=[FieldError(pointer, "too-long-ago", "is too long ago")])
    return Birthday(day.month, day.day, day.year)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
