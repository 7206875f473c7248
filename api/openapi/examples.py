"""Examples made from schemas, where an operation gives none: the fields' own examples, put together."""

from collections.abc import Mapping
from typing import Any

BY_FORMAT: Mapping[str, str] = {
    "uuid": "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d",
    "date-time": "2026-11-21T09:30:00Z",
    "date": "2026-11-21",
    "email": "anna@shop.example",
    "uri": "https://shop.example/",
}
FREE_TEXT = r"^[^\x00]*$"
MAX_DEPTH = 8
CURSOR = "WzEsIjAxOTcwZjNhLTdjMmUtN2IzYS05ZDU0LTZmMWUyYTNiNGM1ZCJd"


class NoExample(Exception):
    """A field whose example cannot be guessed: give it `examples`."""


class ExampleMaker:
    """Makes one value per schema. Answers show every field, requests only what is required or has an example."""

    def __init__(self, schemas: Mapping[str, Any], *, whole: bool) -> None:
        self._schemas = schemas
        self._whole = whole

    def of(self, schema: Mapping[str, Any], where: str = "", depth: int = 0) -> Any:
        """Return an example of `schema`.

        Raises:
            NoExample: a pattern stands without an example.
        """
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self.of(self._schemas[name], where or name, depth + 1)
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        if "const" in schema:
            return schema["const"]
        if schema.get("default") is not None:
            return schema["default"]
        for union in ("oneOf", "anyOf"):
            if union in schema:
                return self._first(schema[union], where, depth)
        return self._plain(schema, where, depth)

    def _first(self, arms: list[Any], where: str, depth: int) -> Any:
        nullable = any(arm.get("type") == "null" for arm in arms)
        if nullable and depth > MAX_DEPTH:
            return None
        return self.of(next(arm for arm in arms if arm.get("type") != "null"), where, depth)

    def _plain(self, schema: Mapping[str, Any], where: str, depth: int) -> Any:
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self._object(schema, where, depth)
        if kind == "array":
            few = schema.get("minItems", 0)
            if depth > MAX_DEPTH and not few:
                return []
            return [self.of(schema.get("items", {}), f"{where}[]", depth + 1) for _ in range(max(1, few))]
        if kind == "integer":
            return schema.get("minimum", 0) if schema.get("minimum", 0) > 0 else min(1, schema.get("maximum", 1))
        if kind == "boolean":
            return False
        if kind == "number":
            return schema.get("minimum", 1)
        return self._string(schema, where) if kind == "string" else None

    def _object(self, schema: Mapping[str, Any], where: str, depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        result = {}
        for name, below in schema.get("properties", {}).items():
            if name == "next_cursor":
                result[name] = CURSOR
            elif name in required or (depth <= MAX_DEPTH and (self._whole or below.get("examples"))):
                result[name] = self.of(below, f"{where}.{name}", depth + 1)
        return result

    @staticmethod
    def _string(schema: Mapping[str, Any], where: str) -> str:
        if schema.get("format") in BY_FORMAT:
            return BY_FORMAT[schema["format"]]
        if schema.get("pattern", FREE_TEXT) != FREE_TEXT:
            msg = f"{where}: give the field examples, its pattern is {schema['pattern']}"
            raise NoExample(msg)
        return "text"[: schema.get("maxLength", 4)].ljust(schema.get("minLength", 0), "x")
