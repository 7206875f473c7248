"""What many do at once: one of them wins, the others are told, nobody meets a 5xx."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.support.foreign import customer, phone, refused, resolved, told

TWENTY = 20


async def _at_once(call: Callable[[int], Awaitable[httpx.Response]], count: int = TWENTY) -> list[httpx.Response]:
    answers = await asyncio.gather(*(call(number) for number in range(count)))
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    return answers


async def test_one_of_many_edits_of_a_version_wins(api: httpx.AsyncClient) -> None:
    """If-Match: one 200, the others 412; the card is the winner's."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    etag = (await api.get(path)).headers["etag"]
    answers = await _at_once(lambda n: api.patch(path, json={"given_name": f"Имя{n}"}, headers={"if-match": etag}))
    (won,) = [told(answer) for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 412, "version-mismatch")
    assert told(await api.get(path))["given_name"] == won["given_name"]


async def test_edits_of_different_fields_are_all_kept(api: httpx.AsyncClient) -> None:
    """Without If-Match each patch changes its own field and no other."""
    for number in range(10):
        body = {"code": f"f{number}", "type": "number", "label": "x"}
        told(await api.post("/v1/custom-fields", json=body), 201)
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    await _at_once(lambda n: api.patch(path, json={"custom": {f"f{n}": n}}), 10)
    assert told(await api.get(path))["custom"] == {f"f{n}": n for n in range(10)}


