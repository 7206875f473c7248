"""What a person without the right to contacts is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.mask import mask_contact, mask_name
from domain.kernel.payment_card import is_card_number, mask_cards


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        ("+79350004567", "+7•••••••••67"),
        ("+380671234567", "+380•••••••••67"),
        ("+7 (935) 000-45-67", "+7•••••••••67"),
        ("8 (935) 000-45-67", "•••••••••67"),
        ("anna@mail.example", "a•••@•••.example"),
        ("2900001234", "•••••••••34"),
        ("@anna", "•••••••••"),
    ],
)
def test_each_kind_of_contact_has_one_mask(value: str, mask: str) -> None:
    """Country code, always nine dots, last two digits; `a•••@•••.ru`."""
    assert mask_contact(value) == mask


@given(st.from_regex(r"\+79[0-9]{9}", fullmatch=True))
def test_a_masked_phone_gives_away_two_digits(number: str) -> None:
    """Two phones with one ending look alike."""
    assert mask_contact(number) == mask_contact("+799999999" + number[-2:])


def test_a_masked_name_shows_an_initial() -> None:
    """A candidate is `Анна П.`, never a full name."""
    assert mask_name("Анна", "Петрова") == "Анна П."
    assert mask_name(None, "Петрова") == "П."
    assert mask_name(None, None) is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("карта 4111 1111 1111 1111, до 12/27", "карта •••• •••• •••• 1111, до 12/27"),
        ("5555555555554444", "••••••••••••4444"),
        ("2200-0000-0000-0004 12", "••••-••••-••••-0004 12"),
        ("IMEI 490154203237518", "IMEI •••••••••••7518"),
        ("не карта 1234567890123456", "не карта 1234567890123456"),
        ("телефон +79350004567", "телефон +79350004567"),
    ],
)
def test_a_card_number_in_a_note_is_masked(text: str, masked: str) -> None:
    """A payment card number in a note is masked, never refused; what is no card stays."""
    assert mask_cards(text) == masked


@given(st.text(alphabet="0123456789 -", max_size=60))
def test_masking_is_complete_and_keeps_the_length(text: str) -> None:
    """No card number survives, and nothing but digits changes."""
    masked = mask_cards(text)
    assert len(masked) == len(text)
    assert mask_cards(masked) == masked
    assert all(new in (old, "•") for old, new in zip(text, masked, strict=True))


@given(st.text(alphabet="0123456789", min_size=13, max_size=19))
def test_a_card_number_alone_is_masked_exactly_when_it_is_one(digits: str) -> None:
    """Network range and Luhn decide, nothing else."""
    assert (mask_cards(digits) != digits) == is_card_number(digits)
