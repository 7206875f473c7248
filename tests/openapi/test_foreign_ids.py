"""S1: every operation × every id × {another shop's, deleted, random, malformed}: one answer, whoever's the id is.

The cases are made from the contract. An id that this file does not know how to make, in a path, a query or a body,
fails here: a new route cannot come without its case.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from api.openapi.document import contract
from runtime.dispatch import Dispatcher
from runtime.subscriptions import SUBSCRIPTIONS
from tests.openapi.shop import SHOP, Shop, open_shop
from tests.support.postgres import Postgres
from tests.support.shop import Base

METHODS = ("get", "post", "put", "patch", "delete")
TABLES = {
    "tenant_id": ("platform.tenant", "tenant_id"),
    "api_key_id": ("api_key", "key_id"),
    "field_id": ("custom_field", "field_id"),
    "customer_id": ("customer", "customer_id"),
    "address_id": ("address", "address_id"),
    "identifier_id": ("identifier", "identifier_id"),
    "note_id": ("note", "note_id"),
    "tag_id": ("tag", "tag_id"),
    "employee_id": ("employee", "employee_id"),
    "account_id": ("account", "account_id"),
    "program_id": ("program", "program_id"),
    "product_id": ("product", "product_id"),
    "receipt_id": ("receipt", "receipt_id"),
    "register_id": ("register", "register_id"),
    "store_id": ("store", "store_id"),
}
"""Where the thing that a path names lies; a path parameter that is not here has no case yet."""

QUERY_IDS = {
    ("listCustomers", "owner"): "employee_id",
    ("listAccounts", "customer_id"): "customer_id",
    ("listReceipts", "customer_id"): "customer_id",
}
"""Ids in query strings: what each names."""

BODY_IDS = {
    ("createCustomer", "/owner_id"): "employee_id",
    ("createCustomers", "/items/0/owner_id"): "employee_id",
    ("updateCustomer", "/owner_id"): "employee_id",
    ("reassignIdentifier", "/new_customer_id"): "customer_id",
    ("reassignIdentifier", "/verification_id"): None,
    ("adjustPoints", "/account_id"): "account_id",
    ("adjustPoints", "/customer/id"): "customer_id",
    ("adjustPointsOfMany", "/items/0/account_id"): "account_id",
    ("adjustPointsOfMany", "/items/0/customer/id"): "customer_id",
    ("recordReceipt", "/customer/id"): "customer_id",
    ("recordReceipt", "/redemption/hold_id"): None,
    ("recordReceipt", "/redemption/verification_id"): None,
    ("recordReceipt", "/returns/receipt_id"): "receipt_id",
    ("recordReceipts", "/items/0/customer/id"): "customer_id",
    ("recordReceipts", "/items/0/redemption/hold_id"): None,
    ("recordReceipts", "/items/0/redemption/verification_id"): None,
    ("recordReceipts", "/items/0/returns/receipt_id"): "receipt_id",
    ("claimReceipt", "/customer/id"): "customer_id",
    ("findReceipts", "/customer_id"): "customer_id",
    ("reassignReceipt", "/customer/id"): "customer_id",
    ("applyTags", "/customer_ids/0"): "customer_id",
}
"""Ids in bodies: what each names; None where nothing of the kind exists yet, so that every id is unknown."""

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME_TEXT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
Objects = dict[str, str]


class World:
    """A shop of ours, a shop of somebody else's, and what was deleted."""

    def __init__(self, http: httpx.AsyncClient, shop: Shop, base: Base) -> None:
        self.http = http
        self.base = base
        self.worker = Dispatcher(base.store, SUBSCRIPTIONS)
        self.operator = shop.operator
        self.owner = shop.owner
        self.mine: Objects = {}
        self.spare: Objects = {}
        self.theirs: Objects = {}
        self.deleted: Objects = {}

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        answer = await self.http.post(path, json=body, headers=dict(headers))
        assert answer.is_success, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def work(self, tenant_id: UUID) -> None:
        """Do what the worker does: goods become known by the receipts that name them."""
        await self.base.settled(tenant_id)
        while await self.worker.deliver_one_turn():
            pass

    async def fill(self, owner: Mapping[str, str], number: int) -> Objects:
        """Make one of everything in the owner's shop."""
        phone = f"+7935000{number:04}"
        customer = await self.post(
            "/v1/customers",
            {"given_name": "Анна", "identifiers": [{"type": "phone", "value": phone}]},
            owner,
        )
        here = f"/v1/customers/{customer['id']}"
        address = await self.post(f"{here}/addresses", {"kind": "home", "city": "Тверь"}, owner)
        note = await self.post(f"{here}/notes", {"text": "любит чай", "visibility": "staff"}, owner)
        tag = await self.post("/v1/tags", {"name": f"tag-{number}"}, owner)
        await self.post("/v1/tags/apply", {"add": [tag["name"]], "customer_ids": [customer["id"]]}, owner)
        receipt = await self.post("/v1/receipts", _sale(number, customer["id"]), owner)
        tenant = (await self.http.get("/v1/me", headers=dict(owner))).json()["tenant_id"]
        await self.work(UUID(tenant))
        products = (await self.http.get("/v1/products", params={"limit": 200}, headers=dict(owner))).json()["items"]
        programs = (await self.http.get("/v1/loyalty/programs", headers=dict(owner))).json()["items"]
        return {
            "tenant_id": tenant,
            "api_key_id": (await self.post("/v1/api-keys", {"name": "till", "role": "cashier"}, owner))["id"],
            "field_id": (
                await self.post("/v1/custom-fields", {"code": f"f{number}", "type": "string", "label": "Поле"}, owner)
            )["id"],
            "customer_id": customer["id"],
            "address_id": address["id"],
            "identifier_id": customer["identifiers"][0]["id"],
            "note_id": note["id"],
            "tag_id": tag["id"],
            "employee_id": (await self.post("/v1/employees", {"code": f"e-{number}"}, owner))["id"],
            "account_id": receipt["loyalty"]["account_id"],
            "program_id": programs[0]["id"],
            "product_id": next(p["id"] for p in products if p["sku"] == f"sku-{number}"),
            "receipt_id": receipt["id"],
            "register_id": (await self.post("/v1/registers", {"code": str(number)}, owner))["id"],
            "store_id": (await self.post("/v1/stores", {"code": f"s-{number}"}, owner))["id"],
        }

    async def call(
        self,
        operation: "Operation",
        ids: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> httpx.Response:
        """Call `operation` with `ids` in its path and its own example as the body."""
        path = operation.path
        for name in operation.path_ids:
            path = path.replace(f"{{{name}}}", ids[name])
        headers = dict(self.operator if path.startswith("/v1/tenants") else self.owner)
        sent = operation.example if body is None else body
        return await self.http.request(operation.method.upper(), path, params=query, json=sent, headers=headers)


class Operation:
    """One operation of the contract with the ids that it takes."""

    def __init__(self, method: str, path: str, promise: Mapping[str, Any]) -> None:
        self.method, self.path, self.id = method, path, str(promise["operationId"])
        parameters = [p for p in promise.get("parameters", []) if p.get("schema", {}).get("format") == "uuid"]
        self.path_ids = [p["name"] for p in parameters if p["in"] == "path"]
        self.query_ids = [p["name"] for p in parameters if p["in"] == "query"]
        self.example: Any = None
        self.body_ids: list[str] = []
        for content in promise.get("requestBody", {}).get("content", {}).values():
            shown = content.get("example", next(iter(content.get("examples", {}).values()), {}).get("value"))
            self.example = copy.deepcopy(shown)
            self.body_ids = sorted(set(_ids_in(content["schema"], "", frozenset())))

    def __repr__(self) -> str:
        return self.id


def _sale(number: int, customer_id: str) -> dict[str, Any]:
    return {
        "source": "till",
        "external_id": f"{number}",
        "kind": "sale",
        "sold_at": "2026-11-20T12:00:00Z",
        "currency": "RUB",
        "customer": {"id": customer_id},
        "lines": [{"line": "1", "sku": f"sku-{number}", "quantity": "1", "unit_price": 50000, "total": 50000}],
        "total": 50000,
    }


def _ids_in(schema: Mapping[str, Any], pointer: str, seen: frozenset[str]) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"]
        if name not in seen:
            yield from _ids_in(contract()["components"]["schemas"][name.rpartition("/")[2]], pointer, seen | {name})
        return
    if schema.get("format") == "uuid":
        yield pointer
    for kind in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(kind, []):
            yield from _ids_in(part, pointer, seen)
    for name, part in schema.get("properties", {}).items():
        yield from _ids_in(part, f"{pointer}/{name}", seen)
    if isinstance(schema.get("items"), dict):
        yield from _ids_in(schema["items"], f"{pointer}/0", seen)


OPERATIONS = [
    Operation(method, path, item[method])
    for path, item in contract()["paths"].items()
    for method in METHODS
    if method in item
]
PATH_CASES = [pytest.param(o, name, id=f"{o.id}-{name}") for o in OPERATIONS for name in o.path_ids]
QUERY_CASES = [pytest.param(o, name, id=f"{o.id}-{name}") for o in OPERATIONS for name in o.query_ids]
BODY_CASES = [pytest.param(o, pointer, id=f"{o.id}-{pointer}") for o in OPERATIONS for pointer in o.body_ids]


@pytest_asyncio.fixture(scope="module")
async def world(postgres: Postgres, base: Base) -> Any:
    async with open_shop(postgres) as shop:
        made = World(shop.http, shop, base)
        stranger = await made.post("/v1/tenants", SHOP, shop.operator)
        made.mine = await made.fill(shop.owner, 1)
        made.spare = await made.fill(shop.owner, 2)
        made.deleted = await made.fill(shop.owner, 3)
        made.theirs = await made.fill({"Authorization": f"Bearer {stranger['api_key']}"}, 4)
        closed = await made.post("/v1/tenants", SHOP, shop.operator)
        program = (
            await shop.http.get("/v1/loyalty/programs", headers={"Authorization": f"Bearer {closed['api_key']}"})
        ).json()["items"][0]["id"]
        made.deleted |= {"tenant_id": closed["id"], "program_id": program}
        await _delete(postgres, made.deleted)
        yield made


async def _delete(postgres: Postgres, gone: Objects) -> None:
    """Take the rows away as if they had never been; foreign keys look elsewhere for the moment."""
    connection = await asyncpg.connect(postgres.superuser)
    try:
        await connection.execute("SET session_replication_role = replica")
        for name, (table, column) in TABLES.items():
            done = await connection.execute(f"DELETE FROM {table} WHERE {column} = $1", gone[name])  # noqa: S608
            assert done == "DELETE 1", name
    finally:
        await connection.close()


def told(answer: httpx.Response) -> tuple[int, Any]:
    """Return what a caller can tell of an answer: everything but ids and times."""
    text = TIME_TEXT.sub("<time>", UUID_TEXT.sub("<id>", answer.text))
    return answer.status_code, _untraced(json.loads(text) if text else None)


def _untraced(body: Any) -> Any:
    if isinstance(body, list):
        return [_untraced(part) for part in body]
    if isinstance(body, dict):
        return {name: _untraced(part) for name, part in body.items() if name != "trace_id"}
    return body


def test_every_id_of_the_contract_has_its_case() -> None:
    """A new route, or a new id in a body, without a case fails the build."""
    assert {name for o in OPERATIONS for name in o.path_ids} == set(TABLES)
    assert {(o.id, name) for o in OPERATIONS for name in o.query_ids} == set(QUERY_IDS)
    assert {(o.id, pointer) for o in OPERATIONS for pointer in o.body_ids} == set(BODY_IDS)


@pytest.mark.parametrize(("operation", "name"), PATH_CASES)
async def test_an_id_in_the_path_answers_alike_whoever_it_belongs_to(
    world: World, operation: Operation, name: str
) -> None:
    """404 with the same body for another shop's id, a deleted, a random and a malformed one."""
    unknown = await world.call(operation, world.mine | {name: str(uuid4())})
    assert unknown.status_code == 404, unknown.text
    assert unknown.headers["content-type"] == "application/problem+json"
    strangers = [world.deleted[name]] + ([] if name == "tenant_id" else [world.theirs[name]])
    for stranger in strangers:
        answer = await world.call(operation, world.mine | {name: stranger})
        assert told(answer) == told(unknown)
        assert set(answer.headers) == set(unknown.headers)
    malformed = await world.call(operation, world.mine | {name: "nonsense"})
    assert malformed.status_code == 404
    assert set(malformed.json()) == set(unknown.json())


@pytest.mark.parametrize(("operation", "name"), QUERY_CASES)
async def test_an_id_in_the_query_answers_alike_whoever_it_belongs_to(
    world: World, operation: Operation, name: str
) -> None:
    """A filter by an id of another shop finds what a filter by a random id finds: nothing."""
    kind = QUERY_IDS[operation.id, name]
    unknown = await world.call(operation, world.mine, query={name: str(uuid4())})
    assert unknown.status_code in {200, 404}, unknown.text
    for stranger in (world.theirs[kind], world.deleted[kind]):
        assert told(await world.call(operation, world.mine, query={name: stranger})) == told(unknown)


@pytest.mark.parametrize(("operation", "pointer"), BODY_CASES)
async def test_an_id_in_the_body_answers_alike_whoever_it_belongs_to(
    world: World, operation: Operation, pointer: str
) -> None:
    """Another shop's id in a body is as unknown as a random one."""
    kind = BODY_IDS[operation.id, pointer]

    async def sent(value: str) -> httpx.Response:
        body = _body(operation, pointer, value, world.mine)
        return await world.call(operation, world.mine, body=body)

    unknown = await sent(str(uuid4()))
    assert unknown.status_code < 500
    assert unknown.status_code != 400, unknown.text
    strangers = [world.theirs[kind], world.deleted[kind]] if kind else [str(uuid4())]
    for stranger in strangers:
        assert told(await sent(stranger)) == told(unknown)


async def test_the_cases_reach_their_operations(world: World) -> None:
    """With ids of one's own nothing is 404: the 404s above were not for another reason. Deletions come last."""
    for operation in sorted(OPERATIONS, key=lambda o: o.method == "delete"):
        if operation.path_ids and not operation.path.startswith("/v1/tenants"):
            body = _own_ids(operation, world.spare) if operation.example is not None else None
            answer = await world.call(operation, world.spare, body=body)
            assert answer.status_code != 404, f"{operation.id}: {answer.text}"
            assert answer.status_code < 500, f"{operation.id}: {answer.text}"


def _own_ids(operation: Operation, mine: Objects) -> Any:
    body = copy.deepcopy(operation.example)
    for pointer in operation.body_ids:
        kind = BODY_IDS[operation.id, pointer]
        if kind and _has(body, pointer):
            _put(body, pointer, mine[kind])
    return body


def _body(operation: Operation, pointer: str, value: str, mine: Objects) -> Any:
    """Return a valid body of the operation with `value` at `pointer`, other ids being one's own."""
    body = _base(operation, pointer, mine)
    _put(body, pointer, value)
    return body


def _base(operation: Operation, pointer: str, mine: Objects) -> Any:
    item = pointer.startswith("/items/0")
    if operation.id.startswith("recordReceipt"):
        document = _receipt(pointer, mine)
        return {"items": [document]} if item else document
    if operation.id.startswith("adjustPoints"):
        adjustment: dict[str, Any] = {"points": 5, "reason": "goodwill"}
        if pointer.endswith("/customer/id"):
            adjustment["customer"] = {}
        return {"items": [adjustment]} if item else adjustment
    if operation.id == "createCustomers":
        return {"items": [{"given_name": "Пётр"}]}
    if operation.id == "createCustomer":
        return {"given_name": "Пётр"}
    if operation.id == "updateCustomer":
        return {}
    if operation.id == "applyTags":
        return {"add": ["tag-1"], "customer_ids": [""]}
    if operation.id == "findReceipts":
        return {"from": "2026-11-01T00:00:00Z", "to": "2026-11-30T00:00:00Z"}
    if operation.id in {"claimReceipt", "reassignReceipt"}:
        return _own_ids(operation, mine) | {"customer": {}}
    return _own_ids(operation, mine)


def _receipt(pointer: str, mine: Objects) -> dict[str, Any]:
    number = uuid4().int % 10**9
    document = _sale(number, mine["customer_id"]) | {"external_id": f"f{uuid4()}"}
    if "/customer/" in pointer:
        document["customer"] = {}
    if "/returns/" in pointer:
        lines = [{"line": "1", "quantity": "1"}]
        document |= {"kind": "return", "customer": None, "returns": {}, "lines": lines}
        del document["total"]
    if pointer.endswith("/hold_id"):
        document |= {"redemption": {}, "customer": None}
    if pointer.endswith("/verification_id"):
        document["redemption"] = {"points": 1, "as": "discount", "on_insufficient": "record"}
    return document


def _steps(pointer: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in pointer.strip("/").split("/")]


def _has(body: Any, pointer: str) -> bool:
    for step in _steps(pointer):
        if not isinstance(body, dict | list) or (isinstance(body, dict) and step not in body):
            return False
        body = body[step]  # type: ignore[index]
    return True


def _put(body: Any, pointer: str, value: str) -> None:
    *way, last = _steps(pointer)
    for step in way:
        body = body[step]
    body[last] = value
