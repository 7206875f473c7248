"""Fields of the shop's own: typed, validated, filterable (A15)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.kernel.errors import FieldError
from domain.kernel.payment_card import mask_cards
from domain.kernel.text import clean_text

MAX_FIELDS = 64
NUMBER_SCALE = 10**4
MAX_NUMBER = 10**14
MAX_TEXT = 1000
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class FieldType(StrEnum):
    """What a field holds. Numbers are integers or decimal strings with at most four decimals, never floats."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    BOOL = "bool"
    ENUM = "enum"
    MULTI_ENUM = "multi_enum"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """What values a field takes: `options` of enums, borders of numbers and dates (as text), `to` of references."""

    options: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    max_length: int | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A field a shop has defined; `code` never changes."""

    id: UUID
    code: str
    type: str
    label: str
    rules: FieldRules = field(default_factory=FieldRules)
    archived_at: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def checked_values(
    given: Mapping[str, Any], fields: Mapping[str, CustomField], *, pointer: str = "/custom"
) -> tuple[dict[str, Any], list[FieldError]]:
    """Return the values in their stored form, and everything that is wrong with the others.

    A null clears a field and is passed on as it is.
    """
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for code, value in given.items():
        known = fields.get(code)
        try:
            if known is None or known.archived_at is not None:
                raise _Refused("unknown-field", "is no custom field of this shop")
            values[code] = None if value is None else stored_value(known, value)
        except _Refused as refused:
            errors.append(FieldError(f"{pointer}/{code}", refused.code, refused.message))
    return values, errors


def stored_value(definition: CustomField, value: Any) -> Any:
    """Return `value` as it is kept, or raise what is wrong with it."""
    return _CHECKS[FieldType(definition.type)](definition.rules, value)


def number_of(value: Any) -> int | None:
    """Return a number value in ten-thousandths, None when it is none or beyond ±10^14."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    number = int(Decimal(text) * NUMBER_SCALE) if _DECIMAL.fullmatch(text) else None
    return None if number is None or abs(number) > MAX_NUMBER * NUMBER_SCALE else number


def day_of(value: Any) -> date | None:
    """Return a date value, None when it is none."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        return None


def searched_texts(definition: CustomField, value: Any) -> Sequence[str]:
    """Return the texts under which a value is found by equality: none for numbers and dates, several for lists."""
    if value is None or definition.type in (FieldType.NUMBER, FieldType.DATE):
        return ()
    if isinstance(value, list):
        return [str(one) for one in value]
    return [("true" if value else "false") if isinstance(value, bool) else str(value).casefold()]


def _string(rules: FieldRules, value: Any) -> Any:
    if not isinstance(value, str):
        raise _Refused("type", "must be a string")
    text = mask_cards(clean_text(value))
    if not text:
        return None
    if len(text) > (rules.max_length or MAX_TEXT):
        raise _Refused("max-length", f"must have at most {rules.max_length or MAX_TEXT} characters")
    return text


def _number(rules: FieldRules, value: Any) -> Any:
    number = number_of(value)
    if number is None:
        raise _Refused("type", "must be an integer or a decimal string with at most four decimals")
    least, most = number_of(rules.minimum), number_of(rules.maximum)
    if (least is not None and number < least) or (most is not None and number > most):
        raise _Refused("range", _borders(rules))
    return value


def _date(rules: FieldRules, value: Any) -> Any:
    day = day_of(value)
    if day is None:
        raise _Refused("date", "must be a date, YYYY-MM-DD")
    least, most = day_of(rules.minimum), day_of(rules.maximum)
    if (least is not None and day < least) or (most is not None and day > most):
        raise _Refused("range", _borders(rules))
    return value


def _bool(_rules: FieldRules, value: Any) -> Any:
    if not isinstance(value, bool):
        raise _Refused("type", "must be true or false")
    return value


def _enum(rules: FieldRules, value: Any) -> Any:
    if value not in rules.options:
        raise _Refused("one-of", "must be one of the field's options")
    return value


def _multi_enum(rules: FieldRules, value: Any) -> Any:
    if not isinstance(value, list) or any(one not in rules.options for one in value):
        raise _Refused("one-of", "must be a list of the field's options")
    return [option for option in rules.options if option in value] or None


def _reference(_rules: FieldRules, value: Any) -> Any:
    try:
        return str(UUID(value)) if isinstance(value, str) else _refuse_reference()
    except ValueError:
        return _refuse_reference()


def _refuse_reference() -> Any:
    raise _Refused("uuid", "must be a UUID")


def _borders(rules: FieldRules) -> str:
    parts = [
        f"at least {rules.minimum}" if rules.minimum else "",
        f"at most {rules.maximum}" if rules.maximum else "",
    ]
    return "must be " + " and ".join(part for part in parts if part)


_CHECKS: dict[FieldType, Callable[[FieldRules, Any], Any]] = {
    FieldType.STRING: _string,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.BOOL: _bool,
    FieldType.ENUM: _enum,
    FieldType.MULTI_ENUM: _multi_enum,
    FieldType.REFERENCE: _reference,
}
