"""Settings, stores, registers, employees and products."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from tests.support.feed import deliver
from tests.support.foreign import customer, key_of, refused, told
from tests.support.shop import Base

PLACES = {
    "/v1/stores": {"code": "main", "name": "Главный", "time_zone": "Asia/Omsk", "currency": "RUB", "address": "Омск"},
    "/v1/registers": {"code": "1", "name": "Касса 1"},
    "/v1/employees": {"code": "e-5", "name": "Лена", "role": "продавец"},
}


@pytest.mark.parametrize("path", PLACES)
async def test_plain_records_live_a_plain_life(api: httpx.AsyncClient, path: str) -> None:
    """Create, read, list, find by code, patch, archive and restore; a code is taken once."""
    body = PLACES[path]
    made = told(await api.post(path, json=body), 201)
    assert {name: made[name] for name in body} == body
    assert (made["confirmed"], made["archived_at"]) == (True, None)
    one = f"{path}/{made['id']}"
    assert told(await api.get(one)) == made
    assert [item["id"] for item in told(await api.get(path, params={"code": body["code"]}))["items"]] == [made["id"]]
    assert told(await api.get(path, params={"code": "other"}))["items"] == []
    refused(await api.post(path, json=body), 409, "code-taken")
    changed = told(await api.patch(one, json={"name": None}))
    assert (changed["name"], changed["code"]) == (None, body["code"])
    for _ in range(2):
        assert told(await api.post(f"{one}/archive"))["archived_at"].endswith("Z")
    assert told(await api.get(path))["items"] == []
    assert len(told(await api.get(f"{path}?archived=true"))["items"]) == 1
    refused(await api.post(path, json=body), 409, "code-taken")
    for _ in range(2):
        assert told(await api.post(f"{one}/restore"))["archived_at"] is None


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"code": ""}, 400),
        ({"code": "x" * 65}, 400),
        ({"code": None}, 400),
        ({"code": 5}, 400),
        ({"code": "a\u0000"}, 400),
        ({"name": "x" * 201}, 400),
        ({"confirmed": "yes"}, 400),
        ({"id": str(uuid4())}, 400),
    ],
)
async def test_records_of_another_form_are_400(
    shop: httpx.AsyncClient, path: str, fields: dict[str, Any], status: int
) -> None:
    """Codes have 1 to 64 characters, names at most 200."""
    refused(await shop.post(path, json={"code": "c", **fields}), status, "invalid-request", f"/{next(iter(fields))}")


@pytest.mark.parametrize("code", ["Касса №1", "a b", "1/2", "{id}", "🏪", "ё", "main'; --", "%2F"])
async def test_codes_are_kept_as_sent(shop: httpx.AsyncClient, code: str) -> None:
    """They are the shop's own; found again by a filter."""
    for path in PLACES:
        made = told(await shop.post(path, json={"code": code}), 201)
        assert made["code"] == code
        assert [one["id"] for one in told(await shop.get(path, params={"code": code}))["items"]] == [made["id"]]


async def test_what_a_store_has_must_exist(shop: httpx.AsyncClient) -> None:
    """A zone or currency that does not exist is 422."""
    answer = await shop.post("/v1/stores", json={"code": "x", "time_zone": "Omsk", "currency": "ZZZ"})
    refused(answer, 422, None, "/time_zone", "/currency")


async def test_codes_that_a_till_makes_up_are_records_to_be_confirmed(api: httpx.AsyncClient) -> None:
    """Unconfirmed until somebody confirms them; the filter shows which wait."""
    await customer(api, given_name="A", acquisition={"store": "north", "employee": "e-9"})
    for path, code in (("/v1/stores", "north"), ("/v1/employees", "e-9")):
        (waiting,) = told(await api.get(f"{path}?confirmed=false"))["items"]
        assert (waiting["code"], waiting["confirmed"]) == (code, False)
        confirmed = told(await api.patch(f"{path}/{waiting['id']}", json={"confirmed": True, "name": "Север"}))
        assert (confirmed["confirmed"], confirmed["name"]) == (True, "Север")
        assert told(await api.get(f"{path}?confirmed=false"))["items"] == []
        assert len(told(await api.get(f"{path}?confirmed=true"))["items"]) == 1
        refused(await api.get(f"{path}?confirmed=maybe"), 400, "invalid-request")


