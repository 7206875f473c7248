"""§Conventions: lists, cursors and batches."""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.support.foreign import all_items, customer, phone, refused, told

LISTS = (
    "/v1/customers",
    "/v1/stores",
    "/v1/registers",
    "/v1/employees",
    "/v1/products",
    "/v1/tags",
    "/v1/custom-fields",
    "/v1/api-keys",
    "/v1/changes",
)


@pytest.mark.parametrize("path", LISTS)
async def test_limits_go_from_1_to_200(shop: httpx.AsyncClient, path: str) -> None:
    """Outside is 400, as is what is no whole number or given twice."""
    for good in ("1", "50", "200"):
        told(await shop.get(f"{path}?limit={good}"))
    for bad in ("0", "201", "-1", "1.5", "1e2", "ten", "", "99999999999999999999", "1&limit=2", "%D9%A1"):
        refused(await shop.get(f"{path}?limit={bad}"), 400, "invalid-request")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["", "abc", "%00", "x" * 2000, "WzFd", "WzEsMV0", "bnVsbA", "e30", "WzEsWzFdXQ"])
async def test_a_cursor_that_is_none_is_400(shop: httpx.AsyncClient, path: str, cursor: str) -> None:
    """Nonsense, other JSON in base64, emptiness."""
    answer = await shop.get(f"{path}?cursor={cursor}")
    if path == "/v1/changes" and cursor == "WzEsMV0":  # a position is a number: there this is a cursor
        told(answer)
    else:
        refused(answer, 400, "invalid-request")


def _cursor(*position: Any) -> str:
    """Return a cursor that nobody was given, with the right form around what stands in it."""
    return base64.urlsafe_b64encode(json.dumps([1, *position]).encode()).decode().rstrip("=")


ID = "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d"


@pytest.mark.parametrize(
    "position",
    [
        ("9999-12-31T23:59:59-14:00", ID),
        ("0001-01-01T00:00:00+14:00", ID),
        ("2026-11-22T00:00:00", ID),
        ("2026-11-22", ID),
        ("2026-11-22T00:00:00Z", "x"),
        (2**40, ID),
        (2**63, ID),
        (-1, ID),
        ("a\u0000b",),
        ("\ud800",),
        (ID, ID),
        (True,),
        (None,),
        (1.5,),
    ],
)
async def test_a_forged_cursor_is_400(shop: httpx.AsyncClient, position: tuple[Any, ...]) -> None:
    """In every list, whatever somebody writes into it."""
    anna = await customer(shop, given_name="Анна")
    here = f"/v1/customers/{anna['id']}"
    for path in (*LISTS, f"{here}/notes", f"{here}/timeline", "/v1/receipts", "/v1/receipts/parked"):
        refused(await shop.get(path, params={"cursor": _cursor(*position)}), 400, "invalid-request")
    for body in ({}, {"name": "Анна"}):
        answer = await shop.post("/v1/customers/search", json={**body, "cursor": _cursor(*position)})
        refused(answer, 400, "invalid-request")


async def _filled(shop: httpx.AsyncClient) -> dict[str, list[str]]:
    """Put three things into each list that has a POST; return their ids, oldest first."""
    bodies: dict[str, Any] = {
        "/v1/customers": lambda n: {"given_name": f"A{n}"},
        "/v1/stores": lambda n: {"code": f"s{n}"},
        "/v1/registers": lambda n: {"code": f"r{n}"},
        "/v1/employees": lambda n: {"code": f"e{n}"},
        "/v1/tags": lambda n: {"name": f"t{n}"},
        "/v1/custom-fields": lambda n: {"code": f"f{n}", "type": "string", "label": "A"},
        "/v1/api-keys": lambda n: {"name": f"k{n}", "role": "cashier"},
    }
    return {
        path: [told(await shop.post(path, json=body(n)), 201)["id"] for n in range(3)] for path, body in bodies.items()
    }


