"""One normal form per identifier (A2, A3, A8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.errors import InvalidValue
from domain.customers.identifiers import IdentifierType, blind_index_name, normalise


@pytest.mark.parametrize(
    ("kind", "value", "normal"),
    [
        ("phone", "8 (935) 000-45-67", "+79350004567"),
        ("whatsapp", "9350004567", "+79350004567"),
        ("email", " Anna@Mail.Example ", "anna@mail.example"),
        ("card", "2900 0012-34", "2900001234"),
        ("card", "ab-12", "AB12"),
        ("telegram", "https://t.me/Anna_P", "anna_p"),
        ("telegram", "@Anna_P", "anna_p"),
        ("vk", "vk.com/id17", "id17"),
        ("viber", "aBc=", "aBc="),
        ("max", "77", "77"),
        ("relay", "X17@Relay.Market.Example", "x17@relay.market.example"),
        ("tax_id", "77 1234-5678 90", "771234567890"),
    ],
)
def test_spellings_of_one_identifier_are_one(kind: str, value: str, normal: str) -> None:
    """Compared by the normal form, kept with the raw one."""
    found = normalise(kind, value, country="RU")
    assert (found.value, found.raw) == (normal, value.strip())


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("phone", "112", "invalid-phone"),
        ("email", "anna", "invalid-email"),
        ("email", "a@b", "invalid-email"),
        ("email", "a..b@mail.example", "invalid-email"),
        ("email", "a b@mail.example", "invalid-email"),
        ("tax_id", "?", "invalid-tax-id"),
        ("card", " - ", "invalid-identifier"),
        ("telegram", "@", "invalid-identifier"),
        ("external", "\u200b", "invalid-identifier"),
    ],
)
def test_what_cannot_be_one_is_refused_with_its_place(kind: str, value: str, code: str) -> None:
    """422 with a pointer; the message never repeats the value."""
    with pytest.raises(InvalidValue) as refused:
        normalise(kind, value, system="1c", country="RU", pointer="/identifiers/3")
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/identifiers/3/value", code)
    assert value not in error.message


def test_external_ids_are_told_apart_by_their_system() -> None:
    """One index per system; without a system there is no external id."""
    assert blind_index_name("external", "1c") != blind_index_name("external", "shop")
    assert blind_index_name("card", "1c") == blind_index_name("card", None)
    with pytest.raises(InvalidValue):
        normalise("external", "7", country="RU")


@given(st.sampled_from(list(IdentifierType)), st.text(max_size=200))
def test_normalising_is_settled_at_once(kind: IdentifierType, value: str) -> None:
    """The normal form of a normal form is itself, and nothing but InvalidValue is ever raised."""
    try:
        found = normalise(kind, value, system="x", country="RU")
    except InvalidValue:
        return
    assert normalise(kind, found.value, system="x", country="RU").value == found.value
