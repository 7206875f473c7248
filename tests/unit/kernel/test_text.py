"""Names are found, sorted and cleaned the way people expect in Russian and Ukrainian."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.text import clean_line, clean_text, fold, sort_key, words


@pytest.mark.parametrize(
    ("left", "right"),
    [("Артём", "АРТЕМ"), ("Сергій", "Сергий"), ("Ґалаґан", "Галаган"), ("Є́ва"[0] + "ва", "Ева"), ("Дар'я", "Дарʼя")],
)
def test_spellings_of_one_name_fold_to_one(left: str, right: str) -> None:
    """Search finds Артём by Артем and Сергій by Сергий."""
    assert fold(left) == fold(right)


def test_a_hyphen_divides_words() -> None:
    """Анна-Мария is found by Мария."""
    assert words("Анна-Мария  Ли") == ["анна", "мария", "ли"]


@pytest.mark.parametrize("alphabet", ["абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдежзийклмнопрстуфхцчшщъыьэюя"])
def test_letters_sort_by_their_alphabet(alphabet: str) -> None:
    """Ґ, Є, І and Ї stand where the alphabet puts them, not where Unicode does."""
    for left, right in itertools.pairwise(alphabet):
        assert sort_key(left.upper()) < sort_key(right)


def test_yo_sorts_as_ye() -> None:
    """Russian lists put Ёлкин between Ежов and Ельцин's neighbours by the next letter."""
    names = ["Ельцин", "Ёлкин", "Ежов", "Жуков", "Smith"]
    assert sorted(names, key=sort_key) == ["Smith", "Ежов", "Ёлкин", "Ельцин", "Жуков"]
    assert sort_key("елка") < sort_key("ёлка") < sort_key("елкаа")


@given(st.text())
def test_folding_is_stable(text: str) -> None:
    """Folding what is folded changes nothing that search compares."""
    assert words(fold(text)) == words(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_cleaned_line_shows_everything_it_holds(text: str) -> None:
    """No control character and no direction mark is left in a name."""
    cleaned = clean_line(text)
    assert not any(unicodedata.category(character) == "Cc" for character in cleaned)
    assert not any(unicodedata.bidirectional(character) in {"RLO", "LRO", "RLE", "LRE", "PDF"} for character in cleaned)
    assert clean_line(cleaned) == cleaned


def test_a_name_pasted_with_marks_is_the_name() -> None:
    """Control characters and right-to-left marks vanish; the name stays."""
    assert clean_line("\u202eАн\x07на\u200f \t Петрова\u00ad\n") == "Анна Петрова"


def test_a_note_keeps_its_lines() -> None:
    """A note is text of several lines."""
    assert clean_text("не любит\r\nрозовое\x0b\u202e ") == "не любит\nрозовое"
