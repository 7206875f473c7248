"""Bodies and query strings: strict, every error at once, nothing of what was sent."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from api.body import parse
from api.schemas.base import RequestModel
from domain.kernel.errors import FieldError, InvalidRequest
from tests.unit.api.edge import OWNER, FakeWorld, ThingCreate, client, edge

JSON = {"content-type": "application/json"}


def errors_of(raw: bytes, model: type[BaseModel] = ThingCreate) -> list[FieldError]:
    with pytest.raises(InvalidRequest) as caught:
        parse(raw, model)
    return list(caught.value.errors)


def test_all_errors_are_told_at_once_by_pointer() -> None:
    """A frontend marks every wrong field after one request."""
    raw = b'{"parts":[{"sku":"a","amount":1},{"sku":7,"amount":-1,"x":0}],"at":"yesterday","count":0}'

    assert [(one.pointer, one.code) for one in errors_of(raw)] == [
        ("/name", "required"),
        ("/parts/1/sku", "type"),
        ("/parts/1/amount", "range"),
        ("/parts/1/x", "unknown_field"),
        ("/at", "datetime"),
        ("/count", "range"),
    ]


def test_two_hundred_errors_are_two_hundred_entries() -> None:
    """A till that sends a bad sku on each line hears of each line."""
    raw = json.dumps({"name": "a", "parts": [{"sku": "", "amount": 1}] * 200}).encode()

    assert len(errors_of(raw)) == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"name":',
        b'{"name":"a"}}',
        b"'a'",
        b'{"name":"\\ud800"}',
        b'{"name":"\xff"}',
        b'\xef\xbb\xbf{"name":"a"}',
        b'{"name":"a\x00"}',
        b"[" * 100_000,
        b'{"name":' * 5000,
        b'{"count":' + b"9" * 5000 + b"}",
        b"nul",
    ],
)
def test_what_is_no_json_is_one_error(raw: bytes) -> None:
    """Truncated, nested without end, in another encoding: 400, never a fault of ours."""
    assert errors_of(raw) == [FieldError("", "json", "is not valid JSON")]


@pytest.mark.parametrize("raw", [b"", b"  \n"])
def test_an_empty_body_is_told_as_missing(raw: bytes) -> None:
    """Not a bare KeyError text, as frameworks do."""
    assert errors_of(raw) == [FieldError("", "required", "body is required")]


@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "NaN", "Infinity", "1.5", "1" + "0" * 400, '"1"', "true", "null"]
)
def test_a_number_that_is_no_integer_in_range_is_refused(number: str) -> None:
    """Quantities of 1e400, NaN and their friends never get in."""
    raw = f'{{"name":"a","parts":[{{"sku":"s","amount":{number}}}]}}'.encode()

    assert [one.pointer for one in errors_of(raw)] == ["/parts/0/amount"]


@pytest.mark.parametrize("number", ["5", "5.0", "5e0", "0.5e1", "50e-1"])
def test_a_whole_number_is_an_integer_however_it_is_written(number: str) -> None:
    """JSON Schema knows no difference between 5 and 5.0, so a client of the contract may send either."""
    read = parse(f'{{"name":"a","count":{number}}}'.encode(), ThingCreate)

    assert read.count == 5
    assert type(read.count) is int


def test_nul_is_refused_wherever_it_hides() -> None:
    """PostgreSQL cannot store it: in typed text, in free keys and in free values alike."""
    raw = b'{"name":"a\\u0000b","custom":{"k":"\\u0000","x\\u0000":"v"}}'

    told = errors_of(raw)

    assert {one.pointer for one in told} == {"/name", "/custom/k", "/custom"}
    assert parse(b'{"name":"a\\\\u0000"}', ThingCreate).name == "a\\u0000"


def test_pointers_pass_over_the_arms_of_unions() -> None:
    """Pydantic names the arm it tried; the body has no such key."""

    class One(RequestModel):
        a: int

    class Two(RequestModel):
        b: int

    class Either(RequestModel):
        which: One | Two

    assert {one.pointer for one in errors_of(b'{"which":{"a":"x"}}', Either)} == {"/which/a"}, "the arm that fits best"
    assert {one.pointer for one in errors_of(b'{"which":{}}', Either)} == {"/which/a", "/which/b"}, "both fit as well"


def test_a_name_that_looks_like_a_phone_is_not_repeated() -> None:
    """An unknown field may be somebody's number: pointers stop above it."""
    told = errors_of(b'{"name":"a","+79350004567":1,"custom":{"+79350004568":5}}')

    assert {one.pointer for one in told} == {"", "/custom"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(["name", "parts", "at", "count", "custom", "zz"]), VALUES, max_size=6)


@settings(max_examples=300, deadline=None)
@given(BODIES | VALUES)
def test_any_json_is_read_or_refused_without_an_echo(value: Any) -> None:
    """Whatever comes: a model, or a refusal that holds no string that was sent."""
    raw = json.dumps(value).encode()
    told = refusal(raw)

    for text in _strings(value):
        assert told is None or len(text) < 6 or text not in " ".join(one.message for one in told)


