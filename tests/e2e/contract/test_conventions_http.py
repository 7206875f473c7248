"""§Conventions: methods, media types, sizes, headers, credentials, browsers."""

import re
from typing import Any
from zlib import crc32

import httpx
import pytest

from tests.support.edge import OPERATOR_KEY, open_edge
from tests.support.foreign import customer, key_of, phone, refused, told
from tests.support.postgres import Postgres
from tests.support.shop import Base

MIB = 1024 * 1024
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/customers", {"GET", "POST"}),
        ("PUT", "/v1/customers", {"GET", "POST"}),
        ("GET", "/v1/customers/resolve", {"POST"}),
        ("GET", "/v1/customers/batch", {"POST"}),
        ("POST", "/v1/me", {"GET"}),
        ("PATCH", "/v1/tags/apply", {"POST"}),
        ("DELETE", "/v1/customers/01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d", {"GET", "PATCH"}),
        ("PUT", "/v1/settings", {"GET", "PATCH"}),
        ("POST", "/health/live", {"GET"}),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_405(
    shop: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    """With the methods it takes in Allow."""
    answer = await shop.request(method, path)
    refused(answer, 405, "method-not-allowed")
    assert {part.strip() for part in answer.headers["allow"].split(",")} >= allowed


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v2/customers", "/v1/Customers", "/v1/nope"])
async def test_a_path_of_nothing_is_404(shop: httpx.AsyncClient, path: str) -> None:
    """A problem document here too, whatever the path."""
    refused(await shop.get(path), 404)


@pytest.mark.parametrize("path", ["/v1/me", "/v1/customers", "/v1/settings", "/health/live"])
async def test_head_answers_as_get_without_a_body(shop: httpx.AsyncClient, path: str) -> None:
    """The same status and headers; probes and caches use it."""
    head, get = await shop.head(path), await shop.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.headers.get("etag") == get.headers.get("etag")


async def test_head_is_refused_as_get_is(edge: httpx.AsyncClient) -> None:
    """Without a credential 401, and nothing in the body."""
    answer = await edge.head("/v1/me")
    assert (answer.status_code, answer.content) == (401, b"")


async def test_options_tells_the_methods(edge: httpx.AsyncClient) -> None:
    """204 with Allow, no credential asked."""
    answer = await edge.options("/v1/customers")
    assert answer.status_code == 204
    assert {"GET", "HEAD", "POST", "OPTIONS"} <= {part.strip() for part in answer.headers["allow"].split(",")}


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=windows-1251",
        "application/json5",
        "application/merge-patch+json",
        "text/json",
    ],
)
async def test_another_content_type_is_415(shop: httpx.AsyncClient, kind: str) -> None:
    """JSON in UTF-8 and nothing else; a merge patch is for PATCH."""
    answer = await shop.post("/v1/customers", content=b'{"given_name": "A"}', headers={"content-type": kind})
    refused(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", 'application/json;charset="UTF-8"'],
)
async def test_json_in_utf_8_is_taken_however_it_is_spelt(shop: httpx.AsyncClient, kind: str) -> None:
    """Parameters and case do not matter."""
    answer = await shop.post("/v1/customers", content='{"given_name": "Ё"}'.encode(), headers={"content-type": kind})
    assert told(answer, 201)["given_name"] == "Ё"


