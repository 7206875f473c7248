"""Paths and methods before the framework routes them: malformed ids, HEAD, OPTIONS, 405."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api.context import context_of
from api.errors import MethodNotAllowed, PathNotFound
from api.middleware.asgi import HttpLayer, send_answer, send_problem

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
NOBODY = str(UUID(int=0))


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    is_id: bool = False
    rest: bool = False
    template: str = ""
    methods: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """A known path: its template, its methods, and the path with every malformed id replaced by the nil UUID.

    The nil UUID names nothing, so a malformed id takes exactly the road of an unknown one: credential, permission,
    body, then the operation's own 404.
    """

    template: str
    methods: frozenset[str]
    path: str


class PathIndex:
    """Every path of the application as a tree of segments."""

    def __init__(self, app: Litestar) -> None:
        self._root = _Node()
        for route in app.routes:
            if isinstance(route, HTTPRoute):
                self._add(route)

    def match(self, path: str) -> Match | None:
        """Return the match of `path`, None when nothing is there."""
        node, parts = self._root, []
        for part in filter(None, path.split("/")):
            below = node.children.get(part)
            if below is None:
                below = node.parameter
                if below is None:
                    return None
                if below.is_id and not _UUID.fullmatch(part):
                    part = NOBODY  # noqa: PLW2901 - the point of this loop
            parts.append(part)
            node = below
            if node.rest:
                return Match(node.template, node.methods, path) if _clean(path) else None
        return Match(node.template, node.methods, "/" + "/".join(parts)) if node.methods else None

    def _add(self, route: HTTPRoute) -> None:
        node = self._root
        for component in route.path_components:
            if isinstance(component, str):
                node = node.children.setdefault(component, _Node())
            else:
                if node.parameter is None:
                    node.parameter = _Node(is_id=component.type is UUID, rest=component.full.endswith(":path"))
                node = node.parameter
        node.template = route.path_format
        node.methods = _methods(route.methods)


def _methods(declared: Iterable[str]) -> frozenset[str]:
    methods = frozenset(str(method) for method in declared) | {"OPTIONS"}
    return methods | {"HEAD"} if "GET" in methods else methods


class PathGate(HttpLayer):
    """Answers what needs no operation: unknown paths, wrong methods, OPTIONS; turns HEAD into GET without body."""

    def __init__(self, app: ASGIApp, index: PathIndex) -> None:
        super().__init__(app)
        self._index = index

    async def serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Route, or answer."""
        context = context_of(scope)
        match = self._index.match(scope["path"])
        if match is None:
            await send_problem(send, PathNotFound(), context)
            return
        context.route = match.template
        allow = {"Allow": ", ".join(sorted(match.methods))}
        if scope["method"] == "OPTIONS":
            await send_answer(send, 204, allow)
        elif scope["method"] not in match.methods:
            await send_problem(send, MethodNotAllowed(), context, allow)
        elif scope["method"] == "HEAD":
            await self._app(_changed(scope, path=match.path, method="GET"), receive, _without_body(send))
        else:
            await self._app(_changed(scope, path=match.path), receive, send)


def _clean(path: str) -> bool:
    """Tell whether a path may be a file's: without NUL and lone surrogates."""
    try:
        return b"\x00" not in path.encode("utf-8")
    except UnicodeEncodeError:
        return False


def _changed(scope: Scope, **changes: Any) -> Scope:
    if all(scope.get(name) == value for name, value in changes.items()):
        return scope
    changed: Any = {**scope, **changes}
    return changed  # type: ignore[no-any-return]


def _without_body(send: Send) -> Send:
    async def silent(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return silent
