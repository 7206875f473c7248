"""JSON Merge Patch (RFC 7396): what was given, with null for "clear it"."""

from typing import Any

from pydantic import BaseModel


def given(patch: BaseModel) -> dict[str, Any]:
    """Return the fields the caller sent, by name; a null means that the field is to be cleared.

    A field that cannot be cleared has a type without None and the default `not_given()`: null is then refused
    before it comes here.
    """
    return {name: getattr(patch, name) for name in patch.model_fields_set}


def merged(current: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return `current` with `patch` laid over it, level by level.

    Source: RFC 7396 section 2.
    """
    result = dict(current)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[name] = value
    return result