async def test_a_register_is_of_its_store(api: httpx.AsyncClient) -> None:
    """The same code in two stores is two registers; unknown store codes in any body become records."""
    for store in ("north", "south"):
        told(await api.post("/v1/registers", json={"code": "1", "store": store}), 201)
    refused(await api.post("/v1/registers", json={"code": "1", "store": "north"}), 409, "code-taken")
    assert len(told(await api.get("/v1/registers?code=1"))["items"]) == 2
    assert len(told(await api.get("/v1/registers?store=south"))["items"]) == 1
    assert {one["code"]: one["confirmed"] for one in told(await api.get("/v1/stores"))["items"]} == {
        "north": False,
        "south": False,
    }


@pytest.mark.parametrize(
    ("role", "stores", "employees", "settings"),
    [
        ("owner", "rw", "rw", "rw"),
        ("manager", "r", "r", ""),
        ("marketer", "r", "", ""),
        ("seller", "r", "", ""),
        ("cashier", "r", "", ""),
        ("accountant", "r", "", ""),
        ("dpo", "r", "r", "r"),
        ("integration", "rw", "rw", ""),
    ],
)
async def test_roles_reach_what_is_theirs(
    shop: httpx.AsyncClient, role: str, stores: str, employees: str, settings: str
) -> None:
    """403 beyond it."""
    headers = await key_of(shop, role)
    calls = {
        ("stores", "r"): await shop.get("/v1/stores", headers=headers),
        ("stores", "w"): await shop.post("/v1/stores", json={"code": role}, headers=headers),
        ("employees", "r"): await shop.get("/v1/employees", headers=headers),
        ("employees", "w"): await shop.post("/v1/employees", json={"code": role}, headers=headers),
        ("settings", "r"): await shop.get("/v1/settings", headers=headers),
        ("settings", "w"): await shop.patch("/v1/settings", json={}, headers=headers),
    }
    allowed = {"stores": stores, "employees": employees, "settings": settings}
    for (what, how), answer in calls.items():
        if how in allowed[what]:
            assert answer.is_success, (what, how, answer.text)
        else:
            refused(answer, 403, "forbidden")


async def test_settings_have_presets_and_take_a_merge_patch(api: httpx.AsyncClient) -> None:
    """null puts one back to its preset; what the operator set is not the owner's to change."""
    preset = told(await api.get("/v1/settings"))
    assert (preset["country"], preset["currency"], preset["time_zone"]) == ("RU", "RUB", "Europe/Moscow")
    patch = {"name": "Другая", "time_zone": "Asia/Omsk", "locale": "en", "lifecycle": {"lost_days": 400}}
    changed = told(await api.patch("/v1/settings", json=patch))
    assert (changed["name"], changed["time_zone"], changed["locale"]) == ("Другая", "Asia/Omsk", "en")
    assert changed["lifecycle"] == {**preset["lifecycle"], "lost_days": 400}
    assert told(await api.get("/v1/me"))["tenant"]["name"] == "Другая"
    back = told(await api.patch("/v1/settings", json={"lifecycle": {"lost_days": None}}))
    assert back["lifecycle"] == preset["lifecycle"]
    told(await api.patch("/v1/settings", json={"lifecycle": {"new_days": 5}}))
    assert told(await api.patch("/v1/settings", json={"lifecycle": None}))["lifecycle"] == preset["lifecycle"]
    for forbidden in ({"country": "UA"}, {"currency": "EUR"}, {"jurisdiction": "eu"}, {"status": "active"},
                      {"name": None}, {"lifecycle": {"lost_days": 0}}, {"lifecycle": {"x": 1}}):  # fmt: skip
        refused(await api.patch("/v1/settings", json=forbidden), 400, "invalid-request")
    refused(await api.patch("/v1/settings", json={"time_zone": "Omsk"}), 422, None, "/time_zone")
    odd = {"lifecycle": {"at_risk_days": 300, "sleeping_days": 200}}
    refused(await api.patch("/v1/settings", json=odd), 422)


async def test_a_changed_border_moves_stages_at_once(api: httpx.AsyncClient) -> None:
    """A19: the stage follows the owner's thresholds."""
    anna = await customer(api, given_name="Анна")
    sale = {
        "source": "till-1", "external_id": "1", "kind": "sale", "sold_at": "2026-09-21T12:00:00Z", "currency": "RUB",
        "total": 100, "lines": [{"line": "1", "quantity": "1", "unit_price": 100, "total": 100}],
        "customer": {"id": anna["id"]},
    }  # fmt: skip
    told(await api.post("/v1/receipts", json=sale), 201)
    path = f"/v1/customers/{anna['id']}"
    assert told(await api.get(path))["lifecycle"] == "one_off"
    told(await api.patch("/v1/settings", json={"lifecycle": {"new_days": 3650}}))
    assert told(await api.get(path))["lifecycle"] == "new"
    assert len(told(await api.get("/v1/customers?lifecycle=new"))["items"]) == 1
    borders = {"new_days": 5, "at_risk_days": 10, "sleeping_days": 20, "lost_days": 30}
    told(await api.patch("/v1/settings", json={"lifecycle": borders}))
    assert told(await api.get(path))["lifecycle"] == "lost"
    assert len(told(await api.get("/v1/customers?lifecycle=lost"))["items"]) == 1


