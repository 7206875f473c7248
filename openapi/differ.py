"""Tells what a new contract breaks for a client of the old one: `python openapi/differ.py old.json new.json`.

Requests may only become wider, answers only narrower in what they may hold and never poorer in what they promise.
New enum values in answers are no breakage: the contract calls them open. A breakage that is wanted gets an entry in
`waivers.json` with a reason and a date.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
MAX_DEPTH = 30


@dataclass(frozen=True, order=True)
class Breakage:
    """One thing that an old client stumbles over: where, which rule, what exactly."""

    where: str
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: {self.what}"


def breakages(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Breakage]:
    """Return everything that `new` breaks of `old`, in order, each once."""
    return sorted(set(Differ(old, new).run()))


def unwaived(found: list[Breakage], waivers: list[Mapping[str, str]]) -> list[Breakage]:
    """Return what no waiver covers.

    Raises:
        ValueError: a waiver lacks its reason or date, or covers nothing any more.
    """
    for waiver in waivers:
        if not waiver.get("reason") or not waiver.get("date"):
            msg = f"a waiver without reason or date: {waiver}"
            raise ValueError(msg)
        if not any(_covers(waiver, one) for one in found):
            msg = f"a waiver that covers nothing: {waiver}"
            raise ValueError(msg)
    return [one for one in found if not any(_covers(waiver, one) for waiver in waivers)]


def _covers(waiver: Mapping[str, str], one: Breakage) -> bool:
    return waiver["where"] == one.where and waiver["rule"] == one.rule and waiver.get("what", one.what) == one.what


class Differ:
    """Walks two documents side by side."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, int, int]] = set()

    def run(self) -> Iterator[Breakage]:
        """Yield breakages of every operation of the old document."""
        for path, item in self._old.get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    where = f"{method.upper()} {path}"
                    after = self._new.get("paths", {}).get(path, {}).get(method)
                    if after is None:
                        yield Breakage(where, "operation-removed", "the operation is gone")
                    else:
                        yield from self._operation(where, item[method], after)

    def _operation(self, where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Breakage]:
        if old.get("operationId") != new.get("operationId"):
            yield Breakage(where, "operation-renamed", f"{old.get('operationId')} became {new.get('operationId')}")
        if old.get("x-permission") != new.get("x-permission"):
            told = f"{old.get('x-permission')} became {new.get('x-permission')}"
            yield Breakage(where, "permission-changed", told)
        yield from self._parameters(where, old, new)
        yield from self._request(where, old, new)
        yield from self._responses(where, old, new)

    def _parameters(self, where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Breakage]:
        before = {(one["in"], one["name"]): one for one in self._resolved(self._old, old.get("parameters", []))}
        after = {(one["in"], one["name"]): one for one in self._resolved(self._new, new.get("parameters", []))}
        for key, parameter in before.items():
            place = f"{where} {key[0]} {key[1]}"
            if key not in after:
                yield Breakage(where, "parameter-removed", key[1])
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield Breakage(place, "parameter-required", key[1])
            yield from self._narrower(place, parameter.get("schema", {}), after[key].get("schema", {}), 0)
        for key, parameter in after.items():
            if key not in before and parameter.get("required"):
                yield Breakage(where, "required-parameter-added", key[1])

    def _request(self, where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Breakage]:
        before, after = old.get("requestBody"), new.get("requestBody")
        if before is None:
            if after is not None and after.get("required"):
                yield Breakage(where, "body-required", "a body is asked for now")
            return
        if after is None:
            yield Breakage(where, "body-removed", "no body is taken any more")
            return
        if after.get("required") and not before.get("required"):
            yield Breakage(where, "body-required", "the body was optional")
        for kind, content in before.get("content", {}).items():
            if kind not in after.get("content", {}):
                yield Breakage(where, "media-type-removed", kind)
            else:
                yield from self._narrower(f"{where} body", content["schema"], after["content"][kind]["schema"], 0)

    def _responses(self, where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Breakage]:
        for status in (status for status in old.get("responses", {}) if status.startswith("2")):
            if status not in new.get("responses", {}):
                yield Breakage(where, "response-removed", status)
                continue
            before = self._resolve(self._old, old["responses"][status])
            after = self._resolve(self._new, new["responses"][status])
            for kind, content in before.get("content", {}).items():
                if kind not in after.get("content", {}):
                    yield Breakage(where, "media-type-removed", f"{status} {kind}")
                else:
                    place = f"{where} {status}"
                    yield from self._poorer(place, content["schema"], after["content"][kind]["schema"], 0)

    def _narrower(self, where: str, old: Any, new: Any, depth: int) -> Iterator[Breakage]:
        """Yield where a request that was fine is refused now."""
        old, new = self._resolve(self._old, old), self._resolve(self._new, new)
        if self._been("asked", old, new, depth):
            return
        lost = _types(old) - _types(new)
        if _types(new) and lost:
            yield Breakage(where, "type-narrowed", ", ".join(sorted(lost)))
        if "enum" in new and (gone := set(map(str, old.get("enum", ["anything"]))) - set(map(str, new["enum"]))):
            yield Breakage(where, "enum-narrowed", ", ".join(sorted(gone)))
        yield from _tighter(where, old, new)
        for name in set(new.get("required", ())) - set(old.get("required", ())):
            yield Breakage(where, "required-property-added", name)
        closed = new.get("additionalProperties") is False
        for name, schema in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self._narrower(f"{where}.{name}", schema, new["properties"][name], depth + 1)
            elif closed:
                yield Breakage(where, "property-removed", name)
        if "items" in old and "items" in new:
            yield from self._narrower(f"{where}[]", old["items"], new["items"], depth + 1)
        yield from self._arms(where, old, new, depth, self._narrower)

    def _poorer(self, where: str, old: Any, new: Any, depth: int) -> Iterator[Breakage]:
        """Yield where an answer lacks what was promised, or holds what could not be."""
        old, new = self._resolve(self._old, old), self._resolve(self._new, new)
        if self._been("told", old, new, depth):
            return
        if _types(old) and (wider := (_types(new) or {"anything"}) - _types(old)):
            yield Breakage(where, "type-widened", ", ".join(sorted(wider)))
        for name, schema in old.get("properties", {}).items():
            if name not in new.get("properties", {}):
                yield Breakage(where, "property-removed", name)
            else:
                yield from self._poorer(f"{where}.{name}", schema, new["properties"][name], depth + 1)
        for name in set(old.get("required", ())) - set(new.get("required", ())):
            if name in new.get("properties", {}):
                yield Breakage(where, "property-optional", name)
        if "items" in old and "items" in new:
            yield from self._poorer(f"{where}[]", old["items"], new["items"], depth + 1)
        yield from self._arms(where, old, new, depth, self._poorer)

    def _arms(self, where: str, old: Any, new: Any, depth: int, compare: Any) -> Iterator[Breakage]:
        before, after = _named_arms(old), _named_arms(new)
        for name, arm in before.items():
            if name in after:
                yield from compare(f"{where}<{name}>" if name != "" else where, arm, after[name], depth + 1)
            elif after and compare == self._narrower:
                yield Breakage(where, "arm-removed", name)

    def _been(self, how: str, old: Any, new: Any, depth: int) -> bool:
        """Tell whether this pair was compared: a component that many use is reported where it is met first."""
        pair = (how, id(old), id(new))
        if depth > MAX_DEPTH or pair in self._seen:
            return True
        self._seen.add(pair)
        return False

    def _resolved(self, document: Mapping[str, Any], nodes: Any) -> list[Any]:
        return [self._resolve(document, node) for node in nodes]

    @staticmethod
    def _resolve(document: Mapping[str, Any], node: Any) -> Any:
        while isinstance(node, Mapping) and "$ref" in node:
            target: Any = document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node if isinstance(node, Mapping) else {}


