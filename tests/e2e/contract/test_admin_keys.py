"""API keys: made by role, shown once, expired, rotated with an overlap, revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.counter import MovableClock
from tests.support.edge import open_edge
from tests.support.foreign import is_uuid7, key_of, refused, told
from tests.support.postgres import Postgres
from tests.support.shop import Base
from tests.support.waiting import until

ROLES = ("owner", "manager", "marketer", "seller", "cashier", "accountant", "dpo", "integration")


def _bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def _made(api: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    return told(await api.post("/v1/api-keys", json={"name": "till", "role": "cashier", **fields}), 201)


@pytest.mark.parametrize("role", ROLES)
async def test_an_owner_makes_keys_of_every_role(shop: httpx.AsyncClient, role: str) -> None:
    """The text is in this one answer; no list and no read shows it again."""
    made = await _made(shop, role=role)
    assert is_uuid7(made["id"])
    assert (made["role"], made["status"], made["mode"]) == (role, "active", "live")
    secret = made["api_key"].split("_")[3]
    listed = await shop.get("/v1/api-keys?limit=200")
    assert made["id"] in listed.text
    assert secret not in listed.text
    shown = await shop.get(f"/v1/api-keys/{made['id']}")
    assert "api_key" not in told(shown)
    assert secret not in shown.text
    assert told(await shop.get("/v1/me", headers=_bearer(made["api_key"])))["key_id"] == made["id"]


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "operator"},
        {"role": "admin"},
        {"role": None},
        {"name": ""},
        {"mode": "prod"},
        {"expires_at": "tomorrow"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"permissions": ["receipts:write"]},
    ],
)
async def test_a_key_of_another_form_is_400(shop: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    """Roles and modes are those of the contract."""
    body = {"name": "x", "role": "cashier", **fields}
    refused(await shop.post("/v1/api-keys", json=body), 400, "invalid-request", f"/{next(iter(fields))}")


async def test_a_key_that_ended_before_it_began_is_422(shop: httpx.AsyncClient) -> None:
    """An end in the past is no end."""
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    body = {"name": "x", "role": "cashier", "expires_at": past}
    refused(await shop.post("/v1/api-keys", json=body), 422, None, "/expires_at")


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
async def test_only_an_owner_makes_keys(shop: httpx.AsyncClient, role: str) -> None:
    """403 for everybody else; the data-protection officer may look."""
    headers = await key_of(shop, role)
    refused(await shop.post("/v1/api-keys", json={"name": "x", "role": role}, headers=headers), 403, "forbidden")
    listed = await shop.get("/v1/api-keys", headers=headers)
    if role == "dpo":
        told(listed)
    else:
        refused(listed, 403, "forbidden")


async def test_a_key_of_mode_test_makes_no_live_keys(shop: httpx.AsyncClient) -> None:
    """A key may do no more than its maker."""
    trial = await key_of(shop, "owner", mode="test")
    refused(await shop.post("/v1/api-keys", json={"name": "x", "role": "cashier"}, headers=trial), 403, "role-too-wide")
    told(await shop.post("/v1/api-keys", json={"name": "x", "role": "cashier", "mode": "test"}, headers=trial), 201)


async def test_a_key_that_was_ended_is_refused_within_seconds(api: httpx.AsyncClient) -> None:
    """Revoked, or rotated without overlap: again changes nothing; the others go on."""
    revoked, rotated, other = await _made(api), await _made(api), await _made(api)
    for one in (revoked, rotated, other):
        told(await api.get("/v1/me", headers=_bearer(one["api_key"])))
    for _ in range(2):
        shown = told(await api.post(f"/v1/api-keys/{revoked['id']}/revoke"))
        assert shown["status"] == "revoked"
        assert shown["revoked_at"].endswith("Z")
    new = told(await api.post(f"/v1/api-keys/{rotated['id']}/rotate", json={"overlap_seconds": 0}))
    for one in (revoked, rotated):
        headers = _bearer(one["api_key"])
        await until(lambda headers=headers: _is_refused(api, headers))
        refused(await api.get("/v1/me", headers=headers), 401, "unauthenticated")
    for one in (other, new):
        told(await api.get("/v1/me", headers=_bearer(one["api_key"])))
    refused(await api.post(f"/v1/api-keys/{revoked['id']}/rotate"), 409, "api-key-not-active")


async def _is_refused(api: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    return (await api.get("/v1/me", headers=headers)).status_code == 401


async def test_an_expired_key_is_refused(postgres: Postgres, base: Base) -> None:
    """From its moment on."""
    clock = MovableClock()
    _, owner = await base.open_shop()
    async with open_edge(postgres, clock=clock) as api:
        api.headers["Authorization"] = f"Bearer {owner}"
        made = await _made(api, expires_at=(clock.now() + timedelta(hours=1)).isoformat())
        told(await api.get("/v1/me", headers=_bearer(made["api_key"])))
        clock.move(hours=1, seconds=5)
        refused(await api.get("/v1/me", headers=_bearer(made["api_key"])), 401, "unauthenticated")
        assert told(await api.get(f"/v1/api-keys/{made['id']}"))["status"] == "expired"


async def test_a_rotated_key_and_its_successor_work_side_by_side(postgres: Postgres, base: Base) -> None:
    """Rotation with overlap: tills change over one by one."""
    clock = MovableClock()
    _, owner = await base.open_shop()
    async with open_edge(postgres, clock=clock) as api:
        api.headers["Authorization"] = f"Bearer {owner}"
        old = await _made(api)
        new = told(await api.post(f"/v1/api-keys/{old['id']}/rotate", json={"overlap_seconds": 3600}))
        assert (new["role"], new["name"]) == (old["role"], old["name"])
        assert new["api_key"] != old["api_key"]
        assert told(await api.get(f"/v1/api-keys/{old['id']}"))["replaced_by"] == new["number"]
        for one in (old, new):
            told(await api.get("/v1/me", headers=_bearer(one["api_key"])))
        clock.move(seconds=3605)
        refused(await api.get("/v1/me", headers=_bearer(old["api_key"])), 401, "unauthenticated")
        told(await api.get("/v1/me", headers=_bearer(new["api_key"])))
        for bad in (-1, 2592001, "1", 1.5):
            answer = await api.post(f"/v1/api-keys/{new['id']}/rotate", json={"overlap_seconds": bad})
            refused(answer, 400, "invalid-request", "/overlap_seconds")
        told(await api.post(f"/v1/api-keys/{new['id']}/rotate"))


async def test_keys_of_others_are_404(shop: httpx.AsyncClient, kyiv: httpx.AsyncClient) -> None:
    """Another shop's key is not there."""
    made = await _made(kyiv)
    for path in (made["id"], str(uuid4()), "nonsense"):
        refused(await shop.get(f"/v1/api-keys/{path}"), 404)
        refused(await shop.post(f"/v1/api-keys/{path}/revoke"), 404)
        refused(await shop.post(f"/v1/api-keys/{path}/rotate"), 404)
    assert told(await kyiv.get(f"/v1/api-keys/{made['id']}"))["status"] == "active"
