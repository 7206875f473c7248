"""Requests that nobody should send, made from the contract's own examples."""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Node = dict[str, Any]

LEAVES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**53,
    2**63,
    10**30,
    1.5,
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "NaN",
    "\x00",
    "a\x00b",
    "\u202eevil\u202c",
    "\u0007\u001b[31m",
    "\ud800",
    "\U0001f600" * 300,
    "x" * 70_000,
    "4111 1111 1111 1111",
    "4600000000017",
    "'; DROP TABLE customer; --",
    "{{7*7}}${7*7}",
    "../../etc/passwd",
    "+7 935 000-45-67",
    "anna@shop.test",
    "0000-00-00",
    "2026-02-30",
    "1989-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-11-21T09:30:00",
    "00000000-0000-0000-0000-000000000000",
    "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d",
    "not-a-uuid",
    [],
    {},
    [[]],
    [None] * 2000,
    {"a": {"b": {"c": None}}},
    {"": "", "\x00": 1, "+79350004567": "x"},
)
RAW: tuple[bytes, ...] = (
    b"",
    b" ",
    b"{",
    b"[",
    b"null",
    b"true",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"a":1,"a":2}',
    b'{"a":NaN}',
    b'{"a":1e400}',
    b'{"a":-Infinity}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\u0000"}',
    b'{"\\u0000":1}',
    b'{"a":' + b"9" * 10_000 + b"}",
    b"<xml/>",
    b"a=1&b=2",
    b"{}" + b" " * 1_100_000,
    b"\x00" * 100,
)
HEADERS: tuple[tuple[str, bytes], ...] = (
    ("content-type", b"text/plain"),
    ("content-type", b"application/json; charset=utf-16"),
    ("content-type", b""),
    ("content-type", b"multipart/form-data; boundary=x"),
    ("content-type", b"\xff"),
    ("accept", b"text/html"),
    ("accept", b"application/json;q=0,,;"),
    ("idempotency-key", b"short"),
    ("idempotency-key", b"x" * 200),
    ("idempotency-key", b"with space in it"),
    ("idempotency-key", "ключ-ключ".encode()),
    ("if-match", b"nonsense"),
    ("if-match", b'"a", W/"b"'),
    ("if-match", b'"'),
    ("x-request-id", b"\xff\x01"),
    ("x-request-id", b"x" * 5000),
    ("traceparent", b"00-0-0-0"),
    ("authorization", b"Bearer"),
    ("authorization", b"Bearer \xff"),
    ("authorization", b"Bearer rgl_live_" + b"0" * 90),
    ("authorization", b"Basic b3duZXI="),
    ("content-length", b"99999999999"),
)
QUERIES: tuple[str, ...] = (
    "limit=0",
    "limit=-1",
    "limit=99999999999999999999",
    "limit=1e3",
    "limit=",
    "limit=5&limit=6",
    "cursor=%00",
    "cursor=AAAA",
    "cursor=" + "A" * 2000,
    "cursor=WzEsIjAiXQ",
    "cursor=WzEsbnVsbCxudWxsXQ",
    "cursor=WzEsIjIwMjYtMTEtMjFUMDk6MzA6MDBaIiwiMDE5NzBmM2EtN2MyZS03YjNhLTlkNTQtNmYxZTJhM2I0YzVkIl0",
    "phone=%2B79350004567",
    "%2B79350004567",
    "a=%ff",
    "dry_run=maybe",
    "dry_run=true&dry_run=false",
    "as_of=yesterday",
    "from=2026-13-01T00:00:00Z&to=x",
    "=&=&&;",
)
IDS: tuple[str, ...] = (
    "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "abc",
    "-1",
    "'",
    "%00",
    "%ff",
    "%2e%2e%2f",
    "%F0%9F%98%80",
    "+79350004567",
    "x" * 2000,
)


@dataclass(frozen=True)
class Nasty:
    """One request and where it was aimed."""

    operation: str
    method: str
    path: str
    content: bytes | None
    headers: dict[str, bytes] = field(default_factory=dict)


class NastyMaker:
    """Makes requests over all operations of a contract; the same seed makes the same ones."""

    def __init__(self, contract: Node, seed: int) -> None:
        self._contract = contract
        self._random = random.Random(seed)  # noqa: S311 - repeats itself on purpose

    def requests(self, count: int) -> Iterator[Nasty]:
        """Yield `count` requests, operation after operation in turns."""
        operations = [
            (path, method, operation)
            for path, item in self._contract["paths"].items()
            for method, operation in item.items()
            if path.startswith("/v1/")
        ]
        for number in range(count):
            yield self._one(*operations[number % len(operations)])

    def _one(self, path: str, method: str, operation: Node) -> Nasty:
        headers: dict[str, bytes] = {}
        content = self._body(operation)
        if content is not None:
            headers["content-type"] = b"application/json"
        if self._random.random() < 0.2:
            name, value = self._random.choice(HEADERS)
            headers[name] = value
        filled = "/".join(self._segment(part) for part in path.split("/"))
        if self._random.random() < 0.25:
            filled += "?" + self._query(operation)
        return Nasty(operation["operationId"], method.upper(), filled, content, headers)

    def _segment(self, part: str) -> str:
        return self._random.choice(IDS) if part.startswith("{") else part

    def _query(self, operation: Node) -> str:
        shown = [one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"]
        if shown and self._random.random() < 0.6:
            value = self._random.choice([leaf for leaf in LEAVES if isinstance(leaf, str) and leaf.isprintable()])
            return f"{self._random.choice(shown)}={quote(value[:3000])}"
        return self._random.choice(QUERIES)

    def _body(self, operation: Node) -> bytes | None:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return self._random.choice(RAW) if operation["responses"].get("201") else None
        turn = self._random.random()
        if turn < 0.15:
            return self._random.choice(RAW)
        value = copy.deepcopy(next(iter(content["examples"].values()))["value"])
        for _ in range(self._random.choice((1, 1, 1, 2, 5))):
            value = self._spoiled(value)
        raw = json.dumps(value).encode()
        if turn < 0.25:
            return raw[: self._random.randrange(len(raw) + 1)]
        return raw

    def _spoiled(self, value: Any) -> Any:
        """Return `value` with one place inside changed, dropped, added or made many."""
        if isinstance(value, dict) and value and self._random.random() < 0.85:
            name = self._random.choice(list(value))
            turn = self._random.random()
            if turn < 0.1:
                del value[name]
            elif turn < 0.2:
                value[self._random.choice(["zzz", "tenant_id", "id", "__proto__", "", "+79350004567"])] = 1
            else:
                value[name] = self._spoiled(value[name])
            return value
        if isinstance(value, list) and value and self._random.random() < 0.85:
            if self._random.random() < 0.1:
                return value * 1200
            place = self._random.randrange(len(value))
            value[place] = self._spoiled(value[place])
            return value
        return copy.deepcopy(self._random.choice(LEAVES))
