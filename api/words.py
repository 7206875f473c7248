"""What a problem says to a person, in Russian, Ukrainian and English."""

from collections.abc import Mapping

from domain.kernel.errors import DomainError

WORDS: Mapping[str, Mapping[str, str]] = {
    "invalid-request": {
        "ru": "Запрос составлен неверно: см. список ошибок.",
        "uk": "Запит складено неправильно: див. перелік помилок.",
        "en": "The request does not match the published schema; see the list of errors.",
    },
    "unauthenticated": {
        "ru": "Нужен действующий ключ доступа.",
        "uk": "Потрібен чинний ключ доступу.",
        "en": "A valid access key is needed.",
    },
    "forbidden": {
        "ru": "У этого ключа нет права на такое действие.",
        "uk": "Цей ключ не має права на таку дію.",
        "en": "This credential may not do that.",
    },
    "tenant-suspended": {
        "ru": "Работа магазина приостановлена.",
        "uk": "Роботу магазину призупинено.",
        "en": "The shop's account is suspended.",
    },
    "api-key-not-found": {
        "ru": "Такого ключа нет.",
        "uk": "Такого ключа немає.",
        "en": "There is no such API key.",
    },
    "api-key-not-active": {
        "ru": "Ключ истёк, отозван или уже заменён.",
        "uk": "Строк дії ключа минув, або його відкликано чи вже замінено.",
        "en": "The key has expired, was revoked or was replaced already.",
    },
    "role-too-wide": {
        "ru": "Ключ не может дать больше прав, чем есть у того, кто его создаёт.",
        "uk": "Ключ не може надати більше прав, ніж має той, хто його створює.",
        "en": "A key cannot grant more than its maker has.",
    },
    "not-found": {"ru": "Здесь ничего нет.", "uk": "Тут нічого немає.", "en": "Nothing is here."},
    "method-not-allowed": {
        "ru": "Этот адрес не принимает такой метод.",
        "uk": "Ця адреса не приймає такий метод.",
        "en": "This address does not take that method.",
    },
    "not-acceptable": {
        "ru": "Ответ нельзя дать в запрошенном формате.",
        "uk": "Відповідь не можна надати в запитаному форматі.",
        "en": "The answer cannot be given in an accepted format.",
    },
    "unsupported-media-type": {
        "ru": "Тело запроса должно быть в формате JSON.",
        "uk": "Тіло запиту має бути у форматі JSON.",
        "en": "The body must be JSON.",
    },
    "body-too-large": {
        "ru": "Тело запроса слишком велико.",
        "uk": "Тіло запиту завелике.",
        "en": "The body of the request is too large.",
    },
    "idempotency-in-progress": {
        "ru": "Такой же запрос ещё выполняется, повторите через секунду.",
        "uk": "Такий самий запит ще виконується, повторіть за секунду.",
        "en": "The same request is still in progress; ask again in a second.",
    },
    "idempotency-key-reused": {
        "ru": "Этот ключ идемпотентности уже занят другим запросом.",
        "uk": "Цей ключ ідемпотентності вже зайнятий іншим запитом.",
        "en": "This idempotency key belongs to another request.",
    },
    "version-mismatch": {
        "ru": "Запись успел изменить кто-то другой: обновите её и повторите.",
        "uk": "Запис встиг змінити хтось інший: оновіть його та повторіть.",
        "en": "Somebody else changed the record meanwhile: read it again and retry.",
    },
    "quota-exceeded": {
        "ru": "Слишком много запросов, повторите чуть позже.",
        "uk": "Забагато запитів, повторіть трохи пізніше.",
        "en": "Too many requests; try again a little later.",
    },
    "unavailable": {
        "ru": "Сервис временно недоступен, повторите чуть позже.",
        "uk": "Сервіс тимчасово недоступний, повторіть трохи пізніше.",
        "en": "The service is away for a moment; try again a little later.",
    },
    "internal-error": {
        "ru": "На нашей стороне произошла ошибка.",
        "uk": "На нашому боці сталася помилка.",
        "en": "Something went wrong on our side.",
    },
    "unknown-reference": {
        "ru": "В запросе указано то, чего нет.",
        "uk": "У запиті вказано те, чого немає.",
        "en": "An id in the request names nothing.",
    },
}


def words_for(error: DomainError, locale: str) -> str:
    """Return the `detail` of a problem for the language tag `locale`; what a rule said itself wins in English."""
    language = locale.partition("-")[0].lower()
    known = WORDS.get(error.code, {})
    if language == "en" and error.detail != error.title:
        return error.detail
    return known.get(language) or (error.detail if error.detail != error.title else known.get("en", error.detail))