def refusal(raw: bytes) -> list[FieldError] | None:
    try:
        parse(raw, ThingCreate)
    except InvalidRequest as error:
        return list(error.errors)
    return None


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for below in value.values() for text in _strings(below)]
    return [text for below in value for text in _strings(below)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("Application/JSON; charset=UTF-8", 201),
        ('application/json; charset="utf-8"', 201),
        ("application/json; charset=cp1251", 415),
        ("text/plain", 415),
        ("application/merge-patch+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
async def test_a_body_must_say_that_it_is_json(content_type: str, status: int) -> None:
    """A text/plain body is never parsed as JSON."""
    async with client(edge(FakeWorld())) as http:
        headers = {"content-type": content_type} if content_type else {}
        answer = await http.post("/v1/things", content=b'{"name":"a"}', headers=headers)

    assert answer.status_code == status


async def test_a_compressed_body_is_not_taken() -> None:
    """It would pass the limit small and unfold huge."""
    async with client(edge(FakeWorld())) as http:
        headers = JSON | {"content-encoding": "gzip"}
        answer = await http.post("/v1/things", content=b'{"name":"a"}', headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
async def test_a_patch_comes_as_merge_patch_or_json(content_type: str) -> None:
    """Null clears a field, a field left out stays."""
    world = FakeWorld()
    async with client(edge(world)) as http:
        thing = (await http.post("/v1/things", json={"name": "a"})).json()
        answer = await http.patch(
            f"/v1/things/{thing['id']}", content=b'{"name":null}', headers={"content-type": content_type}
        )

    assert answer.status_code == 200
    assert answer.json()["name"] is None


async def test_a_body_over_the_limit_is_413_with_and_without_a_length() -> None:
    """1 MiB, or 8 MiB for a batch; a chunked body is counted as it comes."""

    async def chunks(size: int) -> Any:
        for _ in range(size // 65536):
            yield b" " * 65536

    async with client(edge(FakeWorld())) as http:
        told = await http.post("/v1/things", content=b" " * (1024 * 1024 + 1), headers=JSON)
        counted = await http.post("/v1/things", content=chunks(10 * 1024 * 1024), headers=JSON)
        batch = await http.post("/v1/things/batch", content=b'{"name":"a"}' + b" " * (2 * 1024 * 1024), headers=JSON)
        too_much = await http.post("/v1/things/batch", content=chunks(9 * 1024 * 1024), headers=JSON)

    assert [told.status_code, counted.status_code, batch.status_code, too_much.status_code] == [413, 413, 200, 413]
    assert counted.json()["code"] == "body-too-large"


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("limit=0", "limit", "range"),
        ("limit=201", "limit", "range"),
        ("limit=x", "limit", "type"),
        ("limit=1&limit=2", "limit", "duplicate"),
        ("cursor=%21", "cursor", "pattern"),
        ("cursor=abc", "cursor", "cursor"),
        ("cursor=WzEsMV0", "cursor", "cursor"),
        ("created_from=2026-11-21", "created_from", "datetime"),
        ("created_from=5", "created_from", "datetime"),
        ("tag=%00", "tag", "text"),
        ("phone=1", "phone", "unknown_parameter"),
        ("%2B79350004567=1", None, "unknown_parameter"),
        ("a=%ff", None, "query"),
        ("dry_run=true", "dry_run", "unknown_parameter"),
    ],
)
async def test_query_parameters_are_checked_by_name(query: str, parameter: str | None, code: str) -> None:
    """A wrong or unknown parameter is 400 and named; its value is never repeated."""
    async with client(edge(FakeWorld())) as http:
        answer = await http.get(f"/v1/things?{query}")

    assert answer.status_code == 400
    told = answer.json()["errors"][0]
    assert (told.get("parameter"), told["code"], told["pointer"]) == (parameter, code, "")
    assert "79350004567" not in answer.text


async def test_an_operation_without_parameters_takes_none() -> None:
    """Unknown query parameters are told even where nobody reads the query string."""
    async with client(edge(FakeWorld())) as http:
        thing = (await http.post("/v1/things", json={"name": "a"})).json()
        answer = await http.get(f"/v1/things/{thing['id']}?expand=all")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "unknown_parameter"


async def test_repeated_parameters_fill_a_list() -> None:
    """`?tag=a&tag=b` asks for both."""
    async with client(edge(FakeWorld()), OWNER) as http:
        assert (await http.get("/v1/things?tag=a&tag=b&limit=200")).status_code == 200


async def test_a_body_that_never_comes_is_not_waited_for() -> None:
    """A client that stalls holds a connection for seconds, not for ever; what came is stored nowhere."""
    world = FakeWorld()

    async def stalled() -> Any:
        yield b'{"name": "A"'
        await asyncio.Event().wait()

    async with client(edge(world, body_seconds=0.05)) as http:
        answer = await http.post("/v1/things", content=stalled(), headers=JSON)

    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == ["incomplete"]
    assert world.unit.things == {}
