"""Stores, registers, employees, settings and the change feed over HTTP."""

from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from domain.kernel.events import SYSTEM
from persistence.tables.platform import employee
from tests.support.shop import Base

KINDS = [
    ("stores", {"code": "main", "name": "На Невском"}),
    ("registers", {"code": "1", "name": "У входа"}),
    ("employees", {"code": "e-5", "name": "Ольга"}),
]


@pytest.mark.parametrize(("kind", "body"), KINDS)
async def test_a_record_lives_from_creation_to_restoring(
    api: httpx.AsyncClient, kind: str, body: dict[str, str]
) -> None:
    """Create, read, list, change, archive, restore."""
    made = await api.post(f"/v1/{kind}", json=body)
    assert made.status_code == 201
    record = made.json()
    assert record | body == record
    assert (record["confirmed"], record["archived_at"], record["version"]) == (True, None, 1)
    shown = await api.get(f"/v1/{kind}/{record['id']}")
    assert shown.json() == record
    assert [r["id"] for r in (await api.get(f"/v1/{kind}")).json()["items"]] == [record["id"]]

    changed = (await api.patch(f"/v1/{kind}/{record['id']}", json={"name": None})).json()
    assert (changed["name"], changed["version"]) == (None, 2)
    archived = (await api.post(f"/v1/{kind}/{record['id']}/archive")).json()
    assert archived["archived_at"] is not None
    assert (await api.get(f"/v1/{kind}")).json()["items"] == []
    assert len((await api.get(f"/v1/{kind}", params={"archived": "true"})).json()["items"]) == 1
    restored = (await api.post(f"/v1/{kind}/{record['id']}/restore")).json()
    assert restored["archived_at"] is None
    types = [e["type"] for e in (await api.get("/v1/changes")).json()["items"]][1:]
    assert types == [f"{kind[:-1]}.{verb}" for verb in ("created", "updated", "archived", "restored")]


