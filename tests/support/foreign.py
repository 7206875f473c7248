"""What a program of somebody else does with an answer: it believes the published text and nothing else."""

import re
from typing import Any
from uuid import UUID

import httpx

Json = dict[str, Any]

MASKED_PHONE = re.compile(r"\+\d{1,3}•{9}\d\d")
_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
_POINTER = re.compile(r"(/([^~/]|~[01])*)*")


def refused(answer: httpx.Response, status: int, code: str | None = None, *pointers: str) -> Json:
    """Return the problem document of a refusal that has every member the text promises, at the named places."""
    assert answer.status_code == status, f"{answer.status_code}, not {status}: {answer.text[:600]}"
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert {"type", "title", "status", "detail", "code", "trace_id"} <= set(problem), problem
    assert problem["status"] == status
    assert _CODE.fullmatch(problem["code"])
    assert problem["type"] == f"/problems/{problem['code']}"
    assert all(isinstance(problem[name], str) and problem[name] for name in ("title", "detail", "trace_id"))
    for error in problem.get("errors", []):
        assert {"pointer", "code", "message"} <= set(error), error
        assert _POINTER.fullmatch(error["pointer"])
        assert error["code"]
        assert error["message"]
    if code is not None:
        assert problem["code"] == code, answer.text[:600]
    if pointers:
        assert {error["pointer"] for error in problem["errors"]} == set(pointers), problem["errors"]
    return problem


def told(answer: httpx.Response, status: int = 200) -> Json:
    """Return the body of an answer that has `status`."""
    assert answer.status_code == status, f"{answer.status_code}, not {status}: {answer.text[:600]}"
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


def phone(value: str) -> Json:
    """Return a phone as an identifier."""
    return {"type": "phone", "value": value}


async def key_of(api: httpx.AsyncClient, role: str, **fields: Any) -> dict[str, str]:
    """Make a key of a role; return the headers that carry it."""
    made = told(await api.post("/v1/api-keys", json={"name": f"a {role}", "role": role, **fields}), 201)
    return {"Authorization": f"Bearer {made['api_key']}"}


async def customer(api: httpx.AsyncClient, *phones: str, **fields: Any) -> Json:
    """Create a customer with phones and other fields."""
    body = {"identifiers": [phone(one) for one in phones], **fields}
    return told(await api.post("/v1/customers", json=body), 201)


async def resolved(api: httpx.AsyncClient, *identifiers: Json, **fields: Any) -> Json:
    """Ask who stands at the till; the four members are always there."""
    headers = fields.pop("headers", None)
    body = {"identifiers": list(identifiers), **fields}
    answer = told(await api.post("/v1/customers/resolve", json=body, headers=headers))
    assert set(answer) >= {"match", "customer", "candidates", "ignored"}
    return answer


async def all_items(api: httpx.AsyncClient, path: str, *, limit: int = 2, **query: Any) -> list[Json]:
    """Read every page of a list."""
    items: list[Json] = []
    more: dict[str, str] = {}
    while True:
        page = told(await api.get(path, params={**query, "limit": limit, **more}))
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        assert len(page["items"]) == limit, "only the last page may be short"
        more = {"cursor": page["next_cursor"]}


def is_uuid7(text: str) -> bool:
    """Tell whether an id is one that the server makes."""
    return UUID(text).version == 7 and text == str(UUID(text))
