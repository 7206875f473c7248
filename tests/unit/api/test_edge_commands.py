"""Commands: one effect per key, the stored answer byte for byte, a refusal leaves the key free."""

import asyncio
from typing import Any

import httpx
import pytest

from api.context import fresh_context
from api.etag import strong_etag
from domain.kernel.errors import Conflict
from tests.unit.api.edge import CASHIER, OWNER, FakeUnit, FakeWorld, client, edge

KEY = {"Idempotency-Key": "till-1/0001"}


async def test_the_same_key_and_body_give_the_same_bytes() -> None:
    """R3: a till that saw a timeout repeats its request and changes nothing."""
    world = FakeWorld()
    async with client(edge(world)) as http:
        first = await http.post("/v1/things", json={"name": "a"}, headers=KEY)
        again = await http.post("/v1/things", json={"name": "a"}, headers=KEY)
        third = await http.post("/v1/things", json={"name": "a"}, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == third.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(world.unit.things) == 1


async def test_a_secret_is_shown_once() -> None:
    """The kept answer has null where the secret stood."""
    async with client(edge(FakeWorld())) as http:
        first = await http.post("/v1/things", json={"name": "a"}, headers=KEY)
        again = await http.post("/v1/things", json={"name": "a"}, headers=KEY)

    assert first.json()["secret"] == "once"
    assert again.json() == first.json() | {"secret": None}


@pytest.mark.parametrize(("path", "body"), [("/v1/things", {"name": "b"}), ("/v1/things?dry_run=false", {"name": "a"})])
async def test_a_key_of_another_request_is_refused(path: str, body: dict[str, Any]) -> None:
    """422, and nothing of the first answer is shown."""
    async with client(edge(FakeWorld())) as http:
        await http.post("/v1/things", json={"name": "a"}, headers=KEY)
        other = await http.post(path, json=body, headers=KEY)

    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_the_scope_of_a_key_is_its_operation() -> None:
    """One key may serve two operations."""
    async with client(edge(FakeWorld())) as http:
        await http.post("/v1/things", json={"name": "a"}, headers=KEY)
        other = await http.post("/v1/things/batch", json={"name": "a"}, headers=KEY)

    assert other.status_code == 200


async def test_a_request_in_flight_answers_409_with_retry_after() -> None:
    """The second till waits a second and asks again."""
    world = FakeWorld()
    async with client(edge(world)) as http:
        await http.post("/v1/things", json={"name": "a"}, headers=KEY)
        world.unit.kept.clear()  # as if the first one were still at work
        second = await http.post("/v1/things", json={"name": "a"}, headers=KEY)

    assert (second.status_code, second.json()["code"]) == (409, "idempotency-in-progress")
    assert second.headers["Retry-After"] == "1"


@pytest.mark.parametrize("name", ["taken", "boom"])
async def test_a_refusal_or_a_fault_leaves_the_key_free(name: str) -> None:
    """Only 2xx answers are kept."""
    world = FakeWorld()
    async with client(edge(world)) as http:
        await http.post("/v1/things", json={"name": "taken"})
        refused = await http.post("/v1/things", json={"name": name}, headers=KEY)
        free = await http.post("/v1/things", json={"name": "other"}, headers=KEY)

    assert refused.status_code in {409, 500}
    assert free.status_code == 201


async def test_a_lost_lease_undoes_the_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that was so slow that another took its key over must not act twice."""
    world = FakeWorld()

    async def lost(*_: Any) -> bool:
        return False

    monkeypatch.setattr(world, "finish", lost)
    async with client(edge(world)) as http:
        answer = await http.post("/v1/things", json={"name": "a"}, headers=KEY)

    assert answer.status_code == 409
    assert world.unit.things == {}


@pytest.mark.parametrize("key", ["short", "x" * 129, "has space in", "кириллица-1", ""])
async def test_a_key_is_8_to_128_visible_characters(key: str) -> None:
    """Anything else is 400 and names the header."""
    async with client(edge(FakeWorld())) as http:
        answer = await http.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": key.encode()})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["header"] == "Idempotency-Key"


async def test_a_dry_run_answers_the_same_and_stores_nothing() -> None:
    """And its key stays free."""
    world = FakeWorld()
    async with client(edge(world)) as http:
        dry = await http.post("/v1/things?dry_run=true", json={"name": "a"}, headers=KEY)
        assert world.unit.things == {}
        wet = await http.post("/v1/things", json={"name": "a"}, headers=KEY)
        wrong = await http.post("/v1/things?dry_run=yes", json={"name": "b"})

    assert dry.json() | {"id": ""} == wet.json() | {"id": ""}
    assert "Idempotent-Replayed" not in wet.headers
    assert wrong.status_code == 400


async def test_a_lost_race_is_run_again_and_at_last_told() -> None:
    """Up to five times more; then 503 with Retry-After, never 500."""
    world = FakeWorld(retries=5)
    async with client(edge(world)) as http:
        done = await http.post("/v1/things", json={"name": "a"})
        world.retries = 100
        given_up = await http.post("/v1/things", json={"name": "b"}, headers=KEY)

    assert done.status_code == 201
    assert (given_up.status_code, given_up.headers["Retry-After"]) == (503, "1")
    assert world.claims == {}


async def test_if_match_guards_an_edit() -> None:
    """412 when somebody else was faster; no header, no check."""
    async with client(edge(FakeWorld())) as http:
        made = await http.post("/v1/things", json={"name": "a"})
        path, etag = f"/v1/things/{made.json()['id']}", made.headers["ETag"]
        fresh = await http.patch(path, json={"name": "b"}, headers={"If-Match": f'"zzz", {etag}'})
        stale = await http.patch(path, json={"name": "c"}, headers={"If-Match": etag})
        weak = await http.patch(path, json={"name": "c"}, headers={"If-Match": "W/" + fresh.headers["ETag"]})
        wild = await http.patch(path, json={"name": "d"}, headers={"If-Match": "*"})
        wrong = await http.patch(path, json={"name": "e"}, headers={"If-Match": "abc"})
        free = await http.patch(path, json={"name": "f"})

    statuses = [answer.status_code for answer in (fresh, stale, weak, wild, wrong, free)]
    assert statuses == [200, 412, 412, 200, 412, 200]
    assert fresh.headers["ETag"] == strong_etag("b") != etag


async def test_deleting_answers_204_without_a_body() -> None:
    """Removing a link says nothing."""
    async with client(edge(FakeWorld())) as http:
        made = (await http.post("/v1/things", json={"name": "a"})).json()
        gone = await http.delete(f"/v1/things/{made['id']}")

    assert (gone.status_code, gone.content) == (204, b"")


async def test_fifty_at_once_with_one_key_make_one_effect() -> None:
    """R3: the rest hear 409 or the stored answer."""
    world = FakeWorld()

    async with client(edge(world)) as http:

        async def once() -> httpx.Response:
            return await http.post("/v1/things", json={"name": "a"}, headers=KEY)

        answers = await asyncio.gather(*(once() for _ in range(50)))

    assert len(world.unit.things) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


async def test_credentials_roles_and_suspension_are_told_apart() -> None:
    """401 without a valid key, 403 without the permission, 403 tenant-suspended for writers of a suspended shop."""
    world = FakeWorld()
    app = edge(world)
    async with client(app, {}) as http:
        nobody = [
            await http.get("/v1/things", headers=headers)
            for headers in ({}, {"Authorization": "Bearer nope"}, {"Authorization": "Basic owner-token"})
        ]
        cashier = await http.post("/v1/things", json={"name": "a"}, headers=CASHIER)
        world.suspended = True
        writer = await http.post("/v1/things", json={"name": "a"}, headers=OWNER)
        reader = await http.get("/v1/things", headers=OWNER)

    assert [answer.status_code for answer in nobody] == [401] * 3
    assert all(answer.headers["WWW-Authenticate"] == "Bearer" for answer in nobody)
    assert (cashier.status_code, cashier.json()["code"]) == (403, "forbidden")
    assert (writer.status_code, writer.json()["code"], reader.status_code) == (403, "tenant-suspended", 200)


def test_a_conflict_raised_by_a_rule_keeps_its_members() -> None:
    """`customer_id` stands beside `code`."""
    from api.problems import document

    class Taken(Conflict):
        code = "identifier-taken"

    told = document(Taken(customer_id="7", status=200, trace_id="forged"), fresh_context({}))

    assert told["customer_id"] == "7"
    assert told["status"] == 409
    assert told["trace_id"] != "forged"
    assert FakeUnit().things == {}
