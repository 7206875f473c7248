"""Reading what was sent: bodies and query strings, strictly, with every error told at once."""

import re
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from litestar import Request
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from api.errors import BadParameter, ParameterError, UnsupportedMediaType
from api.operation import promise_of
from api.rules import rule_of
from api.told import NAME, nul_errors, told
from domain.kernel.errors import FieldError, InvalidRequest

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
MAX_WHOLE = 2**53
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
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("A body must not be compressed.", accepted=sorted(accepted))
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
        raise InvalidRequest(errors=told(error, raw)) from None
    if found := nul_errors(raw):
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


def _safe(name: str) -> str | None:
    return name if NAME.fullmatch(name) else None
