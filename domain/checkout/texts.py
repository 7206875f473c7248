"""What the till's warnings say, in the shop's language; fit to be read to a customer."""

from domain.loyalty import texts as loyalty
from domain.loyalty.notices import Notice

_TEXTS: dict[str, dict[str, str]] = {
    "hold-lapsed": {
        "ru": "Резерв баллов истёк или неизвестен.",
        "uk": "Резерв балів сплив або невідомий.",
        "en": "The hold has lapsed or is unknown.",
    },
    "coupon-refused": {
        "ru": "Купон не принят.",
        "uk": "Купон не прийнято.",
        "en": "The coupon was refused.",
    },
    "line-total-adjusted": {
        "ru": "Сумма строки отличается на округление; принята сумма кассы.",
        "uk": "Сума рядка відрізняється на округлення; прийнято суму каси.",
        "en": "The line total differs by rounding; the till's total was kept.",
    },
    "unknown-store": {
        "ru": "Неизвестный код «{code}»: создана запись, её нужно подтвердить.",
        "uk": "Невідомий код «{code}»: створено запис, його треба підтвердити.",
        "en": "Unknown code “{code}”: a record was created and waits to be confirmed.",
    },
    "unknown-customer": {
        "ru": "Покупатель не найден.",
        "uk": "Покупця не знайдено.",
        "en": "The customer is unknown.",
    },
    "clock-skew": {
        "ru": "Часы кассы спешат: чек учтён временем получения.",
        "uk": "Годинник каси поспішає: чек враховано часом отримання.",
        "en": "The till's clock is ahead: the receipt counts from when it was received.",
    },
    "no-rate": {
        "ru": "Для этой валюты нет курса: баллы не считались.",
        "uk": "Для цієї валюти немає курсу: бали не рахувалися.",
        "en": "No rate for this currency: points were not counted.",
    },
    "customer-ambiguous": {
        "ru": "Этот контакт принадлежит нескольким покупателям.",
        "uk": "Цей контакт належить кільком покупцям.",
        "en": "Several customers share this identifier.",
    },
    "identifier-conflict": {
        "ru": "Контакты принадлежат разным покупателям.",
        "uk": "Контакти належать різним покупцям.",
        "en": "The identifiers belong to different customers.",
    },
    "sale-not-found": {
        "ru": "Продажа пока не найдена: документ ждёт её.",
        "uk": "Продаж поки не знайдено: документ чекає на нього.",
        "en": "The sale is not known yet: the document waits for it.",
    },
}
"""The warning codes that loyalty has no words for; it tells its own."""


class _Values(dict[str, object]):
    """A value that a notice does not carry is left out of its text."""

    def __missing__(self, key: str) -> str:
        return "—"


def notice_text(notice: Notice, locale: str) -> str:
    """Return the text of a warning in `locale` (ru, uk, en; else en)."""
    texts = _TEXTS.get(notice.code)
    if texts is None:
        return loyalty.notice_text(notice, locale)
    return texts.get(locale.split("-", maxsplit=1)[0], texts["en"]).format_map(_Values(notice.values))
