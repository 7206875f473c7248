"""A phone is one number, however it was typed (A2)."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.kernel import phone

SEPARATOR = st.sampled_from(["", " ", "-", "  ", ".", "\u00a0"])
OPEN = st.sampled_from([("", ""), ("(", ")"), ("", ")"), ("(", "")])


@st.composite
def spellings(draw: st.DrawFn, prefixes: tuple[str, ...], area: str, rest: tuple[int, ...]) -> str:
    opened, closed = draw(OPEN)
    parts = [
        draw(st.sampled_from(prefixes)),
        draw(SEPARATOR),
        opened,
        draw(st.from_regex(area, fullmatch=True)),
        closed,
    ]
    for length in rest:
        parts += [draw(SEPARATOR), draw(st.from_regex(rf"[0-9]{{{length}}}", fullmatch=True))]
    return "".join(parts)


russian = spellings(("+7", "7", "8", "+8", "", "007", "87"), r"[3489][0-9]{2}", (3, 2, 2))
ukrainian = spellings(("+38", "38", "+380", "", "8", "+3"), r"0?[3-9][0-9]", (3, 2, 2))


@given(russian, st.sampled_from(["RU", "UA", "DE"]))
@example("8 (935) 000-45-67", "RU")
def test_the_short_way_agrees_with_the_numbering_data_for_russia(text: str, country: str) -> None:
    """The fast path may answer only what phonenumbers answers."""
    assert phone.to_e164(text, country) == phone.parse(text, country)


@given(ukrainian, st.sampled_from(["UA", "RU"]))
@example("+38 (067) 123-45-67", "UA")
def test_the_short_way_agrees_with_the_numbering_data_for_ukraine(text: str, country: str) -> None:
    """The fast path may answer only what phonenumbers answers."""
    assert phone.to_e164(text, country) == phone.parse(text, country)


@given(st.from_regex(r"\+(7|380)[0-9]{8,11}", fullmatch=True))
def test_an_international_number_needs_no_country(text: str) -> None:
    """+7… and +380… read the same in every shop."""
    assert len({phone.to_e164(text, country) for country in ("RU", "UA", "DE", "PL")}) == 1
    assert phone.to_e164(text, "RU") == phone.parse(text, "RU")


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("8 (935) 000-45-67", "RU", "+79350004567"),
        ("9350004567", "RU", "+79350004567"),
        ("+7 935 000 45 67 доб. 12", "RU", "+79350004567"),
        ("8-935-999-99-99", "RU", "+79359999999"),
        ("067 123 45 67", "UA", "+380671234567"),
        ("380671234567", "UA", "+380671234567"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("0032 470 12 34 56", "DE", "+32470123456"),
        ("007 935 000 45 67", "RU", "+79350004567"),
        ("80 67 123 45 67", "UA", "+380671234567"),
    ],
)
def test_any_spelling_of_the_shops_country_becomes_e164(text: str, country: str, expected: str) -> None:
    """A2: accept any spelling, store E.164; the sandbox range of decisions 17 is accepted."""
    assert phone.to_e164(text, country) == expected


@pytest.mark.parametrize("text", ["", "abc", "112", "+7 935 000 45", "+7 935 000 45 678 9", "0" * 65, "+70000000000"])
def test_what_cannot_be_a_number_is_none(text: str) -> None:
    """Wrong lengths and forms that no plan has are no numbers; nothing raises."""
    assert phone.to_e164(text, "RU") is None


@given(st.text(max_size=80))
def test_whatever_is_typed_gives_a_number_or_nothing(text: str) -> None:
    """The till never sees an exception for what somebody typed."""
    found = phone.to_e164(text, "RU")
    assert found is None or re.fullmatch(r"\+[0-9]{4,17}", found)


def test_belgian_and_american_numbers_with_equal_digits_stay_two() -> None:
    """A phone is unique with its country (twentyhq/twenty#20195)."""
    assert phone.to_e164("+1 212 555 0100", "US") != phone.to_e164("+32 2 125 55 01", "BE")


@pytest.mark.parametrize(
    ("number", "code"), [("+79350004567", "+7"), ("+380671234567", "+380"), ("+4915123456789", "+49")]
)
def test_the_country_code_is_the_shortest_that_exists(number: str, code: str) -> None:
    """The mask shows the country code alone."""
    assert phone.calling_code(number) == code


def test_one_digit_repeated_is_junk() -> None:
    """Cashiers type 79999999999 to get past a required field."""
    assert phone.is_junk("+79999999999")
    assert not phone.is_junk("+79350004567")
