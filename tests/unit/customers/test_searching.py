"""Finding people by what is remembered of a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.searching import EXACT, TYPO, asked_words, forgiven, match, remembered

NAMES = st.text(alphabet="абвгдежзиклмнопрстуфхцчшщэюя", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("query", "names", "expected"),
    [
        ("Петр", ("Анна", "Петрова"), EXACT),
        ("анна петрова", ("Анна", "Петрова"), EXACT),
        ("петрова анна", ("Анна", "Петрова"), EXACT),
        ("Птерова", ("Анна", "Петрова"), TYPO),
        ("Пертов", ("Анна", "Петрова"), TYPO),
        ("Анан", ("Анна", "Петрова"), TYPO),
        ("Аня", ("Анна",), None),
        ("Иванова", ("Анна", "Петрова"), None),
        ("Олександр", ("Александр",), None),
        ("етрова", ("Анна", "Петрова"), None),
        ("епт рова", ("Анна", "Петрова"), None),
        ("епрова", ("Анна", "Перова"), TYPO),
        ("Алексондр", ("Александр",), TYPO),
        ("Анна-Мария", ("Анна", "Мария"), EXACT),
    ],
)
def test_beginnings_and_typing_errors_find(query: str, names: tuple[str, ...], expected: int | None) -> None:
    """Every word must begin a word of the name, or nearly be one."""
    assert match(asked_words(query), remembered(1, names).words) == expected


@given(st.lists(NAMES, min_size=1, max_size=3), st.data())
def test_every_beginning_of_every_word_finds(names: list[str], data: st.DataObject) -> None:
    """No name hides from its own beginning."""
    name = data.draw(st.sampled_from(names))
    length = data.draw(st.integers(1, len(name)))
    assert match(asked_words(name[:length]), remembered(1, names).words) == EXACT


@given(NAMES, st.data())
def test_one_wrong_letter_in_four_is_forgiven(name: str, data: st.DataObject) -> None:
    """Substitution anywhere but in the first letter, in a word of four letters or more."""
    if not forgiven(len(name)):
        return
    place = data.draw(st.integers(1, len(name) - 1))
    wrong = name[:place] + "ы" + name[place + 1 :]
    assert match(asked_words(wrong), remembered(1, [name]).words) in (EXACT, TYPO)


def test_people_are_sorted_by_family_name_first() -> None:
    """Ёлкин stands before Ельцов whatever their given names are."""
    people = [remembered(1, ("Яна", "Ёлкина")), remembered(1, ("Анна", "Сергеевна", "Ельцова"))]
    assert sorted(people, key=lambda one: one.sort)[0].words == ("яна", "елкина")
