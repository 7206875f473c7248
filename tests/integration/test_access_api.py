"""Keys and `me` over HTTP, on real storage."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from api.app import build_app
from compliance.access.api_key import parse_key_text
from compliance.access.authenticator import Authenticator
from compliance.access.permissions import PERMISSIONS_OF, TENANT_ROLES
from domain.kernel.events import SYSTEM
from domain.kernel.ids import new_id
from persistence.api_keys import PgCredentials
from runtime.container import build_core, build_services
from tenancy.use_cases import suspend_tenant
from tests.fakes.keys import Ticker
from tests.support.edge import OPERATOR_KEY, settings_of
from tests.support.shop import Base


@dataclass
class Edge:
    """A running application and the keys to it."""

    client: httpx.AsyncClient
    ticker: Ticker
    tenant_id: UUID
    owner: str

    async def call(self, method: str, path: str, key: str | None = None, **arguments: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {key or self.owner}"} | arguments.pop("headers", {})  # type: ignore[operator]
        return await self.client.request(method, path, headers=headers, **arguments)  # type: ignore[arg-type]

    async def make(self, role: str = "cashier", **body: object) -> dict[str, object]:
        answer = await self.call("POST", "/v1/api-keys", json={"name": "Till 1", "role": role} | body)
        assert answer.status_code == 201, answer.text
        made: dict[str, object] = answer.json()
        return made


@pytest_asyncio.fixture
async def edge(base: Base) -> AsyncIterator[Edge]:
    ticker = Ticker()
    settings = settings_of(base.postgres)
    core = replace(
        build_core(settings), database=base.database, vaults=base.vaults, store=base.store, platform=base.platform
    )
    # The container's own, but for a clock of the test's: what a credential is remembered for passes when told.
    door = Authenticator(PgCredentials(base.database), base.clock, operator_key=OPERATOR_KEY, monotonic=ticker)
    services = replace(build_services(settings, core), credentials=door)
    tenant_id, owner = await base.open_shop()
    transport = httpx.ASGITransport(app=build_app(services))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Edge(client, ticker, tenant_id, owner)


async def test_me_tells_the_tenant_role_and_permissions_of_a_key(edge: Edge) -> None:
    """`GET /v1/me` (api.md, credentials)."""
    answer = (await edge.call("GET", "/v1/me")).json()

    assert answer["kind"] == "key"
    assert answer["tenant_id"] == answer["tenant"]["id"] == str(edge.tenant_id)
    assert (answer["role"], answer["mode"]) == ("owner", "live")
    assert answer["permissions"] == sorted(PERMISSIONS_OF["owner"])
    assert (answer["tenant"]["currency"], answer["tenant"]["time_zone"]) == ("RUB", "Europe/Moscow")


async def test_me_of_an_operator_has_no_tenant(edge: Edge) -> None:
    """The key of the settings is compared as it is."""
    answer = await edge.call("GET", "/v1/me", OPERATOR_KEY)

    assert answer.status_code == 200
    assert (answer.json()["role"], answer.json()["tenant"], answer.json()["tenant_id"]) == ("operator", None, None)


async def test_without_a_valid_credential_every_answer_is_the_same(edge: Edge) -> None:
    """401 `unauthenticated`: nobody learns whether a key was forged, unknown, expired or revoked."""
    made = await edge.make()
    await edge.call("POST", f"/v1/api-keys/{made['id']}/revoke")
    edge.ticker.advance(10)
    text = edge.owner
    known = parse_key_text(text)
    assert known is not None
    forged, revoked = replace(known, secret=bytes(32)).text, made["api_key"]
    bodies = []
    bad = (forged, revoked, text[:-1], "nonsense", "")
    for sent in ("", "Bearer", f"Basic {text}", *(f"Bearer {key}" for key in bad)):
        answer = await edge.client.get("/v1/api-keys", headers={"authorization": sent})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        bodies.append({name: value for name, value in answer.json().items() if name != "trace_id"})
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "unauthenticated"


async def test_a_key_is_shown_once_and_works(edge: Edge) -> None:
    """The text stands in the answer that makes it and nowhere else."""
    made = await edge.make("manager", mode="test")
    shown = (await edge.call("GET", f"/v1/api-keys/{made['id']}")).json()
    listed = (await edge.call("GET", "/v1/api-keys")).json()["items"]
    me = (await edge.call("GET", "/v1/me", str(made["api_key"]))).json()

    assert "api_key" not in shown
    assert shown == {name: value for name, value in made.items() if name != "api_key"} | {"last_used_at": None}
    assert [key["id"] for key in listed][1:] == [made["id"]]
    assert str(made["api_key"]) not in json.dumps(listed)
    assert (me["role"], me["mode"], me["key_id"]) == ("manager", "test", made["id"])


async def test_a_replayed_making_shows_no_secret(edge: Edge) -> None:
    """An answer that shows a secret is kept without it: the replay has null there (api.md, Idempotency-Key)."""
    headers = {"idempotency-key": str(new_id())}
    body = {"name": "Till 1", "role": "cashier"}
    first = await edge.call("POST", "/v1/api-keys", json=body, headers=dict(headers))
    again = await edge.call("POST", "/v1/api-keys", json=body, headers=dict(headers))

    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json() | {"api_key": None}
    assert first.json()["api_key"] is not None
    assert len((await edge.call("GET", "/v1/api-keys")).json()["items"]) == 2


@pytest.mark.parametrize("role", TENANT_ROLES)
async def test_only_owners_make_keys(edge: Edge, role: str) -> None:
    """Roles, plugins and keys are the owner's; the data-protection officer may look."""
    key = str((await edge.make(role))["api_key"])
    made = await edge.call("POST", "/v1/api-keys", key, json={"name": "x", "role": "cashier"})
    listed = await edge.call("GET", "/v1/api-keys", key)

    assert made.status_code == (201 if role == "owner" else 403)
    assert listed.status_code == (200 if role in {"owner", "dpo"} else 403)
    if role != "owner":
        assert made.json()["code"] == "forbidden"


