"""What a timeline entry is called, in the shop's language."""

from domain.history.timeline import TimelineEntry

_TITLES: dict[str, dict[str, str]] = {
    "sale": {"ru": "Покупка на {total}", "uk": "Покупка на {total}", "en": "Purchase for {total}"},
    "return": {"ru": "Возврат на {total}", "uk": "Повернення на {total}", "en": "Return of {total}"},
    "void": {"ru": "Отмена чека", "uk": "Скасування чека", "en": "Receipt voided"},
    "note": {"ru": "Заметка", "uk": "Нотатка", "en": "Note"},
}
_NO_MINOR_UNITS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XAF", "XOF"})


def title_of(entry: TimelineEntry, locale: str) -> str:
    """Return the title of `entry` in `locale` (ru, uk, en; else en); a kind without one is called by its name."""
    texts = _TITLES.get(entry.kind)
    if texts is None:
        return entry.kind
    language = locale.partition("-")[0].lower()
    return texts.get(language, texts["en"]).format(total=_money(entry, language))


def _money(entry: TimelineEntry, language: str) -> str:
    total, currency = int(entry.data.get("total") or 0), str(entry.data.get("currency") or "")
    whole, minor = (total, "") if currency in _NO_MINOR_UNITS else (total // 100, f"{total % 100:02}")
    grouped = f"{whole:,}".replace(",", " ")
    decimal = "." if language == "en" else ","
    return f"{grouped}{decimal if minor else ''}{minor} {currency}".strip()
