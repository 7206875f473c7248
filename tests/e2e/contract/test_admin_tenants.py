"""Tenants, their suspension, and who a credential is."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.foreign import all_items, customer, is_uuid7, key_of, phone, refused, resolved, told

SHOP = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}
ROLES = ("owner", "manager", "marketer", "seller", "cashier", "accountant", "dpo", "integration")


async def _opened(operator: httpx.AsyncClient, **fields: Any) -> tuple[dict[str, Any], dict[str, str]]:
    opened = told(await operator.post("/v1/tenants", json={**SHOP, **fields}), 201)
    return opened, {"Authorization": f"Bearer {opened['api_key']}"}


@pytest.mark.parametrize(
    ("fields", "jurisdiction"),
    [
        ({}, "ru"),
        ({"country": "UA", "currency": "UAH", "time_zone": "Europe/Kyiv", "locale": "uk"}, "ua"),
        ({"country": "DE", "currency": "EUR", "time_zone": "Europe/Berlin", "locale": "de"}, "eu"),
        ({"jurisdiction": "ru"}, "ru"),
        ({"country": "KZ", "currency": "KZT", "time_zone": "Asia/Almaty", "locale": "ru", "jurisdiction": "ru"}, "ru"),
    ],
)
async def test_an_operator_opens_a_shop(
    operator: httpx.AsyncClient, edge: httpx.AsyncClient, fields: dict[str, str], jurisdiction: str
) -> None:
    """201 with id, status and api_key, the key of role owner, shown once; the key works at once."""
    opened, headers = await _opened(operator, **fields)
    assert is_uuid7(opened["id"])
    assert (opened["status"], opened["jurisdiction"]) == ("active", jurisdiction)
    wanted = {**SHOP, **fields}
    assert {name: opened[name] for name in wanted} == wanted
    assert opened["api_key"].startswith("rgl_live_")
    me = told(await edge.get("/v1/me", headers=headers))
    assert (me["tenant_id"], me["role"], me["kind"], me["mode"]) == (opened["id"], "owner", "key", "live")
    assert "api_key" not in told(await operator.get(f"/v1/tenants/{opened['id']}"))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"country": "ru"}, 400),
        ({"country": "RUS"}, 400),
        ({"country": "ZZ"}, 422),
        ({"country": None}, 400),
        ({"currency": "rub"}, 400),
        ({"currency": "ZZZ"}, 422),
        ({"time_zone": "Moscow"}, 422),
        ({"time_zone": "UTC+3"}, 422),
        ({"time_zone": "localtime"}, 422),
        ({"time_zone": "europe/moscow"}, 422),
        ({"time_zone": ""}, 400),
        ({"locale": "русский"}, 400),
        ({"jurisdiction": "mars"}, 400),
        ({"jurisdiction": "zz"}, 422),
        ({"name": ""}, 400),
        ({"name": "x" * 201}, 400),
        ({"id": str(uuid4())}, 400),
        ({"api_key": "x"}, 400),
    ],
)
async def test_settings_that_cannot_be_are_refused(
    operator: httpx.AsyncClient, fields: dict[str, Any], status: int
) -> None:
    """400 by the schema, 422 for a country, currency, zone or law that does not exist; the pointer says which."""
    refused(await operator.post("/v1/tenants", json={**SHOP, **fields}), status, None, f"/{next(iter(fields))}")


async def test_what_is_missing_is_told_at_once(operator: httpx.AsyncClient) -> None:
    """Only the jurisdiction may be left out, and what follows from the country."""
    pointers = {e["pointer"] for e in refused(await operator.post("/v1/tenants", json={}), 400)["errors"]}
    assert pointers >= {"/name", "/country", "/currency", "/time_zone"}
    assert "/jurisdiction" not in pointers


async def test_an_operator_lists_and_shows_shops(operator: httpx.AsyncClient) -> None:
    """Oldest first, page by page; an unknown id is 404."""
    ids = [(await _opened(operator))[0]["id"] for _ in range(3)]
    listed = [one["id"] for one in await all_items(operator, "/v1/tenants", limit=200)]
    assert [one for one in listed if one in ids] == ids
    assert told(await operator.get(f"/v1/tenants/{ids[0]}"))["id"] == ids[0]
    for unknown in (str(uuid4()), "nonsense"):
        refused(await operator.get(f"/v1/tenants/{unknown}"), 404)
        refused(await operator.post(f"/v1/tenants/{unknown}/suspend"), 404)
    refused(await operator.get("/v1/tenants?limit=0"), 400, "invalid-request")


@pytest.mark.parametrize("role", ROLES)
async def test_a_shop_s_key_sees_no_tenants(shop: httpx.AsyncClient, role: str) -> None:
    """403 whatever the role."""
    headers = await key_of(shop, role)
    own = told(await shop.get("/v1/me", headers=headers))["tenant_id"]
    refused(await shop.get("/v1/tenants", headers=headers), 403, "forbidden")
    refused(await shop.get(f"/v1/tenants/{own}", headers=headers), 403, "forbidden")
    refused(await shop.post("/v1/tenants", json=SHOP, headers=headers), 403, "forbidden")
    refused(await shop.post(f"/v1/tenants/{own}/suspend", headers=headers), 403, "forbidden")


async def test_an_operator_is_told_who_it_is(operator: httpx.AsyncClient) -> None:
    """/v1/me without a tenant."""
    me = told(await operator.get("/v1/me"))
    assert (me["kind"], me["role"], me["tenant_id"], me["tenant"]) == ("operator", "operator", None, None)
    assert "tenants:manage" in me["permissions"]
    assert not any(one.startswith(("customers", "receipts")) for one in me["permissions"])


@pytest.mark.parametrize("role", ROLES)
async def test_me_says_tenant_role_and_permissions(shop: httpx.AsyncClient, role: str) -> None:
    """Permissions are those that `x-permission` names in the contract."""
    me = told(await shop.get("/v1/me", headers=await key_of(shop, role)))
    assert me["role"] == role
    assert me["tenant_id"] == me["tenant"]["id"]
    assert (me["tenant"]["country"], me["tenant"]["currency"]) == ("RU", "RUB")
    assert me["permissions"] == sorted(me["permissions"])
    assert "me:read" in me["permissions"]
    writers = {"owner", "manager", "seller", "cashier", "integration"}
    assert ("receipts:write" in me["permissions"]) is (role in writers)
    assert not {"contacts:export", "keys:approve", "tenants:manage"} & set(me["permissions"])


async def test_an_owner_s_key_has_every_permission_of_the_contract(
    shop: httpx.AsyncClient, edge: httpx.AsyncClient
) -> None:
    """Except export of contacts, four-eyes key management and platform operations."""
    contract = (await edge.get("/openapi.json")).json()
    asked = {
        operation["x-permission"]
        for item in contract["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    }
    me = told(await shop.get("/v1/me"))
    assert asked - set(me["permissions"]) == {"public", "tenants:read", "tenants:manage"}


async def test_a_suspended_shop_is_shut_for_tills_and_writers(
    operator: httpx.AsyncClient, edge: httpx.AsyncClient
) -> None:
    """403 tenant-suspended; owner and data-protection officer keep reads; a resume opens it again."""
    opened, owner = await _opened(operator)
    made = told(await edge.post("/v1/customers", json={"identifiers": [phone("+79350000001")]}, headers=owner), 201)
    api = httpx.AsyncClient(transport=edge._transport, base_url=edge.base_url, headers=owner)
    keys = {role: await key_of(api, role) for role in ROLES}
    sale = {
        "source": "till-1", "external_id": "1", "kind": "sale", "sold_at": "2026-11-20T12:00:00Z", "currency": "RUB",
        "total": 100, "lines": [{"line": "1", "quantity": "1", "unit_price": 100, "total": 100}],
    }  # fmt: skip
    for _ in range(2):
        assert told(await operator.post(f"/v1/tenants/{opened['id']}/suspend"))["status"] == "suspended"
    refused(await api.post("/v1/customers", json={"given_name": "A"}), 403, "tenant-suspended")  # a key just used
    resolve = {"identifiers": [phone("+79350000001")]}
    path = f"/v1/customers/{made['id']}"
    for role in ("owner", "manager", "seller", "cashier", "integration"):
        refused(await api.post("/v1/customers/resolve", json=resolve, headers=keys[role]), 403, "tenant-suspended")
        refused(await api.post("/v1/receipts", json=sale, headers=keys[role]), 403, "tenant-suspended")
        refused(await api.get(f"{path}/till-view", headers=keys[role]), 403, "tenant-suspended")
    for role in ("owner", "manager", "integration"):
        refused(await api.post("/v1/customers", json={"given_name": "A"}, headers=keys[role]), 403, "tenant-suspended")
        refused(await api.patch(path, json={"given_name": "A"}, headers=keys[role]), 403, "tenant-suspended")
    for role in ("manager", "integration"):
        refused(await api.get("/v1/customers", headers=keys[role]), 403, "tenant-suspended")
    for role in ("owner", "dpo"):
        for read in ("/v1/customers", path, f"{path}/timeline", f"{path}/card", "/v1/changes", "/v1/me", "/v1/stores"):
            told(await api.get(read, headers=keys[role]))
        for read in ("/v1/receipts", f"/v1/loyalty/accounts?customer_id={made['id']}", "/v1/loyalty/programs"):
            told(await api.get(read, headers=keys[role]))
        told(await api.post("/v1/customers/search", json={"phone_ending": "0001"}, headers=keys[role]))
    me = told(await api.get("/v1/me"))
    assert me["tenant"]["status"] == "suspended"
    for _ in range(2):
        assert told(await operator.post(f"/v1/tenants/{opened['id']}/resume"))["status"] == "active"
    found = await resolved(api, phone("+79350000001"), headers=keys["cashier"])
    assert found["customer"]["id"] == made["id"]
    await customer(api, given_name="A")
    await api.aclose()
