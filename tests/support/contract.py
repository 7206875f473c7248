"""A transport that holds every answer that passes through it to the published contract."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator

CONTRACT = Path(__file__).parents[2] / "openapi" / "openapi.json"
_CODE = re.compile(r"`([a-z]+(?:-[a-z]+)+|unavailable|unauthenticated|forbidden)`")
_BEFORE_ROUTING = frozenset({404, 405})
"""Answers to paths and methods that no operation stands for."""


class Checked(httpx.AsyncBaseTransport):
    """Passes requests on; fails the test whose answer the contract does not promise."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, and look at the answer."""
        response = await self._inner.handle_async_request(request)
        await response.aread()
        promise = operation_of(request.method, request.url.path)
        if promise is not None:
            check(promise, response)
        return response


@lru_cache(maxsize=1)
def contract() -> Mapping[str, Any]:
    """Return the committed contract."""
    found: Mapping[str, Any] = json.loads(CONTRACT.read_text())
    return found


@lru_cache(maxsize=1)
def _paths() -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
    """Return the paths as patterns, those with the fewest names first: `/resolve` is no id."""
    ordered = sorted(contract()["paths"], key=lambda path: (path.count("{"), path))
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "/?"), contract()["paths"][path])
        for path in ordered
    ]


def operation_of(method: str, path: str) -> Mapping[str, Any] | None:
    """Return what the contract says of a call, None where it says nothing."""
    for pattern, item in _paths():
        if pattern.fullmatch(path):
            found: Mapping[str, Any] | None = item.get(method.lower())
            return found
    return None


def check(promise: Mapping[str, Any], response: httpx.Response) -> None:
    """Compare an answer with what its operation promises: status, media type, body, problem code, headers."""
    name, status = promise["operationId"], str(response.status_code)
    answers = promise["responses"]
    assert status in answers, f"{name} does not promise {status}: {response.text[:300]}"
    answer = _resolved(answers[status])
    content = answer.get("content", {})
    if not content:
        assert response.content == b"", f"{name} promises no body for {status}"
        return
    kind = response.headers["content-type"].partition(";")[0]
    assert kind in content, f"{name} does not promise {kind} for {status}"
    if kind == "application/problem+json":
        code = response.json()["code"]
        assert code in _codes(answer), f"{name} does not promise {code} for {status}"
    errors = list(_validator(json.dumps(content[kind]["schema"])).iter_errors(response.json()))
    assert not errors, f"{name} {status}: {[(list(e.absolute_path), e.message[:200]) for e in errors[:3]]}"


def _resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in part:
        target: Any = contract()
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def _codes(answer: Mapping[str, Any]) -> set[str]:
    told = set(_CODE.findall(answer.get("description", "")))
    for content in answer["content"].values():
        told |= {_resolved(one).get("value", {}).get("code", "") for one in content.get("examples", {}).values()}
    return told


@lru_cache(maxsize=1024)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": contract()["components"]})