async def test_a_test_key_makes_no_live_key(edge: Edge) -> None:
    """An owner's key of mode test cannot open the live shop to somebody else."""
    key = str((await edge.make("owner", mode="test"))["api_key"])
    answer = await edge.call("POST", "/v1/api-keys", key, json={"name": "x", "role": "cashier"})

    assert answer.status_code == 403
    assert answer.json()["code"] == "role-too-wide"


async def test_operators_and_shops_are_kept_apart(edge: Edge) -> None:
    """An operator key sees no shop's keys: 403 `forbidden`."""
    answer = await edge.call("GET", "/v1/api-keys", OPERATOR_KEY)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 400, "/name"),
        ({"name": "x", "role": "operator"}, 400, "/role"),
        ({"name": "x", "role": "emperor"}, 400, "/role"),
        ({"name": "", "role": "owner"}, 400, "/name"),
        ({"name": "x\u0000", "role": "owner"}, 400, "/name"),
        ({"name": "x", "role": "owner", "mode": "prod"}, 400, "/mode"),
        ({"name": "x", "role": "owner", "scopes": []}, 400, "/scopes"),
        ({"name": "x", "role": "owner", "expires_at": "tomorrow"}, 400, "/expires_at"),
        ({"name": "x", "role": "owner", "expires_at": "2020-01-01T00:00:00Z"}, 422, "/expires_at"),
    ],
)
async def test_a_wrong_wish_is_told_by_field(edge: Edge, body: dict[str, object], status: int, pointer: str) -> None:
    """400 for what the schema forbids, 422 for an end in the past."""
    answer = await edge.call("POST", "/v1/api-keys", json=body)

    assert answer.status_code == status
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_both_keys_work_during_the_overlap(edge: Edge) -> None:
    """Rotation with overlap: tills change over one by one."""
    old = await edge.make()
    new = (await edge.call("POST", f"/v1/api-keys/{old['id']}/rotate", json={"overlap_seconds": 3600})).json()

    for key in (old, new):
        assert (await edge.call("GET", "/v1/me", str(key["api_key"]))).status_code == 200
    shown = (await edge.call("GET", f"/v1/api-keys/{old['id']}")).json()
    assert shown["replaced_by"] == new["number"]
    assert shown["status"] == "active"
    assert shown["expires_at"] is not None
    again = await edge.call("POST", f"/v1/api-keys/{old['id']}/rotate")
    assert (again.status_code, again.json()["code"]) == (409, "api-key-not-active")