async def test_belongings_added_at_once_are_all_there(api: httpx.AsyncClient) -> None:
    """Phones, addresses, notes, tags of one customer from twenty hands; one primary, one default."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"

    bodies: list[tuple[str, Callable[[int], Any]]] = [
        ("identifiers", lambda n: phone(f"+793500001{n:02}")),
        ("addresses", lambda n: {"city": f"Город {n}"}),
        ("notes", lambda n: {"text": f"{n}"}),
        ("tags", lambda n: {"names": [f"t{n}", "all"]}),
    ]

    def add(number: int) -> Awaitable[httpx.Response]:
        part, body = bodies[number % 4]
        return api.post(f"{path}/{part}", json=body(number))

    answers = await _at_once(add)
    assert all(answer.is_success for answer in answers)
    card = told(await api.get(path))
    assert len(card["identifiers"]) == len(card["addresses"]) == 5
    assert sum(one["primary"] for one in card["identifiers"]) == 1
    assert sum(one["default"] for one in card["addresses"]) == 1
    assert len(card["tags"]) == 6
    assert len(told(await api.get(f"{path}/notes"))["items"]) == 5


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/stores", {"code": "main"}),
        ("/v1/registers", {"code": "1"}),
        ("/v1/employees", {"code": "e-1"}),
        ("/v1/tags", {"name": "vip"}),
        ("/v1/custom-fields", {"code": "a", "type": "bool", "label": "A"}),
    ],
)
async def test_a_code_made_by_many_is_made_once(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    """One 201, the others 409."""
    answers = await _at_once(lambda _: api.post(path, json=body))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (TWENTY - 1)
    assert len(told(await api.get(path))["items"]) == 1


async def test_new_codes_and_tags_in_many_bodies_become_one_record_each(api: httpx.AsyncClient) -> None:
    """Twenty customers with the same unknown store, employee and tags: one record each, nobody refused."""
    body = {"acquisition": {"store": "north", "employee": "e-9"}, "tags": ["a", "b"]}
    answers = await _at_once(lambda n: api.post("/v1/customers", json={"given_name": f"A{n}", **body}))
    assert {answer.status_code for answer in answers} == {201}
    for path, count in (("/v1/stores", 1), ("/v1/employees", 1), ("/v1/tags", 2)):
        assert len(told(await api.get(path))["items"]) == count


async def test_tags_applied_in_opposite_orders_never_deadlock(api: httpx.AsyncClient) -> None:
    """The same customers in both orders, added and removed at once."""
    ids = [(await customer(api, given_name=f"A{n}"))["id"] for n in range(5)]

    def apply(number: int) -> Awaitable[httpx.Response]:
        order = ids if number % 2 else ids[::-1]
        names = {"add": ["a", "b"]} if number % 4 < 2 else {"remove": ["b", "a"]}
        return api.post("/v1/tags/apply", json={**names, "customer_ids": order})

    answers = await _at_once(apply)
    assert {answer.status_code for answer in answers} == {200}


async def test_a_number_shared_by_many_at_once_ends_in_one_state(api: httpx.AsyncClient) -> None:
    """Six people add one phone as shared at once: it is junk for all of them, whoever came last."""
    ids = [(await customer(api, given_name=f"A{n}"))["id"] for n in range(6)]
    body = {**phone("+79350000099"), "shared": True}
    answers = await _at_once(lambda n: api.post(f"/v1/customers/{ids[n]}/identifiers", json=body), 6)
    assert {answer.status_code for answer in answers} == {201}
    states = {told(await api.get(f"/v1/customers/{one}"))["identifiers"][0]["status"] for one in ids}
    assert states == {"quarantined"}
    found = await resolved(api, phone("+79350000099"))
    assert (found["customer"], [one["reason"] for one in found["ignored"]]) == (None, ["quarantined"])


async def test_a_number_changes_hands_once(api: httpx.AsyncClient) -> None:
    """Twenty reassignments of one number at once: one is made, one customer has it."""
    anna = await customer(api, "+79350000098")
    path = f"/v1/customers/{anna['id']}/identifiers/{anna['identifiers'][0]['id']}/reassign"
    body = {"employee": "e-1", "reason": "Договор показан"}
    answers = await _at_once(lambda _: api.post(path, json=body))
    (moved,) = [told(answer) for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 409, "identifier-not-active")
    found = await resolved(api, phone("+79350000098"))
    assert found["customer"]["id"] == moved["new_customer_id"]
    assert len(told(await api.get("/v1/customers"))["items"]) == 2


async def test_what_is_retired_and_taken_at_once_has_one_owner(api: httpx.AsyncClient) -> None:
    """Anna gives a number up while twenty others want it: at most one gets it."""
    anna = await customer(api, "+79350000097")
    own = f"/v1/customers/{anna['id']}/identifiers/{anna['identifiers'][0]['id']}/retire"

    def call(number: int) -> Awaitable[httpx.Response]:
        if number == 10:
            return api.post(own)
        return api.post("/v1/customers", json={"identifiers": [phone("+79350000097")]})

    answers = await _at_once(call)
    assert sum(answer.status_code == 201 for answer in answers) <= 1
    assert {answer.status_code for answer in answers} <= {200, 201, 409}


async def test_archive_and_restore_at_once_leave_one_state(api: httpx.AsyncClient) -> None:
    """Verbs that undo each other are answered one by one."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    answers = await _at_once(lambda n: api.post(f"{path}/{'archive' if n % 2 else 'restore'}"))
    assert {answer.status_code for answer in answers} == {200}
    assert told(await api.get(path))["state"] in {"active", "archived"}


async def test_batches_with_the_same_people_at_once_make_each_once(api: httpx.AsyncClient) -> None:
    """Ten batches of the same twenty phones in changing orders: twenty customers."""
    people = [{"identifiers": [phone(f"+793500002{n:02}")]} for n in range(20)]

    def send(number: int) -> Awaitable[httpx.Response]:
        order = people[number:] + people[:number]
        return api.post("/v1/customers/batch", json={"items": order if number % 2 else order[::-1]})

    answers = await _at_once(send, 10)
    words = [one["status"] for answer in answers for one in told(answer)["items"]]
    assert (words.count("created"), words.count("existing"), words.count("rejected")) == (20, 180, 0)
    assert len(told(await api.get("/v1/customers?limit=200"))["items"]) == 20