async def test_a_body_without_a_content_type_is_415(shop: httpx.AsyncClient) -> None:
    """Nobody guesses."""
    refused(await shop.post("/v1/customers", content=b'{"given_name": "A"}'), 415, "unsupported-media-type")


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/*", "text/html, application/json;q=0.5"])
async def test_json_is_answered_to_who_accepts_it(shop: httpx.AsyncClient, accept: str) -> None:
    """Any usual Accept is served."""
    told(await shop.get("/v1/me", headers={"accept": accept}))


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;q=0", "image/*"])
async def test_who_accepts_no_json_is_406(shop: httpx.AsyncClient, accept: str) -> None:
    """The refusal itself is a problem document."""
    refused(await shop.get("/v1/me", headers={"accept": accept}), 406, "not-acceptable")


async def test_bodies_have_a_limit(shop: httpx.AsyncClient) -> None:
    """1 MiB, in a batch 8 MiB: 413, told by its length or counted as it comes."""
    big = b'{"given_name": "' + b"a" * (MIB + 1) + b'"}'
    headers = {"content-type": "application/json"}
    refused(await shop.post("/v1/customers", content=big, headers=headers), 413, "body-too-large")
    refused(await shop.post("/v1/customers/batch", content=big, headers=headers), 400, "invalid-request")
    refused(await shop.post("/v1/customers/batch", content=b" " * (8 * MIB + 1), headers=headers), 413)

    async def streamed() -> Any:
        for _ in range(20):
            yield b"a" * 65536

    refused(await shop.post("/v1/customers", content=streamed(), headers=headers), 413, "body-too-large")
    within = b'{"given_name": "A"' + b" " * (MIB - 30) + b"}"
    told(await shop.post("/v1/customers", content=within, headers=headers), 201)


async def test_request_ids_are_echoed(shop: httpx.AsyncClient, edge: httpx.AsyncClient) -> None:
    """X-Request-Id comes back on answers and refusals; without one the server makes it."""
    for client, path in ((shop, "/v1/me"), (edge, "/v1/me"), (edge, "/nothing"), (edge, "/health/live")):
        echoed = await client.get(path, headers={"x-request-id": "till-7.2026-11-21_0001"})
        assert echoed.headers["x-request-id"] == "till-7.2026-11-21_0001"
        assert (await client.get(path)).headers["x-request-id"]


@pytest.mark.parametrize("sent", ["x" * 5000, "a\tb", "<script>", "Анна"])
async def test_a_hostile_request_id_does_no_harm(shop: httpx.AsyncClient, sent: str) -> None:
    """Whatever is sent, there is one id and no error."""
    answer = await shop.get("/v1/me", headers=[(b"x-request-id", sent.encode())])
    assert answer.status_code == 200
    assert re.fullmatch(r"[\x21-\x7e]{1,200}", answer.headers["x-request-id"])


async def test_rates_are_told_and_kept(postgres: Postgres, base: Base) -> None:
    """RateLimit and RateLimit-Policy on answers; 429 with Retry-After; never on receipts."""
    _, key = await base.open_shop()
    async with open_edge(postgres) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        answer = await client.get("/v1/me")
        assert "1000" in answer.headers["ratelimit-policy"]
        assert "r=" in answer.headers["ratelimit"]


def _checked(text: str) -> str:
    """Return the key's text with a checksum that fits: CRC-32 of what precedes it, in base62."""
    number, digits = crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return f"{text}_{digits}"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic dXNlcjpwYXNz",
        "Bearer rgl_live_0_0_0",
        "Bearer rgl_live_" + "a" * 5000,
        "Bearer rgl_op_0_0_0",
        "Bearer null",
        "Bearer " + _checked("rgl_live_abc_def"),
        "Bearer " + _checked("rgl_op_abc_def"),
        "Bearer " + OPERATOR_KEY[:-1],
        "Bearer " + OPERATOR_KEY + "x",
        OPERATOR_KEY,
    ],
)
async def test_a_missing_or_invented_credential_is_401(edge: httpx.AsyncClient, authorization: str | None) -> None:
    """One answer for whatever is wrong, with WWW-Authenticate."""
    headers = {} if authorization is None else {"authorization": authorization}
    for path in ("/v1/me", "/v1/customers", "/v1/tenants"):
        answer = await edge.get(path, headers=headers)
        refused(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_forged_key_is_401_like_any_other(
    shop: httpx.AsyncClient, kyiv: httpx.AsyncClient, edge: httpx.AsyncClient
) -> None:
    """Another secret, another tenant's id, a changed kind, checksum or case: all 401, with a right checksum too."""
    text = shop.headers["Authorization"].removeprefix("Bearer ")
    assert re.fullmatch(r"rgl_(op|live|test)_[0-9A-Za-z]+_[0-9A-Za-z]+_[0-9A-Za-z]+", text)
    rgl, kind, id_, secret, checksum = text.split("_")
    assert _checked(f"rgl_{kind}_{id_}_{secret}") == text
    other = kyiv.headers["Authorization"].removeprefix("Bearer ").split("_")
    swapped = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    forged = [
        f"{rgl}_{kind}_{id_}_{swapped}_{checksum}",
        _checked(f"{rgl}_{kind}_{id_}_{swapped}"),
        _checked(f"{rgl}_{kind}_{other[2]}_{secret}"),
        _checked(f"{rgl}_{kind}_{id_}_{other[3]}"),
        _checked(f"{rgl}_test_{id_}_{secret}"),
        _checked(f"{rgl}_op_{id_}_{secret}"),
        f"{rgl}_{kind}_{id_}_{secret}_000000",
        f"{rgl}_{kind}_{id_}_{secret}",
        text.upper(),
        text + "0",
        _checked(f"{rgl}_{kind}_{id_}_"),
        _checked(f"{rgl}_{kind}__{secret}"),
        _checked(f"{rgl}_{kind}_{'z' * 60}_{secret}"),
    ]
    for one in forged:
        answer = await edge.get("/v1/me", headers={"authorization": f"Bearer {one}"})
        refused(answer, 401, "unauthenticated")
        assert secret not in answer.text
    for scheme in ("Bearer", "bearer", "BEARER"):
        told(await edge.get("/v1/me", headers={"authorization": f"{scheme} {text}"}))


async def test_the_tenant_comes_from_the_credential_alone(shop: httpx.AsyncClient, kyiv: httpx.AsyncClient) -> None:
    """Never from a header, a query, a body or the path."""
    mine, theirs = told(await shop.get("/v1/me"))["tenant_id"], told(await kyiv.get("/v1/me"))["tenant_id"]
    for name in ("x-tenant-id", "x-tenant", "tenant-id", "x-forwarded-tenant"):
        assert told(await shop.get("/v1/me", headers={name: theirs}))["tenant_id"] == mine
    refused(await shop.get(f"/v1/me?tenant_id={theirs}"), 400, "invalid-request")
    body = {"given_name": "A", "tenant_id": theirs}
    refused(await shop.post("/v1/customers", json=body), 400, "invalid-request", "/tenant_id")


async def test_two_shops_with_one_phone_never_meet(shop: httpx.AsyncClient, kyiv: httpx.AsyncClient) -> None:
    """The same number in two shops names two people; neither learns of the other."""
    anna, hanna = await customer(shop, "+79350004567"), await customer(kyiv, "+79350004567")
    assert anna["id"] != hanna["id"]
    taken = refused(
        await kyiv.post("/v1/customers", json={"identifiers": [phone("+79350004567")]}), 409, "identifier-taken"
    )
    assert taken["customer_id"] == hanna["id"]
    assert anna["id"] not in (await kyiv.get("/v1/customers")).text


async def test_browsers_of_named_origins_are_let_in(postgres: Postgres, base: Base) -> None:
    """CORS_ORIGINS: a preflight needs no credential; refusals carry the headers too; others get none."""
    _, key = await base.open_shop()
    async with open_edge(postgres, cors_origins=("https://crm.example",)) as client:
        asked = {
            "origin": "https://crm.example",
            "access-control-request-method": "PATCH",
            "access-control-request-headers": "authorization, content-type, if-match, idempotency-key",
        }
        preflight = await client.options("/v1/customers", headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "https://crm.example"
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        allowed = preflight.headers["access-control-allow-headers"].lower()
        for name in ("authorization", "content-type", "if-match", "idempotency-key", "x-request-id"):
            assert name in allowed
        refusal = await client.get("/v1/me", headers={"origin": "https://crm.example"})
        assert (refusal.status_code, refusal.headers["access-control-allow-origin"]) == (401, "https://crm.example")
        answer = await client.get("/v1/me", headers={"origin": "https://crm.example", "authorization": f"Bearer {key}"})
        exposed = answer.headers["access-control-expose-headers"].lower()
        for name in ("etag", "retry-after", "ratelimit", "x-request-id", "idempotent-replayed"):
            assert name in exposed
        stranger = await client.options("/v1/customers", headers={**asked, "origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers
        assert "origin" in stranger.headers["vary"].lower()


async def test_health_docs_and_the_contract_need_no_credential(edge: httpx.AsyncClient) -> None:
    """/health/live, /health/ready, /docs, /openapi.json; the page loads nothing from elsewhere."""
    for path in ("/health/live", "/health/ready", "/openapi.json"):
        told(await edge.get(path))
    page = await edge.get("/docs")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    for found in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert not found.startswith(("http", "//")), found
        assert found.startswith("data:") or (await edge.get(found)).status_code == 200, found


async def test_personal_data_never_stands_in_a_url(edge: httpx.AsyncClient) -> None:
    """No path or query parameter of the contract takes a phone, an e-mail or a name."""
    contract = (await edge.get("/openapi.json")).json()
    names = {
        parameter.get("name", "")
        for item in contract["paths"].values()
        for operation in item.values()
        for parameter in (operation.get("parameters", []) if isinstance(operation, dict) else [])
    }
    assert names & {"phone", "email", "card", "name", "q", "search", "value", "identifier", "qr"} == set()


async def test_answers_are_not_kept_by_caches_nor_sniffed(shop: httpx.AsyncClient) -> None:
    """Personal answers: no-store, nosniff."""
    answer = await shop.get("/v1/customers")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("role", ["cashier", "integration"])
async def test_keys_of_mode_test_say_so(shop: httpx.AsyncClient, edge: httpx.AsyncClient, role: str) -> None:
    """`<kind>` is in the key's text and in /v1/me."""
    for mode in ("live", "test"):
        headers = await key_of(shop, role, mode=mode)
        assert headers["Authorization"].startswith(f"Bearer rgl_{mode}_")
        me = told(await edge.get("/v1/me", headers=headers))
        assert (me["role"], me["mode"]) == (role, mode)
