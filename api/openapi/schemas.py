"""Component schemas: pydantic's own, with what client generators stumble over taken out."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

SAFE_INTEGER = 2**53 - 1
OPEN_ENUM = "New values may come: clients must tolerate those they do not know."
Mode = Literal["validation", "serialization"]


class Plain(GenerateJsonSchema):
    """Without a title per property: it only repeats the name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the name is pydantic's
        """Set none."""
        return False


def component_schemas(requests: Iterable[type[BaseModel]], answers: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Return the named schemas of all models, requests as they are read and answers as they are written."""
    asked = [*dict.fromkeys((model, "validation") for model in requests)]
    told = [*dict.fromkeys((model, "serialization") for model in answers)]
    inputs: list[tuple[type[BaseModel], Mode]] = [*asked, *told]  # type: ignore[list-item]  # the literals widen
    _, definitions = models_json_schema(
        inputs, ref_template="#/components/schemas/{model}", schema_generator=Plain, by_alias=True
    )
    schemas: dict[str, Any] = definitions.get("$defs", {})
    for schema in schemas.values():
        schema.pop("title", None)
        _clean(schema)
    _name_enums(schemas)
    answered = reachable(schemas, [_component(schemas, model) for model in dict.fromkeys(m for m, _ in told)])
    for name in answered:
        if "enum" in schemas[name]:
            schemas[name].setdefault("description", OPEN_ENUM)
    return dict(sorted(schemas.items()))


def reachable(schemas: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """Return `names` and every component they refer to, however deep."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name not in schemas:
            continue
        found.add(name)
        waiting.extend(references(schemas[name]))
    return found


def references(node: Any) -> set[str]:
    """Return the names of the components that `node` refers to."""
    if isinstance(node, Mapping):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        mapping = node.get("discriminator", {})
        if isinstance(mapping, Mapping) and isinstance(mapping.get("mapping"), Mapping):
            own |= {target.rpartition("/")[2] for target in mapping["mapping"].values()}
        return own.union(*(references(below) for below in node.values())) if node else own
    if isinstance(node, list):
        return set().union(*(references(below) for below in node)) if node else set()
    return set()


def model_reference(model: type[BaseModel]) -> dict[str, str]:
    """Return the reference to a model's component."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _component(schemas: Mapping[str, Any], model: type[BaseModel]) -> str:
    if model.__name__ not in schemas:
        msg = f"{model.__module__}.{model.__name__}: a second model has this name, or it is both sent and answered"
        raise ValueError(msg)
    return model.__name__


def _clean(node: Any) -> None:
    """Bound integers to what every client can hold."""
    if isinstance(node, list):
        for below in node:
            _clean(below)
    elif isinstance(node, dict):
        if node.get("type") == "integer" and "const" not in node and "enum" not in node:
            node.pop("format", None)
            if "exclusiveMaximum" not in node:
                node.setdefault("maximum", SAFE_INTEGER)
            if "exclusiveMinimum" not in node:
                node.setdefault("minimum", -SAFE_INTEGER)
        for key, below in list(node.items()):
            if key not in {"examples", "example", "default", "enum", "const"}:
                _clean(below)


def _name_enums(schemas: dict[str, Any]) -> None:
    """Give each enum of a property a component of its own: `<Model><Property>`."""
    for name, schema in list(schemas.items()):
        for field, below in schema.get("properties", {}).items():
            _hoist(schemas, below, name + "".join(part.capitalize() for part in field.split("_")))


def _hoist(schemas: dict[str, Any], node: Any, name: str) -> None:
    if isinstance(node, list):
        for below in node:
            _hoist(schemas, below, name)
        return
    if not isinstance(node, dict):
        return
    if len(node.get("enum", ())) > 1:
        values = {"type": node.get("type", "string"), "enum": node["enum"]}
        if name in schemas and schemas[name].get("enum") != values["enum"]:
            msg = f"{name}: two enums would have this name"
            raise ValueError(msg)
        schemas[name] = values
        for key in ("type", "enum"):
            node.pop(key, None)
        node["$ref"] = f"#/components/schemas/{name}"
        return
    for key in ("anyOf", "oneOf", "items"):
        if key in node:
            _hoist(schemas, node[key], name)


def nullable_unwrapped(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a query parameter's schema without null: nobody can send one there."""
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null"]
    if "anyOf" in schema and len(arms) == 1:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        schema = {**arms[0], **rest}
    if schema.get("default", 0) is None:
        schema = {key: value for key, value in schema.items() if key != "default"}
    return schema


def query_schema(model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of a query model and the components it needs."""
    schema = model.model_json_schema(
        mode="validation", ref_template="#/components/schemas/{model}", schema_generator=Plain
    )
    definitions = schema.pop("$defs", {})
    for one in (schema, *definitions.values()):
        _clean(one)
    for one in definitions.values():
        one.pop("title", None)
    return schema, definitions