async def test_pages_neither_skip_nor_repeat_and_end_with_null(api: httpx.AsyncClient) -> None:
    """`{"items", "next_cursor"}`: pages of one together are the list in one page; the order holds while rows arrive."""
    made = await _filled(api)
    cursors = {}
    for path, ids in made.items():
        whole = told(await api.get(path, params={"limit": 200}))
        assert set(whole) == {"items", "next_cursor"}
        assert whole["next_cursor"] is None
        order = [one["id"] for one in whole["items"]]
        assert set(ids) <= set(order)
        assert [one["id"] for one in await all_items(api, path, limit=1)] == order, path
        assert [one["id"] for one in await all_items(api, path, limit=len(order))] == order, path
        first = told(await api.get(path, params={"limit": 2}))
        cursors[path] = (order, first["next_cursor"])
    await api.post("/v1/customers", json={"given_name": "Late"})
    await api.post("/v1/stores", json={"code": "a0"})
    await api.post("/v1/tags", json={"name": "a0"})
    for path, (order, cursor) in cursors.items():
        rest = told(await api.get(path, params={"cursor": cursor, "limit": 200}))["items"]
        known = [one["id"] for one in rest if one["id"] in order]
        assert known == order[2:], path


async def test_a_cursor_of_another_list_is_400_or_shows_only_ones_own(
    api: httpx.AsyncClient, kyiv: httpx.AsyncClient
) -> None:
    """A cursor is of its list; in another shop it opens nothing."""
    await _filled(api)
    await customer(kyiv, given_name="Ганна")
    page = told(await api.get("/v1/customers?limit=1"))
    for path in ("/v1/stores", "/v1/changes", "/v1/tags", "/v1/custom-fields"):
        refused(await api.get(path, params={"cursor": page["next_cursor"]}), 400, "invalid-request")
    tags = told(await api.get("/v1/tags?limit=1"))
    refused(await api.get("/v1/customers", params={"cursor": tags["next_cursor"]}), 400, "invalid-request")
    elsewhere = told(await kyiv.get("/v1/customers", params={"cursor": page["next_cursor"]}))
    assert {one["given_name"] for one in elsewhere["items"]} <= {"Ганна"}


async def test_a_cursor_of_a_search_is_no_cursor_of_a_list(api: httpx.AsyncClient) -> None:
    """Search has cursors of its own, by name as by filters; limits hold in its body too."""
    for number in range(3):
        await customer(api, given_name=f"Анна{'абв'[number]}")
    page = told(await api.post("/v1/customers/search", json={"name": "Анна", "limit": 2}))
    assert (len(page["items"]), page["next_cursor"] is None) == (2, False)
    rest = told(await api.post("/v1/customers/search", json={"name": "Анна", "cursor": page["next_cursor"]}))
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    refused(await api.get("/v1/customers", params={"cursor": page["next_cursor"]}), 400, "invalid-request")
    for bad in (0, 201, "5", 1.5, -1, True):
        refused(await api.post("/v1/customers/search", json={"limit": bad}), 400, "invalid-request", "/limit")
    for bad in ("abc", "", 5):
        refused(await api.post("/v1/customers/search", json={"cursor": bad}), 400, "invalid-request")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": None},
        {"items": {}},
        {"items": "x"},
        {"items": [{"given_name": "A"}] * 501},
        {"items": [{"given_name": "A"}], "dry_run": True},
        [{"given_name": "A"}],
    ],
)
async def test_a_batch_has_1_to_500_items(shop: httpx.AsyncClient, body: Any) -> None:
    """Anything else is 400 as a whole, and nothing is stored."""
    refused(await shop.post("/v1/customers/batch", json=body), 400, "invalid-request")