def _types(schema: Mapping[str, Any]) -> set[str]:
    """Return the JSON types a schema allows at its top; a union is the sum of its arms, nothing means unknown."""
    if "type" in schema:
        kinds = schema["type"]
        found = set(kinds) if isinstance(kinds, list) else {kinds}
        return found | {"integer"} if "number" in found else found
    arms = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return set().union(*({"object"} if "$ref" in arm else _types(arm) for arm in arms)) if arms else set()


def _named_arms(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arms of a union by the name of their component, else by their type; null is no arm."""
    arms = [arm for arm in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if arm.get("type") != "null"]
    if len(arms) == 1:
        return {"": arms[0]}
    return {arm.get("$ref", "").rpartition("/")[2] or str(arm.get("type")): arm for arm in arms}


def _tighter(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Breakage]:
    for limit in UPPER:
        if limit in new and (limit not in old or new[limit] < old[limit]):
            yield Breakage(where, "limit-narrowed", f"{limit} {old.get(limit)} became {new[limit]}")
    for limit in LOWER:
        if limit in new and (limit not in old or new[limit] > old[limit]):
            yield Breakage(where, "limit-narrowed", f"{limit} {old.get(limit)} became {new[limit]}")
    for key in ("pattern", "format", "const"):
        if key in new and new[key] != old.get(key):
            yield Breakage(where, f"{key}-changed", f"{old.get(key)} became {new[key]}")
    if new.get("additionalProperties") is False and old.get("additionalProperties", True) is not False:
        yield Breakage(where, "closed", "unknown fields are refused now")


def main(arguments: list[str]) -> int:
    """Compare two files; return 1 when something breaks without a waiver."""
    old, new = (json.loads(Path(name).read_text(encoding="utf-8")) for name in arguments[:2])
    waivers = json.loads((Path(__file__).parent / "waivers.json").read_text(encoding="utf-8"))
    left = unwaived(breakages(old, new), waivers)
    sys.stdout.writelines(f"{one}\n" for one in left)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
