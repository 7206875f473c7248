"""Links from what makes or lists a resource to what works on it, so that tools can walk the contract."""

import re
from typing import Any

_LAST = re.compile(r"\{(\w+)\}")


def add_links(paths: dict[str, Any]) -> None:
    """Add `links` to creating operations, and to lists of what is never created by a call of its own."""
    for path, item in paths.items():
        if "post" in item and "201" in item["post"]["responses"]:
            _link(paths, path, item["post"]["responses"]["201"], "$response.body#/id")
        elif "get" in item and "200" in item["get"]["responses"]:
            _link(paths, path, item["get"]["responses"]["200"], "$response.body#/items/0/id")


def _link(paths: dict[str, Any], path: str, answer: dict[str, Any], source: str) -> None:
    links: dict[str, Any] = {}
    for target, item in paths.items():
        rest = target.removeprefix(f"{path}/")
        if rest == target or not (found := _LAST.match(rest)) or _LAST.search(rest, found.end()):
            continue
        parameters = {name: f"$request.path.{name}" for name in _LAST.findall(path)} | {found.group(1): source}
        for operation in item.values():
            links[operation["operationId"]] = {"operationId": operation["operationId"], "parameters": parameters}
    if links:
        answer["links"] = links
