"""The operator opens, lists, suspends and resumes shops."""

from uuid import uuid4

import httpx
import pytest

from tests.support.waiting import until

SHOP = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}


async def opened(operator: httpx.AsyncClient, **fields: object) -> dict[str, object]:
    answer = await operator.post("/v1/tenants", json=SHOP | fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def bearer(key: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_an_operator_opens_a_shop_and_its_owner_walks_in(operator: httpx.AsyncClient) -> None:
    """POST /v1/tenants: 201 with id, status and the owner's key; the key works at once."""
    shop = await opened(operator)

    assert shop["status"] == "active"
    assert shop["jurisdiction"] == "ru"
    assert str(shop["api_key"]).startswith("rgl_live_")
    me = (await operator.get("/v1/me", headers=bearer(shop["api_key"]))).json()
    assert (me["tenant_id"], me["role"]) == (shop["id"], "owner")


async def test_the_owners_key_is_shown_once(operator: httpx.AsyncClient) -> None:
    """The replay of an idempotent call has null in place of the secret; GET never shows it."""
    headers = {"Idempotency-Key": f"open-{uuid4()}"}
    first = await operator.post("/v1/tenants", json=SHOP, headers=headers)
    again = await operator.post("/v1/tenants", json=SHOP, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json() | {"api_key": None}
    shown = (await operator.get(f"/v1/tenants/{first.json()['id']}")).json()
    assert "api_key" not in shown


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"country": "XX"}, ["/country"]),
        ({"currency": "ABC"}, ["/currency"]),
        ({"time_zone": "Europe/Atlantis"}, ["/time_zone"]),
        ({"jurisdiction": "xx"}, ["/jurisdiction"]),
        ({"country": "XX", "currency": "ABC", "time_zone": "Moon"}, ["/country", "/currency", "/time_zone"]),
    ],
)
async def test_settings_that_name_nothing_are_refused_all_at_once(
    operator: httpx.AsyncClient, fields: dict[str, object], pointers: list[str]
) -> None:
    """Well-formed codes that do not exist break a rule: 422 with every error."""
    answer = await operator.post("/v1/tenants", json=SHOP | fields)

    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown-setting"
    assert [e["pointer"] for e in answer.json()["errors"]] == pointers


@pytest.mark.parametrize(
    ("fields"), [{"name": ""}, {"country": "Russia"}, {"currency": "rub"}, {"unknown": 1}, {"locale": "русский"}]
)
async def test_a_malformed_shop_is_refused(operator: httpx.AsyncClient, fields: dict[str, object]) -> None:
    """What does not match the schema is 400."""
    assert (await operator.post("/v1/tenants", json=SHOP | fields)).status_code == 400


@pytest.mark.parametrize(
    ("country", "law", "locale"), [("RU", "ru", "ru"), ("UA", "ua", "uk"), ("DE", "eu", "en"), ("KZ", "eu", "ru")]
)
async def test_law_and_language_follow_the_country(
    operator: httpx.AsyncClient, country: str, law: str, locale: str
) -> None:
    """Without a jurisdiction the country decides; one without a pack gets the strictest."""
    body = {k: v for k, v in SHOP.items() if k != "locale"} | {"country": country}
    answer = await operator.post("/v1/tenants", json=body)

    assert (answer.json()["jurisdiction"], answer.json()["locale"]) == (law, locale)


async def test_shops_are_listed_page_by_page(operator: httpx.AsyncClient) -> None:
    """Lists have an order that stays while rows arrive."""
    made = [(await opened(operator, name=f"Лавка {n}"))["id"] for n in range(3)]
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = (await operator.get("/v1/tenants", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert [tenant for tenant in found if tenant in made] == made
    assert len(set(found)) == len(found)


async def test_a_suspended_shop_keeps_reads_of_its_owner_only(operator: httpx.AsyncClient) -> None:
    """Decision 27: tills and writers get 403 tenant-suspended; the owner reads on; resuming lets everybody in."""
    shop = await opened(operator)
    owner = bearer(shop["api_key"])
    made = await operator.post("/v1/api-keys", json={"name": "Till", "role": "cashier"}, headers=owner)
    till = bearer(made.json()["api_key"])

    suspended = await operator.post(f"/v1/tenants/{shop['id']}/suspend")
    assert (suspended.status_code, suspended.json()["status"]) == (200, "suspended")
    again = await operator.post(f"/v1/tenants/{shop['id']}/suspend")
    assert again.json() == suspended.json()

    async def shut_out() -> bool:  # credentials are believed for two seconds (decision 21)
        answer = await operator.get("/v1/stores", headers=till)
        return answer.status_code == 403 and answer.json()["code"] == "tenant-suspended"

    await until(shut_out)

    async def read_only() -> bool:
        answer = await operator.patch("/v1/settings", json={}, headers=owner)
        return answer.status_code == 403 and answer.json()["code"] == "tenant-suspended"

    await until(read_only)
    assert (await operator.get("/v1/stores", headers=owner)).status_code == 200

    resumed = await operator.post(f"/v1/tenants/{shop['id']}/resume")
    assert resumed.json()["status"] == "active"

    async def writes_again() -> bool:
        return (await operator.patch("/v1/settings", json={}, headers=owner)).status_code == 200

    await until(writes_again)
    feed = (await operator.get("/v1/changes", headers=owner)).json()["items"]
    assert [e["type"] for e in feed if e["type"].startswith("tenant.")] == [
        "tenant.created",
        "tenant.suspended",
        "tenant.resumed",
    ]


async def test_operator_and_shop_see_nothing_of_each_other(operator: httpx.AsyncClient, api: httpx.AsyncClient) -> None:
    """An operator's key sees no shop's data, a shop's key no shops."""
    for path in ("/v1/stores", "/v1/changes", "/v1/settings"):
        assert (await operator.get(path)).status_code == 403
    for path in ("/v1/tenants", f"/v1/tenants/{uuid4()}"):
        assert (await api.get(path)).status_code == 403


@pytest.mark.parametrize(
    "tenant_id", ["01a20000-0000-7000-8000-000000000000", "nonsense", "00000000-0000-0000-0000-000000000000"]
)
async def test_an_unknown_shop_is_not_found(operator: httpx.AsyncClient, tenant_id: str) -> None:
    """Malformed or not, an unknown id in the path is 404."""
    for answer in (
        await operator.get(f"/v1/tenants/{tenant_id}"),
        await operator.post(f"/v1/tenants/{tenant_id}/suspend"),
        await operator.post(f"/v1/tenants/{tenant_id}/resume"),
    ):
        assert answer.status_code == 404
