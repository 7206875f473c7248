"""The differ finds what breaks a client, and nothing else."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from openapi.differ import Breakage, breakages, unwaived

Document = dict[str, Any]


def document() -> Document:
    return {
        "paths": {
            "/v1/things": {
                "post": {
                    "operationId": "createThing",
                    "x-permission": "things:write",
                    "parameters": [
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}}
                    ],
                    "requestBody": {
                        "required": False,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Create"}}},
                    },
                    "responses": {
                        "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                        "404": {"content": {}},
                    },
                }
            }
        },
        "components": {
            "schemas": {
                "Create": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string", "maxLength": 100, "minLength": 1},
                        "kind": {"enum": ["a", "b"], "type": "string"},
                        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                        "who": {
                            "oneOf": [{"$ref": "#/components/schemas/ById"}, {"$ref": "#/components/schemas/Part"}]
                        },
                    },
                },
                "Part": {"type": "object", "required": [], "properties": {"n": {"type": "integer"}}},
                "ById": {"type": "object", "required": [], "properties": {"id": {"type": "string"}}},
                "Thing": {
                    "type": "object",
                    "required": ["id", "parts"],
                    "properties": {
                        "id": {"type": "string"},
                        "state": {"type": "string", "enum": ["new"]},
                        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                    },
                },
            }
        },
    }


def operation(of: Document) -> Document:
    found: Document = of["paths"]["/v1/things"]["post"]
    return found


def schema(of: Document, name: str) -> Document:
    found: Document = of["components"]["schemas"][name]
    return found


def put(target: Document, key: str, value: Any) -> None:
    target[key] = value


BREAKS: list[tuple[str, Callable[[Document], Any]]] = [
    ("operation-removed", lambda d: d["paths"].clear()),
    ("operation-removed", lambda d: d["paths"]["/v1/things"].pop("post")),
    ("operation-renamed", lambda d: put(operation(d), "operationId", "makeThing")),
    ("permission-changed", lambda d: put(operation(d), "x-permission", "things:manage")),
    ("parameter-removed", lambda d: operation(d)["parameters"].clear()),
    ("parameter-required", lambda d: put(operation(d)["parameters"][0], "required", True)),
    ("limit-narrowed", lambda d: put(operation(d)["parameters"][0]["schema"], "maximum", 100)),
    (
        "required-parameter-added",
        lambda d: operation(d)["parameters"].append({"name": "x", "in": "header", "required": True, "schema": {}}),
    ),
    ("body-required", lambda d: put(operation(d)["requestBody"], "required", True)),
    ("body-removed", lambda d: operation(d).pop("requestBody")),
    ("media-type-removed", lambda d: operation(d)["requestBody"]["content"].clear()),
    ("response-removed", lambda d: operation(d)["responses"].pop("201")),
    ("media-type-removed", lambda d: operation(d)["responses"]["201"]["content"].clear()),
    ("required-property-added", lambda d: schema(d, "Create")["required"].append("kind")),
    ("property-removed", lambda d: schema(d, "Create")["properties"].pop("note")),
    ("type-narrowed", lambda d: put(schema(d, "Create")["properties"], "note", {"type": "string"})),
    ("type-narrowed", lambda d: put(schema(d, "Create")["properties"]["name"], "type", "integer")),
    ("limit-narrowed", lambda d: put(schema(d, "Create")["properties"]["name"], "maxLength", 50)),
    ("limit-narrowed", lambda d: put(schema(d, "Create")["properties"]["name"], "minLength", 2)),
    ("limit-narrowed", lambda d: put(schema(d, "Create")["properties"]["parts"], "maxItems", 5)),
    ("pattern-changed", lambda d: put(schema(d, "Create")["properties"]["name"], "pattern", "^a")),
    ("format-changed", lambda d: put(schema(d, "Create")["properties"]["name"], "format", "uuid")),
    ("enum-narrowed", lambda d: schema(d, "Create")["properties"]["kind"]["enum"].pop()),
    ("enum-narrowed", lambda d: put(schema(d, "Create")["properties"]["name"], "enum", ["x"])),
    ("arm-removed", lambda d: put(schema(d, "Create")["properties"]["who"]["oneOf"], 1, {"type": "string"})),  # type: ignore[arg-type]
    ("required-property-added", lambda d: schema(d, "ById")["required"].append("id")),
    ("closed", lambda d: put(schema(d, "Part"), "additionalProperties", False)),
    ("property-removed", lambda d: schema(d, "Thing")["properties"].pop("state")),
    ("property-optional", lambda d: schema(d, "Thing")["required"].remove("id")),
    ("type-widened", lambda d: put(schema(d, "Thing")["properties"]["id"], "type", ["string", "null"])),
    ("type-widened", lambda d: put(schema(d, "Thing")["properties"]["id"], "type", "integer")),
    ("property-removed", lambda d: schema(d, "Part")["properties"].clear()),
]

HARMLESS: list[Callable[[Document], Any]] = [
    lambda d: put(d["paths"], "/v1/others", copy.deepcopy(d["paths"]["/v1/things"])),
    lambda d: operation(d)["parameters"].append({"name": "x", "in": "query", "schema": {"type": "string"}}),
    lambda d: put(operation(d)["parameters"][0]["schema"], "maximum", 500),
    lambda d: put(schema(d, "Create")["properties"], "more", {"type": "string"}),
    lambda d: put(schema(d, "Create"), "required", []),
    lambda d: schema(d, "Create")["properties"]["kind"]["enum"].append("c"),
    lambda d: put(schema(d, "Create")["properties"]["name"], "maxLength", 200),
    lambda d: put(schema(d, "Create")["properties"]["name"], "type", ["string", "null"]),
    lambda d: put(schema(d, "Thing")["properties"], "more", {"type": "string"}),
    lambda d: schema(d, "Thing")["properties"]["state"]["enum"].append("archived"),
    lambda d: schema(d, "Thing")["required"].append("state"),
    lambda d: put(operation(d)["responses"], "200", {"content": {}}),
    lambda d: put(operation(d)["responses"], "409", {"content": {}}),
    lambda d: operation(d)["responses"].pop("404"),
    lambda d: put(operation(d), "summary", "Make a thing"),
]


@pytest.mark.parametrize(("rule", "change"), BREAKS)
def test_a_planted_breakage_is_found(rule: str, change: Callable[[Document], Any]) -> None:
    """An old client would stumble."""
    new = document()
    change(new)

    assert rule in {one.rule for one in breakages(document(), new)}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_old_clients_do_not_notice_is_no_breakage(change: Callable[[Document], Any]) -> None:
    """The contract may grow."""
    new = document()
    change(new)

    assert breakages(document(), new) == []


def test_a_schema_that_refers_to_itself_ends() -> None:
    """Trees of rules are such schemas."""
    old, new = document(), document()
    for one in (old, new):
        schema(one, "Part")["properties"]["below"] = {"$ref": "#/components/schemas/Part"}
    put(schema(new, "Part")["properties"]["n"], "maximum", 5)

    assert {one.rule for one in breakages(old, new)} == {"limit-narrowed"}


def test_a_waiver_needs_reason_and_date_and_something_to_cover() -> None:
    """Nobody waives in passing, and nothing stays waived by accident."""
    found = [Breakage("GET /v1/a", "operation-removed", "x"), Breakage("GET /v1/b", "closed", "y")]
    waiver = {"where": "GET /v1/a", "rule": "operation-removed", "reason": "never worked", "date": "2026-11-21"}

    assert unwaived(found, [waiver]) == found[1:]
    with pytest.raises(ValueError, match="reason or date"):
        unwaived(found, [waiver | {"reason": ""}])
    with pytest.raises(ValueError, match="covers nothing"):
        unwaived(found, [waiver | {"where": "GET /v1/c"}])
    assert json.loads(json.dumps(waiver)) == waiver
