"""Our own short codes and messages for what pydantic finds; they never repeat a value."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

_PLAIN: Mapping[str, tuple[str, str]] = {
    "missing": ("required", "is required"),
    "extra_forbidden": ("unknown_field", "is not a known field"),
    "string_type": ("type", "must be a string"),
    "string_sub_type": ("type", "must be a string"),
    "string_unicode": ("text", "must be valid Unicode"),
    "int_type": ("type", "must be an integer"),
    "int_parsing": ("type", "must be an integer"),
    "int_parsing_size": ("range", "is too large a number"),
    "int_from_float": ("type", "must be an integer"),
    "float_type": ("type", "must be a number"),
    "finite_number": ("range", "must be a finite number"),
    "bool_type": ("type", "must be true or false"),
    "bool_parsing": ("type", "must be true or false"),
    "list_type": ("type", "must be an array"),
    "set_type": ("type", "must be an array"),
    "tuple_type": ("type", "must be an array"),
    "dict_type": ("type", "must be an object"),
    "model_type": ("type", "must be an object"),
    "model_attributes_type": ("type", "must be an object"),
    "none_required": ("type", "must be null"),
    "uuid_type": ("uuid", "must be a UUID"),
    "uuid_parsing": ("uuid", "must be a UUID"),
    "uuid_version": ("uuid", "must be a UUID"),
    "date_type": ("date", "must be a date, YYYY-MM-DD"),
    "date_parsing": ("date", "must be a date, YYYY-MM-DD"),
    "date_from_datetime_parsing": ("date", "must be a date, YYYY-MM-DD"),
    "datetime_type": ("datetime", "must be an RFC 3339 time with an offset"),
    "datetime_parsing": ("datetime", "must be an RFC 3339 time with an offset"),
    "timezone_aware": ("datetime", "must be an RFC 3339 time with an offset"),
    "union_tag_not_found": ("required", "is required"),
    "value_error": ("value", "is not a valid value"),
    "assertion_error": ("value", "is not a valid value"),
    "url_parsing": ("url", "must be a URL"),
    "url_type": ("url", "must be a URL"),
    "url_scheme": ("url", "must be a URL with an allowed scheme"),
    "url_too_long": ("max_length", "is too long a URL"),
    "recursion_loop": ("type", "refers to itself"),
}

_LIMITS: Mapping[str, tuple[str, str, str]] = {
    "string_too_short": ("min_length", "must have at least {} characters", "min_length"),
    "string_too_long": ("max_length", "must have at most {} characters", "max_length"),
    "too_short": ("min_items", "must have at least {} items", "min_length"),
    "too_long": ("max_items", "must have at most {} items", "max_length"),
    "greater_than": ("range", "must be greater than {}", "gt"),
    "greater_than_equal": ("range", "must be at least {}", "ge"),
    "less_than": ("range", "must be less than {}", "lt"),
    "less_than_equal": ("range", "must be at most {}", "le"),
    "multiple_of": ("multiple_of", "must be a multiple of {}", "multiple_of"),
    "literal_error": ("one_of", "must be one of {}", "expected"),
    "union_tag_invalid": ("one_of", "must be one of {}", "expected_tags"),
    "enum": ("one_of", "must be one of {}", "expected"),
    "string_pattern_mismatch": ("pattern", "must match {}", "pattern"),
}

_PYDANTIC_KINDS = frozenset(get_args(ErrorType))


def rule_of(kind: str, context: Mapping[str, Any] | None, message: str) -> tuple[str, str]:
    """Return our code and message for pydantic's error `kind`.

    A kind that is not pydantic's is one of our own (`PydanticCustomError`): its text is ours and holds no value.
    """
    if (plain := _PLAIN.get(kind)) is not None:
        return plain
    if (limit := _LIMITS.get(kind)) is not None:
        code, template, name = limit
        return code, template.format((context or {}).get(name))
    if kind in _PYDANTIC_KINDS:
        return "value", "is not a valid value"
    return kind, message