async def test_without_overlap_the_old_key_ends_at_once(edge: Edge) -> None:
    """Suspicion: `overlap_seconds` 0."""
    old = await edge.make()
    assert (await edge.call("GET", "/v1/me", str(old["api_key"]))).status_code == 200
    rotated = await edge.call("POST", f"/v1/api-keys/{old['id']}/rotate", json={"overlap_seconds": 0})
    edge.ticker.advance(2)

    assert rotated.status_code == 200
    assert (await edge.call("GET", "/v1/me", str(old["api_key"]))).status_code == 401
    assert (await edge.call("GET", "/v1/me", rotated.json()["api_key"])).status_code == 200


async def test_a_revoked_key_is_refused_within_two_seconds(edge: Edge) -> None:
    """S10: revocation reaches every process when what it remembers ends."""
    made = await edge.make()
    assert (await edge.call("GET", "/v1/me", str(made["api_key"]))).status_code == 200
    revoked = await edge.call("POST", f"/v1/api-keys/{made['id']}/revoke")
    again = await edge.call("POST", f"/v1/api-keys/{made['id']}/revoke")
    edge.ticker.advance(2)

    assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    assert again.json()["revoked_at"] == revoked.json()["revoked_at"]
    assert (await edge.call("GET", "/v1/me", str(made["api_key"]))).status_code == 401


async def test_a_neighbours_key_is_not_found(edge: Edge, base: Base) -> None:
    """Another shop's key, a random id and a malformed one answer the same 404."""
    made = await edge.make()
    _, neighbour = await base.open_shop()
    bodies = []
    for path in (f"{made['id']}", f"{new_id()}", "nonsense"):
        for method, verb in (("GET", ""), ("POST", "/revoke"), ("POST", "/rotate")):
            answer = await edge.call(method, f"/v1/api-keys/{path}{verb}", neighbour)
            assert answer.status_code == 404, (path, verb, answer.text)
            bodies.append({name: value for name, value in answer.json().items() if name != "trace_id"})
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "api-key-not-found"


async def test_keys_come_in_pages(edge: Edge) -> None:
    """Lists: `limit`, `next_cursor`, stable order."""
    made = [(await edge.make())["id"] for _ in range(4)]
    first = (await edge.call("GET", "/v1/api-keys?limit=3")).json()
    rest = (await edge.call("GET", f"/v1/api-keys?limit=3&cursor={first['next_cursor']}")).json()

    assert [key["id"] for key in (*first["items"], *rest["items"])][1:] == made
    assert rest["next_cursor"] is None


async def test_a_suspended_shop_shows_its_keys_and_makes_none(edge: Edge, base: Base) -> None:
    """decisions.md 27: the owner keeps reading; tills and writers get 403 `tenant-suspended`."""
    cashier = str((await edge.make())["api_key"])
    async with base.platform.transaction(SYSTEM) as unit:
        await suspend_tenant(edge.tenant_id, unit=unit)
    edge.ticker.advance(2)

    assert (await edge.call("GET", "/v1/api-keys")).status_code == 200
    for key, method, path in (("", "POST", "/v1/api-keys"), (cashier, "GET", "/v1/me")):
        answer = await edge.call(method, path, key or None, json={"name": "x", "role": "cashier"} if not key else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant-suspended")