async def test_one_bad_item_never_fails_its_neighbours(api: httpx.AsyncClient) -> None:
    """In order: created with the customer's fields, existing with `customer_id` only, rejected with a problem."""
    old = await customer(api, "+79350000001")
    items: list[Any] = [
        {"given_name": "Первая", "identifiers": [phone("+79350000002")]},
        {"given_name": 5},
        {"identifiers": [phone("8 (935) 000-00-01")]},
        {"identifiers": [phone("12")]},
        {},
        None,
        {"given_name": "Вторая", "identifiers": [phone("+7 935 000 00 02")]},
        {"given_name": "Без", "owner_id": "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d"},
        {"given_name": "Последняя", "custom": {"nothing": 1}},
        {"given_name": "Хорошая"},
    ]
    answers = told(await api.post("/v1/customers/batch", json={"items": items}))["items"]
    assert [one["status"] for one in answers] == [
        "created", "rejected", "existing", "rejected", "rejected", "rejected", "existing", "rejected", "rejected",
        "created",
    ]  # fmt: skip
    single = told(await api.get(f"/v1/customers/{answers[0]['id']}"))
    assert {**single, "metrics": 0} == {
        name: value for name, value in {**answers[0], "metrics": 0}.items() if name != "status"
    }
    assert answers[2] == {"status": "existing", "customer_id": old["id"]}
    assert answers[6] == {"status": "existing", "customer_id": answers[0]["id"]}
    for position, status, code in ((1, 400, "invalid-request"), (3, 422, "invalid-value"), (4, 422, "empty-customer"),
                                   (5, 400, "invalid-request"), (7, 422, "unknown-reference")):  # fmt: skip
        one = answers[position]
        assert set(one) == {"status", "problem"}
        assert (one["problem"]["status"], one["problem"]["code"]) == (status, code)
        assert one["problem"]["type"] == f"/problems/{code}"
        assert one["problem"]["trace_id"]
    assert answers[1]["problem"]["errors"][0]["pointer"] == "/given_name"
    assert answers[3]["problem"]["errors"][0]["pointer"] == "/identifiers/0/value"
    assert len(told(await api.get("/v1/customers"))["items"]) == 3


async def test_items_take_effect_one_after_another(api: httpx.AsyncClient) -> None:
    """What an earlier item creates a later one finds: two identifiers of two earlier items, one of a refused one."""
    items = [
        {"given_name": "A", "identifiers": [phone("+79350000011")]},
        {"given_name": "B", "identifiers": [phone("+79350000012"), phone("11")]},
        {"given_name": "C", "identifiers": [phone("+79350000012")]},
        {"given_name": "D", "identifiers": [phone("+79350000012"), phone("+79350000011")]},
    ]
    answers = told(await api.post("/v1/customers/batch", json={"items": items}))["items"]
    assert [one["status"] for one in answers] == ["created", "rejected", "created", "existing"]
    assert answers[3]["customer_id"] in {answers[0]["id"], answers[2]["id"]}


async def test_a_dry_run_answers_alike_and_stores_nothing(api: httpx.AsyncClient) -> None:
    """`?dry_run=true` on commands that change more than one record."""
    anna = await customer(api, given_name="Анна")
    items = {"items": [{"given_name": "B", "tags": ["new"], "acquisition": {"store": "new"}}, {}]}
    dry = told(await api.post("/v1/customers/batch?dry_run=true", json=items))["items"]
    assert [one["status"] for one in dry] == ["created", "rejected"]
    body = {"add": ["coffee"], "customer_ids": [anna["id"]]}
    assert told(await api.post("/v1/tags/apply?dry_run=true", json=body))["added"] == 1
    assert [one["id"] for one in told(await api.get("/v1/customers"))["items"]] == [anna["id"]]
    assert told(await api.get("/v1/tags"))["items"] == []
    assert told(await api.get("/v1/stores"))["items"] == []
    assert told(await api.get(f"/v1/customers/{anna['id']}"))["tags"] == []
    for bad in ("yes", "2", "", "true&dry_run=true", "null"):
        refused(await api.post(f"/v1/tags/apply?dry_run={bad}", json=body), 400, "invalid-request")
    assert told(await api.post("/v1/tags/apply?dry_run=false", json=body))["added"] == 1
    refused(await api.post("/v1/customers?dry_run=true", json={"given_name": "A"}), 400, "invalid-request")


async def test_a_dry_run_takes_no_idempotency_key(api: httpx.AsyncClient) -> None:
    """The trial leaves the key free for the real call."""
    items = {"items": [{"given_name": "Анна"}]}
    key = {"idempotency-key": "import-2026-11-21"}
    told(await api.post("/v1/customers/batch?dry_run=true", json=items, headers=key))
    real = await api.post("/v1/customers/batch", json=items, headers=key)
    assert told(real)["items"][0]["status"] == "created"
    assert "idempotent-replayed" not in real.headers
    again = await api.post("/v1/customers/batch", json=items, headers=key)
    assert again.content == real.content
    assert len(told(await api.get("/v1/customers"))["items"]) == 1