@pytest.mark.parametrize(("kind", "body"), KINDS)
async def test_a_code_is_taken_once(api: httpx.AsyncClient, kind: str, body: dict[str, str]) -> None:
    """Codes name one record of the shop; the answer says which has it."""
    first = (await api.post(f"/v1/{kind}", json=body)).json()
    again = await api.post(f"/v1/{kind}", json=body)
    assert (again.status_code, again.json()["code"], again.json()["id"]) == (409, "code-taken", first["id"])

    other = (await api.post(f"/v1/{kind}", json=body | {"code": "other"})).json()
    taken = await api.patch(f"/v1/{kind}/{other['id']}", json={"code": body["code"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "code-taken")


@pytest.mark.parametrize(("kind", "body"), KINDS)
async def test_two_who_edit_one_record_do_not_overwrite_each_other(
    api: httpx.AsyncClient, kind: str, body: dict[str, str]
) -> None:
    """If-Match with an older ETag: 412 version-mismatch."""
    made = await api.post(f"/v1/{kind}", json=body)
    path, etag = f"/v1/{kind}/{made.json()['id']}", made.headers["ETag"]
    assert (await api.patch(path, json={"name": "А"}, headers={"If-Match": etag})).status_code == 200
    late = await api.patch(path, json={"name": "Б"}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "version-mismatch")


@pytest.mark.parametrize("kind", ["stores", "registers", "employees"])
async def test_an_unknown_record_is_not_found(api: httpx.AsyncClient, kind: str) -> None:
    """Unknown and malformed ids answer alike."""
    for record in (str(uuid4()), "nonsense"):
        for answer in (
            await api.get(f"/v1/{kind}/{record}"),
            await api.patch(f"/v1/{kind}/{record}", json={"name": "А"}),
            await api.post(f"/v1/{kind}/{record}/archive"),
        ):
            assert answer.status_code == 404


async def test_a_store_that_nobody_knew_waits_unconfirmed(api: httpx.AsyncClient) -> None:
    """Codes in any body become plain records marked unconfirmed; an edit confirms them."""
    await api.post("/v1/registers", json={"code": "1", "store": "new"})
    (store,) = (await api.get("/v1/stores", params={"confirmed": "false"})).json()["items"]
    assert store["code"] == "new"

    confirmed = (await api.patch(f"/v1/stores/{store['id']}", json={"name": "Новый"})).json()
    assert confirmed["confirmed"] is True
    same = await api.post("/v1/registers", json={"code": "1", "store": "other"})
    assert same.status_code == 201
    found = (await api.get("/v1/registers", params={"store": "new"})).json()["items"]
    assert [r["store"] for r in found] == ["new"]


async def test_a_stores_zone_and_currency_must_exist(api: httpx.AsyncClient) -> None:
    """422 with a pointer for each."""
    answer = await api.post("/v1/stores", json={"code": "x", "time_zone": "Moon", "currency": "ABC"})
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/currency", "/time_zone"]


async def test_an_employees_name_is_sealed(api: httpx.AsyncClient, base: Base) -> None:
    """A name is personal data of the employee: nothing readable in the table, nor in the log."""
    made = (await api.post("/v1/employees", json={"code": "e-9", "name": "Светлана"})).json()
    tenant = UUID((await api.get("/v1/me")).json()["tenant_id"])
    async with base.store.transaction(tenant, SYSTEM) as unit:
        row = await unit.session.one(select(employee).where(employee.c.employee_id == UUID(made["id"])))
    assert row is not None
    assert "Светлана".encode() not in row["sealed_name"]
    assert (await api.get(f"/v1/employees/{made['id']}")).json()["name"] == "Светлана"


async def test_settings_start_from_presets_and_go_back_to_them(api: httpx.AsyncClient) -> None:
    """GET and PATCH /v1/settings; null puts one back; every change counts config_version up and is told."""
    preset = (await api.get("/v1/settings")).json()
    assert preset["lifecycle"]["at_risk_days"] == 90

    changed = await api.patch(
        "/v1/settings", json={"lifecycle": {"at_risk_days": 60}, "locale": "uk", "name_index": True}
    )
    assert changed.json()["lifecycle"] == preset["lifecycle"] | {"at_risk_days": 60}
    assert (changed.json()["locale"], changed.json()["name_index"]) == ("uk", True)
    back = await api.patch("/v1/settings", json={"lifecycle": None, "locale": "ru", "name_index": None})
    assert back.json() == preset
    assert [e["type"] for e in (await api.get("/v1/changes")).json()["items"]].count("settings.updated") == 2


async def test_settings_that_contradict_each_other_are_refused(api: httpx.AsyncClient) -> None:
    """Borders between stages must rise."""
    answer = await api.patch("/v1/settings", json={"lifecycle": {"at_risk_days": 400}})
    assert (answer.status_code, answer.json()["code"]) == (422, "contradictory-settings")
    zone = await api.patch("/v1/settings", json={"time_zone": "Moon"})
    assert (zone.status_code, zone.json()["code"]) == (422, "unknown-setting")


async def test_the_feed_answers_what_was_just_written(api: httpx.AsyncClient) -> None:
    """A client that writes and asks sees its event, worker or not; next_cursor is never null."""
    cursor = (await api.get("/v1/changes")).json()["next_cursor"]
    nothing = (await api.get("/v1/changes", params={"cursor": cursor})).json()
    assert (nothing["items"], nothing["next_cursor"]) == ([], cursor)

    await api.post("/v1/stores", json={"code": "a"})
    await api.post("/v1/stores", json={"code": "b"})
    first = (await api.get("/v1/changes", params={"cursor": cursor, "limit": 1})).json()
    second = (await api.get("/v1/changes", params={"cursor": first["next_cursor"], "type": "store.created"})).json()
    assert [e["data"]["code"] for e in first["items"] + second["items"]] == ["a", "b"]
    assert set(first["items"][0]) == {
        "id", "type", "occurred_at", "recorded_at", "actor", "object", "changes", "data",
    }  # fmt: skip


@pytest.mark.parametrize(
    "query", [{"cursor": "x"}, {"cursor": "WzEsLTFd"}, {"limit": "0"}, {"limit": "201"}, {"type": "Bad"}]
)
async def test_a_bad_question_to_the_feed_is_refused(api: httpx.AsyncClient, query: dict[str, str]) -> None:
    """Cursors are opaque and checked."""
    assert (await api.get("/v1/changes", params=query)).status_code == 400
