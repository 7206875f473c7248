"""Reading what was sent: bodies and query strings, strictly, with every error told at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from litestar import Request
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from api.errors import BadParameter, ParameterError, UnsupportedMediaType
from api.operation import promise_of
from api.rules import rule_of
from domain.kernel.errors import FieldError, InvalidRequest

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
MAX_ERRORS = 1000
MAX_WHOLE = 2**53
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_WHOLE_FLOAT = re.compile(rb"\d(?:\.0+|[eE])")
_CHARSET = re.compile(r"charset\s*=\s*\"?utf-?8\"?", re.IGNORECASE)

Model = TypeVar("Model", bound=BaseModel)


async def read_body(request: Request[Any, Any, Any], model: type[Model]) -> Model:
    """Return the body as `model`.

    Raises:
        UnsupportedMediaType: it is not JSON.
        InvalidRequest: it is missing, is no JSON or does not match; every error is in it.
        BodyTooLarge: it is over the limit.
    """
    raw = await request.body()
    if raw.strip(b" \t\r\n"):
        require_json(request)
    return parse(raw, model)


async def read_optional_body(request: Request[Any, Any, Any], model: type[Model]) -> Model:
    """Return the body as `model`, whose fields may all be left out; no body at all counts as `{}`."""
    raw = await request.body()
    if not raw.strip(b" \t\r\n"):
        return parse(b"{}", model)
    require_json(request)
    return parse(raw, model)


async def require_no_body(request: Request[Any, Any, Any]) -> None:
    """Accept nothing, `{}` or `null` where no body is asked for.

    Raises:
        InvalidRequest: something was sent.
    """
    raw = await request.body()
    if raw.strip(b" \t\r\n") not in {b"", b"{}", b"null"}:
        raise InvalidRequest(errors=[FieldError("", "unexpected_body", "no body is taken here")])


def require_json(request: Request[Any, Any, Any]) -> None:
    """Look at the content type; a merge patch is welcome on PATCH.

    Raises:
        UnsupportedMediaType: it is not JSON in UTF-8.
    """
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    accepted = {JSON, MERGE_PATCH} if request.method == "PATCH" else {JSON}
    if kind.strip().lower() not in accepted:
        raise UnsupportedMediaType(accepted=sorted(accepted))
    if "charset" in parameters.lower() and not _CHARSET.search(parameters):
        raise UnsupportedMediaType(accepted=sorted(accepted))


def parse(raw: bytes, model: type[Model]) -> Model:
    """Return `raw` JSON as `model`.

    Raises:
        InvalidRequest: with every error, by JSON pointer, and nothing of what was sent.
    """
    if not raw.strip(b" \t\r\n"):
        raise InvalidRequest(errors=[FieldError("", "required", "body is required")])
    try:
        value = _validated(raw, model)
    except ValidationError as error:
        raise InvalidRequest(errors=_told(error, raw)) from None
    if _NUL.search(raw) and (found := list(_nul_pointers(from_json(raw), ""))):
        raise InvalidRequest(errors=found)
    return value


def _validated(raw: bytes, model: type[Model]) -> Model:
    """Validate `raw`; only if an integer is missing look again whether 5.0 stands where 5 is meant.

    For JSON Schema, and so for the contract, both are integers; pydantic's strict mode takes the second only.
    """
    try:
        value: Model = _adapter(model).validate_json(raw)
    except ValidationError as error:
        kinds = {one["type"] for one in error.errors(include_url=False, include_input=False, include_context=False)}
        if "int_type" not in kinds or not _WHOLE_FLOAT.search(raw):
            raise
        value = _adapter(model).validate_json(to_json(_whole(from_json(raw))))
    return value


def _whole(data: Any) -> Any:
    """Return `data` with every float that is a whole number below 2^53 as an integer."""
    if isinstance(data, float):
        return int(data) if data.is_integer() and abs(data) <= MAX_WHOLE else data
    if isinstance(data, list):
        return [_whole(below) for below in data]
    return {name: _whole(below) for name, below in data.items()} if isinstance(data, dict) else data


def read_query(request: Request[Any, Any, Any], model: type[Model]) -> Model:
    """Return the query string as `model`; repeated parameters fill list fields.

    Raises:
        BadParameter: with every error; unknown and repeated parameters are errors too.
    """
    errors: list[ParameterError] = []
    values: dict[str, Any] = {}
    promise = promise_of(request.route_handler.opt)
    takes_dry_run = promise is not None and promise.dry_run
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    lists = {name for name, field in fields.items() if "list[" in str(field.annotation)}
    for name, value in query_items(request):
        if name not in fields:
            if name != "dry_run" or not takes_dry_run:
                errors.append(ParameterError("", "unknown_parameter", "unknown query parameter", parameter=_safe(name)))
        elif name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            errors.append(ParameterError("", "duplicate", "must be given once", parameter=name))
        else:
            values[name] = value
    try:
        result = model.model_validate(values)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            code, message = rule_of(one["type"], one.get("ctx"), one["msg"])
            errors.append(ParameterError("", code, message, parameter=str(one["loc"][0]) if one["loc"] else None))
        raise BadParameter(errors=errors) from None
    if errors:
        raise BadParameter(errors=errors)
    return result


def query_items(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """Return the query string's pairs.

    Raises:
        BadParameter: it is not percent-encoded UTF-8, or holds a NUL.
    """
    raw: bytes = request.scope.get("query_string", b"")
    if not raw:
        return []
    try:
        items = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise BadParameter(errors=[ParameterError("", "query", "must be percent-encoded UTF-8")]) from None
    for name, value in items:
        if "\x00" in name or "\x00" in value:
            raise BadParameter(errors=[ParameterError("", "text", "must not hold NUL", parameter=_safe(name))])
    return items


@lru_cache(maxsize=1024)
def _adapter(model: type[Model]) -> TypeAdapter[Model]:
    return TypeAdapter(model)


def _told(error: ValidationError, raw: bytes) -> list[FieldError]:
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return [FieldError("", "json", "is not valid JSON")]
    data = from_json(raw)
    told = dict.fromkeys(_field_error(one, data) for one in details[:MAX_ERRORS])
    if len(told) < MAX_ERRORS and _NUL.search(raw):
        told |= dict.fromkeys(_nul_pointers(data, ""))
    return list(told)


def _field_error(one: ErrorDetails, data: Any) -> FieldError:
    code, message = rule_of(one["type"], one.get("ctx"), one["msg"])
    return FieldError(_pointer(one["loc"], data, leaf_may_be_missing=one["type"] == "missing"), code, message)


def _pointer(loc: Sequence[int | str], data: Any, *, leaf_may_be_missing: bool) -> str:
    """Return the RFC 6901 pointer of pydantic's `loc`: names of union arms and validators are not in the body.

    A name that does not look like a field's is left out with all below it: it might be somebody's phone.
    """
    parts: list[str] = []
    for index, part in enumerate(loc):
        if _holds(data, part):
            data = data[part]
        elif not (leaf_may_be_missing and index == len(loc) - 1):
            continue
        if isinstance(part, str) and not _NAME.fullmatch(part):
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
            yield from _nul_pointers(item, f"{pointer}/{name}" if _NAME.fullmatch(name) else pointer)


def _safe(name: str) -> str | None:
    return name if _NAME.fullmatch(name) else None
