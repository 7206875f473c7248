"""The words a till prints."""

import pytest

from domain.loyalty.entries import Balance
from domain.loyalty.notices import Notice
from domain.loyalty.texts import footer, language, notice_text, points_text


def test_the_contracts_footer() -> None:
    """A55: what the receipt did, then what is on the account."""
    assert footer("ru", Balance(52, 0, 0, 0), earned=12) == ("Начислено 12 баллов", "На счёте 52")


def test_a_footer_says_everything_that_happened() -> None:
    """Spent, earned, returned, taken, waiting, owed: only what is not zero."""
    balance = Balance(0, 3, 0, 21)
    lines = footer("ru", balance, earned=1, redeemed=50, restored=2, reversed_=5)
    assert lines == (
        "Списано 50 баллов",
        "Начислено 1 балл",
        "Возвращено 2 балла",
        "Снято 5 баллов",
        "На счёте 0",
        "Ожидают 3",
        "Долг 21 балл",
    )
    assert footer("uk-UA", Balance(5, 0, 0, 0), earned=22) == ("Нараховано 22 бали", "На рахунку 5")
    assert footer("en_GB", Balance(1, 0, 0, 0), earned=1) == ("1 point earned", "Balance 1")


@pytest.mark.parametrize(
    ("number", "ru", "uk"),
    [
        (0, "баллов", "балів"),
        (1, "балл", "бал"),
        (2, "балла", "бали"),
        (4, "балла", "бали"),
        (5, "баллов", "балів"),
        (11, "баллов", "балів"),
        (12, "баллов", "балів"),
        (14, "баллов", "балів"),
        (21, "балл", "бал"),
        (22, "балла", "бали"),
        (111, "баллов", "балів"),
        (1001, "балл", "бал"),
    ],
)
def test_plural_forms(number: int, ru: str, uk: str) -> None:
    """Unicode CLDR, Russian and Ukrainian."""
    assert points_text("ru", number) == f"{number} {ru}"
    assert points_text("uk", number) == f"{number} {uk}"


def test_fractions_of_points() -> None:
    """Scale 2: the comma of the language; whole ones without it."""
    assert points_text("ru", 250, 2) == "2,50 балла"
    assert points_text("uk", 5, 2) == "0,05 бала"
    assert points_text("en", 100, 2) == "1 point"
    assert points_text("en", 250, 2) == "2.50 points"


@pytest.mark.parametrize("code", ["points-to-debt", "points-not-spent", "account-frozen", "restricted-line"])
@pytest.mark.parametrize("locale", ["ru", "uk", "en", "de"])
def test_each_warning_has_words_in_each_language(code: str, locale: str) -> None:
    """Fit to be read to a customer."""
    text = notice_text(Notice(code, "/lines/0", {"points": 20, "source": "2899-IV/16", "action": "earn"}), locale)
    assert "20" in text or "2899-IV/16" in text


def test_other_languages_are_read_in_english() -> None:
    """A tag's region does not matter."""
    assert [language(tag) for tag in ("ru-RU", "UK", "de", "en-US", "")] == ["ru", "uk", "en", "en", "en"]
