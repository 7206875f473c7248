"""Puts the document together. The framework gives paths and handlers, the promises give everything else.

The framework's own generator is not asked: of its output only path parameters would survive (see the ADR on the
contract).
"""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from pydantic import BaseModel

from api.openapi.examples import ExampleMaker
from api.openapi.links import add_links
from api.openapi.refusals import Refusals
from api.openapi.registry import problem_classes
from api.openapi.schemas import component_schemas, model_reference, nullable_unwrapped, query_schema
from api.openapi.words import HEADERS, INFO, PARAMETERS, TAGS
from api.operation import Operation, Raw, promise_of
from api.schemas.problem import Problem
from compliance.access.permissions import PUBLIC

METHODS = ("get", "post", "put", "patch", "delete")
REASONS = {200: "Done.", 201: "Created.", 202: "Accepted.", 204: "Done; there is nothing to say."}


def build_document(app: Litestar, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of every documented handler of `app`, in a stable order."""
    handlers = sorted(_documented(app), key=lambda found: (found[0], METHODS.index(found[1])))
    promises = [_promise(handler) for _, _, handler in handlers]
    schemas = component_schemas(_requests(promises), _answers(promises))
    for promise in promises:
        if promise.query is not None:
            schemas |= query_schema(promise.query)[1]
    refusals = Refusals(problem_classes())
    maker = Operations(schemas, refusals)
    paths: dict[str, Any] = {}
    for path, method, handler in handlers:
        paths.setdefault(path, {})[method] = maker.operation(method, handler)
    add_links(paths)
    return _without_unused(
        {
            "openapi": "3.1.0",
            "info": {**INFO, "version": version},
            "servers": [{"url": "/", "description": "This installation"}],
            "tags": _tags(handlers),
            "security": [{"apiKey": []}],
            "paths": paths,
            "components": {
                "schemas": dict(sorted(schemas.items())),
                "responses": refusals.shared(),
                "parameters": PARAMETERS,
                "headers": HEADERS,
                "securitySchemes": {
                    "apiKey": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "rgl_<kind>_<id>_<secret>_<checksum>",
                        "description": "An API key or a staff session. `x-permission` names what its role must allow.",
                    }
                },
            },
        }
    )


def _without_unused(document: dict[str, Any]) -> dict[str, Any]:
    """Drop shared parts that nothing refers to (yet)."""
    while True:
        used = set(re.findall(r'"\$ref": "#/components/(\w+/[^"]+)"', json.dumps(document)))
        unused = [
            (kind, name)
            for kind, parts in document["components"].items()
            for name in parts
            if kind != "securitySchemes" and f"{kind}/{name}" not in used
        ]
        if not unused:
            return document
        for kind, name in unused:
            document["components"][kind] = {
                other: part for other, part in document["components"][kind].items() if other != name
            }


class Operations:
    """Makes operation objects."""

    def __init__(self, schemas: dict[str, Any], refusals: Refusals) -> None:
        self._refusals = refusals
        self._asked = ExampleMaker(schemas, whole=False)
        self._told = ExampleMaker(schemas, whole=True)

    def operation(self, method: str, handler: HTTPRouteHandler) -> dict[str, Any]:
        """Return the operation object of one handler."""
        promise = _promise(handler)
        public = promise.permission == PUBLIC
        made: dict[str, Any] = {
            "operationId": handler.operation_id,
            "tags": sorted(handler.resolve_tags() if hasattr(handler, "resolve_tags") else handler.tags or ()),
            "summary": handler.summary,
            "description": handler.description or inspect.getdoc(handler.fn) or handler.summary,
            "x-permission": promise.permission,
            "security": [] if public else [{"apiKey": [promise.permission]}],
        }
        if parameters := self._parameters(promise, method, handler):
            made["parameters"] = parameters
        if promise.body is not None:
            made["requestBody"] = self._body(promise, promise.body)
        made["responses"] = {
            **{str(status): self._answer(promise, method, status) for status in sorted(promise.answers)},
            **self._refusals.of(promise, method),
        }
        return made

    def _parameters(self, promise: Operation, method: str, handler: HTTPRouteHandler) -> list[Any]:
        found = [_path_parameter(name, kind) for name, kind in _path_types(handler)]
        if promise.query is not None:
            found += _query_parameters(promise.query)
        if promise.dry_run:
            found.append({"$ref": "#/components/parameters/DryRun"})
        if method == "post":
            found.append({"$ref": "#/components/parameters/IdempotencyKey"})
        if promise.if_match:
            found.append({"$ref": "#/components/parameters/IfMatch"})
        return found

    def _body(self, promise: Operation, model: type[BaseModel]) -> dict[str, Any]:
        reference = model_reference(model)
        example = promise.example if promise.example is not None else self._asked.of(reference)
        content = {"schema": reference, "examples": {"example": {"value": example}}}
        kinds = ["application/json", "application/merge-patch+json"] if promise.merge_patch else ["application/json"]
        return {"required": not promise.body_optional, "content": dict.fromkeys(kinds, content)}

    def _answer(self, promise: Operation, method: str, status: int) -> dict[str, Any]:
        model = promise.answers[status]
        headers = {"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}}
        if promise.permission != PUBLIC and promise.limited:
            headers["RateLimit"] = {"$ref": "#/components/headers/RateLimit"}
            headers["RateLimit-Policy"] = {"$ref": "#/components/headers/RateLimitPolicy"}
        if method == "post" and promise.stores:
            headers["Idempotent-Replayed"] = {"$ref": "#/components/headers/IdempotentReplayed"}
        if hasattr(model, "etag"):
            headers["ETag"] = {"$ref": "#/components/headers/ETag"}
        made: dict[str, Any] = {"description": REASONS[status], "headers": dict(sorted(headers.items()))}
        if isinstance(model, Raw):
            made["description"] = model.description
            made["content"] = {model.media_type: {"schema": {"type": "string"}}}
        elif model is not None:
            reference = model_reference(model)
            given = promise.answer_example is not None and status == min(promise.answers)
            example = promise.answer_example if given else self._told.of(reference)
            made["content"] = {"application/json": {"schema": reference, "examples": {"example": {"value": example}}}}
        return made


def _documented(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            if handler.resolve_include_in_schema() and promise_of(handler.opt) is not None:
                for method in handler.http_methods:
                    yield route.path_format, str(method).lower(), handler


def _promise(handler: HTTPRouteHandler) -> Operation:
    promise = promise_of(handler.opt)
    if promise is None:
        raise TypeError(handler.handler_name)
    return promise


def _requests(promises: Iterable[Operation]) -> list[type[BaseModel]]:
    return [promise.body for promise in promises if promise.body is not None]


def _answers(promises: Iterable[Operation]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = [Problem]
    for promise in promises:
        found += [model for model in promise.answers.values() if isinstance(model, type)]
    return found


def _tags(handlers: Sequence[tuple[str, str, HTTPRouteHandler]]) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for _, _, handler in handlers:
        owner = handler.owner
        told = inspect.getdoc(type(owner)) if isinstance(owner, Controller) else None
        for tag in handler.tags or getattr(owner, "tags", None) or ():
            found.setdefault(tag, TAGS.get(tag) or told or tag)
    return [{"name": name, "description": text} for name, text in sorted(found.items())]


def _path_types(handler: HTTPRouteHandler) -> list[tuple[str, Any]]:
    types = {name: field.annotation for name, field in handler.parsed_fn_signature.parameters.items()}
    names: list[str] = []
    for path in handler.paths:
        names += [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]
    owner_path = getattr(handler.owner, "path", "")
    above = [part[1:-1].partition(":")[0] for part in str(owner_path).split("/") if part.startswith("{")]
    return [(name, types.get(name, UUID)) for name in dict.fromkeys([*above, *names])]


def _path_parameter(name: str, kind: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
    if kind is UUID:
        schema = {"type": "string", "format": "uuid"}
    elif kind is int:
        schema = {"type": "integer", "minimum": 0}
    words = name.replace("_", " ")
    told = f"The {words.removesuffix(' id')}'s id." if words.endswith(" id") else f"The {words}."
    return {"name": name, "in": "path", "required": True, "description": told, "schema": schema}


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema, _ = query_schema(model)
    found = []
    for name, below in schema.get("properties", {}).items():
        told = nullable_unwrapped(below)
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": name in schema.get("required", ())}
        parameter["description"] = told.get("description") or f"Only those with this {name.replace('_', ' ')}."
        parameter["schema"] = {key: value for key, value in told.items() if key != "description"}
        found.append(parameter)
    return found
