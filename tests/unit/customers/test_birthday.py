"""Birthdays with and without a year (A4)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.birthday import FEB_28, MAR_1, Birthday, parse_birthday
from domain.customers.errors import InvalidValue

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(1900, 1, 1), TODAY)


@given(DAYS, st.booleans())
def test_a_birthday_is_written_as_it_was_read(day: date, with_year: bool) -> None:
    """`--MM-DD` or a full date."""
    text = day.isoformat() if with_year else day.strftime("--%m-%d")
    assert str(parse_birthday(text, today=TODAY)) == text


@pytest.mark.parametrize("text", ["--02-30", "2025-02-29", "2026-11-22", "1890-01-01", "--13-01", "0000-01-01"])
def test_days_that_cannot_be_are_refused(text: str) -> None:
    """No calendar has them, or they lie ahead, or nobody alive was born then."""
    with pytest.raises(InvalidValue):
        parse_birthday(text, today=TODAY)


@given(DAYS, DAYS)
def test_the_next_birthday_is_less_than_a_year_away(born: date, today: date) -> None:
    """Counted from today, which is day 0."""
    birthday = Birthday(born.month, born.day)
    days = birthday.days_until(today)
    assert 0 <= days <= 366
    following = today + timedelta(days=days)
    assert following == birthday.on(following.year)


def test_february_29_has_a_birthday_every_year() -> None:
    """Feb 28 or Mar 1 by setting (decisions 20)."""
    leap = Birthday(2, 29, 2000)
    assert (leap.on(2027, FEB_28), leap.on(2027, MAR_1)) == (date(2027, 2, 28), date(2027, 3, 1))
    assert leap.on(2028) == date(2028, 2, 29)
    assert (leap.age(date(2027, 2, 27)), leap.age(date(2027, 2, 28)), leap.age(date(2027, 2, 28), MAR_1)) == (
        26,
        27,
        26,
    )


def test_age_is_told_only_when_the_year_is_known() -> None:
    """A4: expose age only when the year is known."""
    assert Birthday(5, 17).age(TODAY) is None
    assert Birthday(5, 17, 1990).age(TODAY) == 36
