"""What is told of a body that does not match: every error once, by JSON pointer, and nothing of what was sent."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from api.rules import rule_of
from domain.kernel.errors import FieldError

MAX_ERRORS = 1000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
"""What looks like a field's name; anything else might be somebody's phone and is not repeated."""

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_SHAPE = 1000
"""How much more a field that is missing or too many speaks against an alternative than a wrong value."""

Loc = Sequence[int | str]


def told(error: ValidationError, raw: bytes) -> list[FieldError]:
    """Return what is wrong with the JSON text `raw`, in the order of the schema."""
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return [FieldError("", "json", "is not valid JSON")]
    data = from_json(raw)
    errors = dict.fromkeys(_field_error(one, data) for one in _meant(details, data)[:MAX_ERRORS])
    nuls = {one.pointer: one for one in nul_errors(raw)}
    found = [one for one in errors if one.code != "pattern" or one.pointer not in nuls]
    return (found + list(nuls.values()))[:MAX_ERRORS]


def nul_errors(raw: bytes) -> list[FieldError]:
    """Return every place of the JSON text that holds a NUL."""
    return list(dict.fromkeys(_nul_pointers(from_json(raw), ""))) if _NUL.search(raw) else []


def _meant(details: list[ErrorDetails], data: Any) -> list[ErrorDetails]:
    """Return the errors of the alternative that was meant: where several were tried, the one that fits best.

    Otherwise a mistyped phone is also told as a missing id, because a customer may be named by an id as well.
    """
    walks = [list(_arms(one["loc"], data)) for one in details]
    misfits: Counter[tuple[Loc, int | str]] = Counter()
    for one, walk in zip(details, walks, strict=True):
        misfits.update(dict.fromkeys(walk, _SHAPE if one["type"] in {"missing", "extra_forbidden"} else 1))
    fewest: dict[Loc, int] = {}
    for (place, _), count in misfits.items():
        fewest[place] = min(count, fewest.get(place, count))
    return [
        one
        for one, walk in zip(details, walks, strict=True)
        if all(misfits[place, arm] == fewest[place] for place, arm in walk)
    ]


def _arms(loc: Loc, data: Any) -> Iterator[tuple[Loc, int | str]]:
    """Return where pydantic tried an alternative, and which: names in `loc` that are not in the body."""
    for index, part in enumerate(loc[:-1]):
        if _holds(data, part):
            data = data[part]
        else:
            yield tuple(loc[:index]), part


def _field_error(one: ErrorDetails, data: Any) -> FieldError:
    code, message = rule_of(one["type"], one.get("ctx"), one["msg"])
    if one["type"] in {"union_tag_not_found", "union_tag_invalid"}:
        loc = (*one["loc"], one["ctx"]["discriminator"].strip("'"))
        return FieldError(_pointer(loc, data, leaf_may_be_missing=True), code, message)
    return FieldError(_pointer(one["loc"], data, leaf_may_be_missing=one["type"] == "missing"), code, message)


def _pointer(loc: Loc, data: Any, *, leaf_may_be_missing: bool) -> str:
    """Return the RFC 6901 pointer of pydantic's `loc`: names of union arms and validators are not in the body.

    A name that does not look like a field's is left out with all below it: it might be somebody's phone.
    """
    parts: list[str] = []
    for index, part in enumerate(loc):
        if _holds(data, part):
            data = data[part]
        elif not (leaf_may_be_missing and index == len(loc) - 1):
            continue
        if isinstance(part, str) and not NAME.fullmatch(part):
            break
        parts.append(str(part))
    return "".join(f"/{part}" for part in parts)


def _holds(data: Any, part: int | str) -> bool:
    if isinstance(part, int):
        return isinstance(data, list) and 0 <= part < len(data)
    return isinstance(data, Mapping) and part in data


def _nul_pointers(data: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(data, str):
        if "\x00" in data:
            yield FieldError(pointer, "text", "must not hold NUL")
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _nul_pointers(item, f"{pointer}/{index}")
    elif isinstance(data, dict):
        for name, item in data.items():
            if "\x00" in name:
                yield FieldError(pointer, "text", "must not hold NUL")
            yield from _nul_pointers(item, f"{pointer}/{name}" if NAME.fullmatch(name) else pointer)