@pytest_asyncio.fixture
async def sold(api: httpx.AsyncClient, base: Base) -> httpx.AsyncClient:
    """A shop whose till has sold three goods, seen by the worker."""
    lines = [
        {"line": "1", "sku": "4600000000017", "gtin": "4600000000017", "name": "Кофе", "category": "coffee",
         "brand": "Лавка", "quantity": "1", "unit_price": 100, "total": 100},
        {"line": "2", "sku": "tea", "name": "Чай", "category": "tea", "quantity": "2", "unit_price": 50, "total": 100},
        {"line": "3", "name": "Без кода", "quantity": "1", "unit_price": 50, "total": 50},
    ]  # fmt: skip
    sale = {
        "source": "till-1", "external_id": "1", "kind": "sale", "sold_at": "2026-11-20T12:00:00Z", "currency": "RUB",
        "total": 250, "lines": lines,
    }  # fmt: skip
    told(await api.post("/v1/receipts", json=sale), 201)
    await deliver(base, UUID(told(await api.get("/v1/me"))["tenant_id"]))
    return api


async def test_products_are_known_by_the_lines_that_name_them(sold: httpx.AsyncClient) -> None:
    """A141: fed by lines, unconfirmed; filtered by sku, gtin, category, brand; what is confirmed stays as it is."""
    items = {one["sku"]: one for one in told(await sold.get("/v1/products"))["items"]}
    assert set(items) == {"4600000000017", "tea"}
    coffee = items["4600000000017"]
    assert (coffee["name"], coffee["category"], coffee["brand"], coffee["confirmed"]) == (
        "Кофе", "coffee", "Лавка", False,
    )  # fmt: skip
    for query, count in (("sku=tea", 1), ("gtin=4600000000017", 1), ("category=tea", 1), ("brand=Лавка", 1),
                         ("sku=nothing", 0), ("confirmed=true", 0), ("sku=tea&category=coffee", 0)):  # fmt: skip
        assert len(told(await sold.get(f"/v1/products?{query}"))["items"]) == count, query
    path = f"/v1/products/{coffee['id']}"
    changed = told(await sold.patch(path, json={"name": "Кофе в зёрнах", "confirmed": True, "restrictions": []}))
    assert (changed["name"], changed["confirmed"]) == ("Кофе в зёрнах", True)
    assert told(await sold.get(path)) == changed
    for bad in ({"sku": "x"}, {"last_unit_price": 1}, {"restrictions": ["guns"]}, {"confirmed": None}):
        refused(await sold.patch(path, json=bad), 400, "invalid-request")
    refused(await sold.get(f"/v1/products/{uuid4()}"), 404, "product-not-found")
    for role in ("cashier", "seller"):
        refused(await sold.get("/v1/products", headers=await key_of(sold, role)), 403, "forbidden")


NAMED = {
    "/v1/stores": {"code": "named"},
    "/v1/registers": {"code": "named"},
    "/v1/employees": {"code": "named"},
}


@pytest.mark.parametrize("path", NAMED)
async def test_names_of_records_are_clean_lines(api: httpx.AsyncClient, path: str) -> None:
    """Control characters and direction marks go; a name that shows nothing is none."""
    made = told(await api.post(path, json={**NAMED[path], "name": " Лен\u202eа\u0007\t и\u200b Ко "}), 201)
    assert made["name"] == "Лена и Ко"
    assert told(await api.patch(f"{path}/{made['id']}", json={"name": "\u202e "}))["name"] is None


async def test_names_of_what_must_have_one_show_something(api: httpx.AsyncClient, operator: httpx.AsyncClient) -> None:
    """422 for a shop, a key and a field whose name nobody can see."""
    shop = {"name": "\u202e ", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}
    refused(await operator.post("/v1/tenants", json=shop), 422, None, "/name")
    refused(await api.patch("/v1/settings", json={"name": " "}), 422, None, "/name")
    refused(await api.post("/v1/api-keys", json={"name": "\u200b", "role": "cashier"}), 422, None, "/name")
    field = {"code": "a", "type": "bool", "label": "\u2066"}
    refused(await api.post("/v1/custom-fields", json=field), 422, None, "/label")
    assert told(await api.patch("/v1/settings", json={"name": " Лав\u0007ка "}))["name"] == "Лавка"
