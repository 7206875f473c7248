"""What a problem says to a person: in Russian, Ukrainian and English, one row per code."""

from collections.abc import Mapping

from domain.kernel.errors import DomainError

LANGUAGES = ("ru", "uk", "en")
WORDS: Mapping[str, tuple[str, str, str]] = {
    "account-frozen": (
        "Счёт с баллами заморожен.",
        "Рахунок з балами заморожено.",
        "The points account is frozen.",
    ),
    "account-not-found": (
        "Такого счёта с баллами нет.",
        "Такого рахунку з балами немає.",
        "There is no such points account.",
    ),
    "address-not-found": (
        "У клиента нет такого адреса.",
        "Клієнт не має такої адреси.",
        "The customer has no such address.",
    ),
    "already-claimed": (
        "Этот чек уже записан за клиентом.",
        "Цей чек уже записано за клієнтом.",
        "The receipt belongs to a customer already.",
    ),
    "api-key-not-active": (
        "Ключ больше не действует.",
        "Ключ більше не діє.",
        "The API key is not active any more.",
    ),
    "api-key-not-found": (
        "Такого ключа нет.",
        "Такого ключа немає.",
        "There is no such API key.",
    ),
    "body-too-large": (
        "Тело запроса слишком велико.",
        "Тіло запиту завелике.",
        "The body of the request is too large.",
    ),
    "claim-limit": (
        "Больше чеков за эти дни записать на себя нельзя.",
        "Більше чеків за ці дні записати на себе не можна.",
        "No more receipts of these days can be claimed.",
    ),
    "code-taken": (
        "Такой код уже занят.",
        "Такий код уже зайнятий.",
        "The code is taken.",
    ),
    "contradictory-settings": (
        "Настройки противоречат друг другу.",
        "Налаштування суперечать одне одному.",
        "The settings contradict each other.",
    ),
    "custom-field-exists": (
        "Поле с таким кодом уже есть.",
        "Поле з таким кодом уже є.",
        "A custom field with this code exists already.",
    ),
    "custom-field-limit": (
        "Больше полей добавить нельзя.",
        "Більше полів додати не можна.",
        "No more custom fields can be added.",
    ),
    "custom-field-not-found": (
        "Такого поля нет.",
        "Такого поля немає.",
        "There is no such custom field.",
    ),
    "customer-not-active": (
        "Карточка клиента не действует.",
        "Картка клієнта не діє.",
        "The customer is not active.",
    ),
    "customer-not-found": (
        "Такого клиента нет.",
        "Такого клієнта немає.",
        "There is no such customer.",
    ),
    "date-out-of-range": (
        "Такой даты продажи быть не может.",
        "Такої дати продажу бути не може.",
        "The date cannot be a date of sale.",
    ),
    "document-conflict": (
        "Под этим номером записан другой документ.",
        "Під цим номером записано інший документ.",
        "Another document was recorded under this key.",
    ),
    "employee-not-found": (
        "Такого сотрудника нет.",
        "Такого співробітника немає.",
        "There is no such employee.",
    ),
    "empty-customer": (
        "Нужно имя или хотя бы один контакт клиента.",
        "Потрібне ім’я або хоча б один контакт клієнта.",
        "A customer needs a name, a contact or a card.",
    ),
    "expiry-out-of-range": (
        "Баллы не могут сгорать в этот момент.",
        "Бали не можуть згорати в цей момент.",
        "The points cannot expire at that moment.",
    ),
    "forbidden": (
        "У этого ключа нет права на такое действие.",
        "Цей ключ не має права на таку дію.",
        "This credential may not do that.",
    ),
    "idempotency-in-progress": (
        "Такой же запрос ещё выполняется, повторите через секунду.",
        "Такий самий запит ще виконується, повторіть за секунду.",
        "The same request is still in progress; ask again in a second.",
    ),
    "idempotency-key-reused": (
        "Этот ключ идемпотентности уже занят другим запросом.",
        "Цей ключ ідемпотентності вже зайнятий іншим запитом.",
        "This idempotency key belongs to another request.",
    ),
    "identifier-not-active": (
        "Этот контакт не действует.",
        "Цей контакт не діє.",
        "The identifier is not active.",
    ),
    "identifier-not-found": (
        "У клиента нет такого контакта.",
        "Клієнт не має такого контакту.",
        "The customer has no such identifier.",
    ),
    "identifier-taken": (
        "Этот контакт уже записан за другим клиентом.",
        "Цей контакт уже записано за іншим клієнтом.",
        "This contact or card belongs to another customer already.",
    ),
    "insufficient-points": (
        "На счёте не хватает баллов.",
        "На рахунку не вистачає балів.",
        "There are not enough points on the account.",
    ),
    "internal-error": (
        "На нашей стороне произошла ошибка.",
        "На нашому боці сталася помилка.",
        "Something went wrong on our side.",
    ),
    "invalid-qr": (
        "Это не QR-код чека.",
        "Це не QR-код чека.",
        "The text is not the QR code of a receipt.",
    ),
    "invalid-request": (
        "Запрос составлен неверно: см. список ошибок.",
        "Запит складено неправильно: див. перелік помилок.",
        "The request does not match the published schema; see the list of errors.",
    ),
    "invalid-value": (
        "Одно из значений не может быть верным: см. список ошибок.",
        "Одне зі значень не може бути правильним: див. перелік помилок.",
        "A value cannot be right; see the list of errors.",
    ),
    "line-not-sold": (
        "Возвращаемой позиции нет в чеке продажи.",
        "Позиції, що повертається, немає в чеку продажу.",
        "A returned line is not in the sale.",
    ),
    "method-not-allowed": (
        "Этот адрес не принимает такой метод.",
        "Ця адреса не приймає такий метод.",
        "This address does not take that method.",
    ),
    "not-acceptable": (
        "Ответ нельзя дать в запрошенном формате.",
        "Відповідь не можна надати в запитаному форматі.",
        "The answer cannot be given in an accepted format.",
    ),
    "not-found": (
        "Здесь ничего нет.",
        "Тут нічого немає.",
        "Nothing is here.",
    ),
    "note-not-found": (
        "Такой заметки нет.",
        "Такої нотатки немає.",
        "There is no such note.",
    ),
    "points-limit-exceeded": (
        "Столько баллов за этот чек списать нельзя.",
        "Стільки балів за цей чек списати не можна.",
        "The program does not allow that many points for this receipt.",
    ),
    "product-not-found": (
        "Такого товара нет.",
        "Такого товару немає.",
        "There is no such product.",
    ),
    "program-not-found": (
        "Такой программы лояльности нет.",
        "Такої програми лояльності немає.",
        "There is no such loyalty program.",
    ),
    "quota-exceeded": (
        "Слишком много запросов, повторите чуть позже.",
        "Забагато запитів, повторіть трохи пізніше.",
        "Too many requests; try again a little later.",
    ),
    "receipt-does-not-add-up": (
        "Суммы чека не сходятся.",
        "Суми чека не сходяться.",
        "The receipt's sums do not add up.",
    ),
    "receipt-not-found": (
        "Такого чека нет.",
        "Такого чека немає.",
        "There is no such receipt.",
    ),
    "receipt-voided": (
        "Чек отменён.",
        "Чек скасовано.",
        "The receipt is void.",
    ),
    "redemption-does-not-match": (
        "Списание баллов не сходится с суммами чека.",
        "Списання балів не сходиться із сумами чека.",
        "The redemption does not match the receipt.",
    ),
    "register-not-found": (
        "Такой кассы нет.",
        "Такої каси немає.",
        "There is no such register.",
    ),
    "return-exceeds-sale": (
        "Возвращается больше, чем было продано.",
        "Повертається більше, ніж було продано.",
        "More is returned than was sold.",
    ),
    "return-total-differs": (
        "Сумма возврата не равна доле позиции в чеке продажи.",
        "Сума повернення не дорівнює частці позиції в чеку продажу.",
        "The returned total is not the line's share of the sale.",
    ),
    "role-too-wide": (
        "Ключ не может дать больше прав, чем есть у его создателя.",
        "Ключ не може дати більше прав, ніж має його творець.",
        "A key cannot grant more than its maker has.",
    ),
    "search-index-off": (
        "Поиск по имени в базе такого размера нужно включить в настройках.",
        "Пошук за іменем у базі такого розміру треба ввімкнути в налаштуваннях.",
        "Search by name has to be switched on for a base of this size.",
    ),
    "store-not-found": (
        "Такого магазина нет.",
        "Такого магазину немає.",
        "There is no such store.",
    ),
    "tag-exists": (
        "Такая метка уже есть.",
        "Така мітка вже є.",
        "A tag of this name exists already.",
    ),
    "tag-not-found": (
        "Такой метки нет.",
        "Такої мітки немає.",
        "There is no such tag.",
    ),
    "tenant-not-found": (
        "Такой учётной записи магазина нет.",
        "Такого облікового запису магазину немає.",
        "There is no such shop on this installation.",
    ),
    "tenant-suspended": (
        "Работа магазина приостановлена.",
        "Роботу магазину призупинено.",
        "The shop's account is suspended.",
    ),
    "unauthenticated": (
        "Нужен действующий ключ доступа.",
        "Потрібен чинний ключ доступу.",
        "A valid access key is needed.",
    ),
    "unavailable": (
        "Сервис временно недоступен, повторите чуть позже.",
        "Сервіс тимчасово недоступний, повторіть трохи пізніше.",
        "The service is away for a moment; try again a little later.",
    ),
    "unknown-reference": (
        "В запросе указано то, чего нет.",
        "У запиті вказано те, чого немає.",
        "An id in the request names nothing.",
    ),
    "unknown-setting": (
        "В настройке указано то, чего нет.",
        "У налаштуванні вказано те, чого немає.",
        "A setting names something that does not exist.",
    ),
    "unsupported-media-type": (
        "Тело запроса должно быть в формате JSON.",
        "Тіло запиту має бути у форматі JSON.",
        "The body must be JSON.",
    ),
    "verification-required": (
        "Нужно подтверждение кодом.",
        "Потрібне підтвердження кодом.",
        "A confirmation by code is needed.",
    ),
    "version-mismatch": (
        "Запись успел изменить кто-то другой: обновите её и повторите.",
        "Запис встиг змінити хтось інший: оновіть його та повторіть.",
        "Somebody else changed the record meanwhile: read it again and retry.",
    ),
}


def words_for(error: DomainError, locale: str) -> str:
    """Return the `detail` of a problem for the language tag `locale`; what a rule said itself wins in English."""
    language = locale.partition("-")[0].lower()
    own = error.detail if error.detail != error.title else None
    known = WORDS.get(error.code)
    if known is None:
        return error.detail
    if language not in LANGUAGES or language == "en":
        return own or known[LANGUAGES.index("en")]
    return known[LANGUAGES.index(language)]
