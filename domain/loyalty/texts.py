"""What the till prints and what a warning says, in the tenant's language."""

from collections.abc import Mapping, Sequence

from domain.loyalty.entries import Balance
from domain.loyalty.notices import Notice

POINT_FORMS: Mapping[str, tuple[str, str, str]] = {
    "ru": ("балл", "балла", "баллов"),
    "uk": ("бал", "бали", "балів"),
    "en": ("point", "points", "points"),
}
"""One, few, many."""

_FRACTION = {"ru": "балла", "uk": "бала", "en": "points"}

_FOOTER: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "earned": "Начислено {}",
        "redeemed": "Списано {}",
        "restored": "Возвращено {}",
        "reversed": "Снято {}",
        "balance": "На счёте {}",
        "pending": "Ожидают {}",
        "debt": "Долг {}",
    },
    "uk": {
        "earned": "Нараховано {}",
        "redeemed": "Списано {}",
        "restored": "Повернуто {}",
        "reversed": "Знято {}",
        "balance": "На рахунку {}",
        "pending": "Очікують {}",
        "debt": "Борг {}",
    },
    "en": {
        "earned": "{} earned",
        "redeemed": "{} spent",
        "restored": "{} returned",
        "reversed": "{} taken back",
        "balance": "Balance {}",
        "pending": "Pending {}",
        "debt": "Owed {}",
    },
}

_NOTICES: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "points-to-debt": "Баллы списаны сверх доступного или лимита: {points}",
        "points-not-spent": "Баллы не списаны: {points}",
        "account-frozen": "Счёт заморожен, баллы не списаны: {points}",
        "restricted-line": "Баллы на этот товар запрещены: {source}",
    },
    "uk": {
        "points-to-debt": "Бали списано понад доступне або ліміт: {points}",
        "points-not-spent": "Бали не списано: {points}",
        "account-frozen": "Рахунок заморожено, бали не списано: {points}",
        "restricted-line": "Бали на цей товар заборонені: {source}",
    },
    "en": {
        "points-to-debt": "Points were charged beyond what was available or allowed: {points}",
        "points-not-spent": "Points were not spent: {points}",
        "account-frozen": "The account is frozen, points were not spent: {points}",
        "restricted-line": "Points are forbidden on these goods: {source}",
    },
}


def footer(
    locale: str,
    balance: Balance,
    *,
    earned: int = 0,
    redeemed: int = 0,
    restored: int = 0,
    reversed_: int = 0,
    scale: int = 0,
) -> tuple[str, ...]:
    """Return the lines a till prints: what the document did to points, then what the account holds."""
    words = _FOOTER[language(locale)]
    done = {"redeemed": redeemed, "earned": earned, "restored": restored, "reversed": reversed_}
    lines = [words[name].format(points_text(locale, points, scale)) for name, points in done.items() if points]
    lines.append(words["balance"].format(amount_text(locale, balance.active, scale)))
    if balance.pending:
        lines.append(words["pending"].format(amount_text(locale, balance.pending, scale)))
    if balance.debt:
        lines.append(words["debt"].format(points_text(locale, balance.debt, scale)))
    return tuple(lines)


def notice_text(notice: Notice, locale: str) -> str:
    """Return the text of a warning; it may be read to a customer."""
    return _NOTICES[language(locale)][notice.code].format_map(notice.values)


def points_text(locale: str, points: int, scale: int = 0) -> str:
    """Return an amount of points with its word: `12 баллов`, `1 балл`, `2,50 балла`."""
    return f"{amount_text(locale, points, scale)} {_form(language(locale), points, scale)}"


def amount_text(locale: str, points: int, scale: int = 0) -> str:
    """Return points (≥ 0, in 10^-`scale`) as digits, with the comma or point of the language; whole ones bare."""
    whole, part = divmod(points, 10**scale)
    if not part:
        return str(whole)
    mark = "." if language(locale) == "en" else ","
    return f"{whole}{mark}{part:0{scale}d}"


def language(locale: str) -> str:
    """Return which of our languages a tag asks for: `ru-RU` is ru; others are read in English."""
    tag = locale.replace("_", "-").split("-", 1)[0].lower()
    return tag if tag in POINT_FORMS else "en"


def _form(code: str, points: int, scale: int) -> str:
    whole, part = divmod(points, 10**scale)
    if part:
        return _FRACTION[code]
    if code == "en":
        return POINT_FORMS[code][0 if whole == 1 else 2]
    return _slavic(whole, POINT_FORMS[code])


def _slavic(number: int, forms: Sequence[str]) -> str:
    """Choose 1 балл, 2 балла, 5 баллов, 11 баллов. Source: Unicode CLDR plural rules of ru and uk."""
    if number % 10 == 1 and number % 100 != 11:
        return forms[0]
    if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14:
        return forms[1]
    return forms[2]
