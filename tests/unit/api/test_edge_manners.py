"""Manners around every operation: problems, paths, headers, CORS, limits, health, pages."""

import hashlib
import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from api.docs import PROBLEMS, STATIC
from api.middleware.outermost import client_prefix, networks
from api.pages import problem_page
from tests.unit.api.edge import OWNER, FakeWorld, client, edge

ANY_ID = "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d"


@pytest.mark.parametrize(
    "identifier", [ANY_ID, "abc", "1", "%2B79350004567", "{x}", "0" * 300, "%D0%B0", "..%2f", "%ff"]
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_id_in_the_path_is_404_malformed_or_not(identifier: str, method: str) -> None:
    """Nobody learns from an answer whether an id could exist."""
    async with client(edge(FakeWorld())) as http:
        body = {"json": {"name": "a"}} if method == "PATCH" else {}
        answer = await http.request(method, f"/v1/things/{identifier}", **body)
        nobody = await http.request(method, f"/v1/things/{identifier}", headers={"Authorization": ""}, **body)

    told = answer.json()
    if identifier in {"..%2f", "%ff"}:  # no segment of a path any more
        assert answer.status_code in {404, 405}
        return
    assert (answer.status_code, told["code"]) == (404, "customer-not-found")
    assert set(told) == {"type", "title", "status", "detail", "code", "trace_id"}
    assert nobody.status_code == 401


async def test_unknown_paths_and_methods_are_problems_without_the_query() -> None:
    """The framework's own text repeats the URL; ours never does."""
    async with client(edge(FakeWorld())) as http:
        lost = await http.get("/v1/nothing?phone=%2B79350004567")
        method = await http.put("/v1/things?phone=%2B79350004567")

    assert (lost.status_code, method.status_code) == (404, 405)
    assert method.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    for answer in (lost, method):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "79350004567" not in answer.text
        assert answer.json()["type"] == f"/problems/{answer.json()['code']}"


async def test_options_names_every_method_of_a_path_shared_by_handlers() -> None:
    """The framework alone would name one (litestar#4169)."""
    async with client(edge(FakeWorld()), {}) as http:
        one = await http.options("/v1/things")
        other = await http.options(f"/v1/things/{ANY_ID}")

    assert (one.status_code, one.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert other.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


async def test_head_is_get_without_a_body() -> None:
    """Monitors ask so."""
    async with client(edge(FakeWorld())) as http:
        got, head = await http.get("/v1/things"), await http.head("/v1/things")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.5", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("text/xml, application/json; q=0", 406),
    ],
)
async def test_what_cannot_be_accepted_is_406(accept: str, status: int) -> None:
    """A page that asks for HTML learns that there is JSON only."""
    async with client(edge(FakeWorld())) as http:
        answer = await http.get("/v1/things", headers={"Accept": accept})

    assert answer.status_code == status


async def test_a_request_id_is_echoed_when_it_is_one() -> None:
    """Else one is made; both lead to the log line."""
    async with client(edge(FakeWorld())) as http:
        own = await http.get("/v1/things", headers={"X-Request-Id": "till-7/1"})
        wrong = await http.get("/v1/things", headers={"X-Request-Id": "with space"})
        traced = await http.get(
            "/v1/nothing", headers={"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
        )

    assert own.headers["X-Request-Id"] == "till-7/1"
    assert re.fullmatch("[0-9a-f]{32}", wrong.headers["X-Request-Id"])
    assert traced.json()["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_fault_of_ours_tells_a_trace_id_and_logs_no_text() -> None:
    """S8: the exception's text may hold a phone; class and frames are enough to find it."""
    with capture_logs() as logs:
        async with client(edge(FakeWorld())) as http:
            answer = await http.post("/v1/things", json={"name": "boom"})

    fault = next(entry for entry in logs if entry["event"] == "unhandled")
    assert answer.status_code == 500
    assert answer.json()["trace_id"] == fault["trace_id"]
    assert fault["error"] == "builtins.ValueError"
    assert any("work" in frame for frame in fault["frames"])
    assert "79350004567" not in str(logs) + answer.text


async def test_the_access_log_has_the_route_and_not_the_path() -> None:
    """S8: ids, query strings and bodies stay out of it."""
    with capture_logs() as logs:
        async with client(edge(FakeWorld())) as http:
            await http.get(f"/v1/things/{ANY_ID}?x=%2B79350004567")

    entry = next(entry for entry in logs if entry["event"] == "request")
    assert entry["route"] == "/v1/things/{thing_id}"
    assert entry["status"] == 400
    assert ANY_ID not in str(entry)
    assert "79350004567" not in str(entry)


async def test_problems_speak_the_language_of_the_shop() -> None:
    """`detail` is read to customers: Russian, Ukrainian, English."""
    told = {}
    for locale in ("ru", "uk-UA", "en", "de"):
        async with client(edge(FakeWorld(locale=locale))) as http:
            told[locale] = (await http.post("/v1/things", json={})).json()["detail"]

    assert told["ru"].startswith("Запрос")
    assert told["uk-UA"].startswith("Запит")
    assert told["en"].startswith("The request")
    assert told["de"] == told["en"]


async def test_over_the_rate_is_429_with_retry_after_but_never_where_it_must_not() -> None:
    """Reads are shed first: receipts, returns and captures are not limited at all."""
    world = FakeWorld(allowed=1)
    async with client(edge(world)) as http:
        first, second = await http.get("/v1/things"), await http.get("/v1/things")
        exempt = await http.post("/v1/things/batch", json={"name": "a"})

    assert (first.status_code, second.status_code, exempt.status_code) == (200, 429, 200)
    assert first.headers["RateLimit-Policy"] == '"key";q=1000;w=1'
    assert first.headers["RateLimit"] == '"key";r=0;t=1'
    assert (second.headers["Retry-After"], second.json()["code"]) == ("1", "quota-exceeded")
    assert "RateLimit" not in exempt.headers


async def test_cors_is_given_to_named_origins_only() -> None:
    """REGULARS_CORS_ORIGINS; preflights need no credential."""
    app = edge(FakeWorld(), cors_origins=["https://shop.example"])
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    async with client(app, {}) as http:
        preflight = await http.options("/v1/things", headers={"Origin": "https://shop.example", **ask})
        plain = await http.get("/v1/things", headers={"Origin": "https://shop.example", **OWNER})
        refused = await http.get("/v1/things", headers={"Origin": "https://shop.example"})
        foreign = await http.options("/v1/things", headers={"Origin": "https://evil.example", **ask})

    assert preflight.status_code == 204
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    assert plain.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "ETag" in plain.headers["Access-Control-Expose-Headers"]
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert foreign.headers["Vary"] == "Origin"


async def test_every_answer_has_the_security_headers() -> None:
    """Answers with personal data are never kept by a cache; the docs page may be."""
    async with client(edge(FakeWorld(), public_url="https://crm.shop.example")) as http:
        for path in ("/v1/things", "/v1/nothing", "/docs", "/health/live"):
            answer = await http.get(path)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        assert (await http.get("/v1/things")).headers["Cache-Control"] == "no-store"


def test_the_client_is_the_peer_unless_a_trusted_proxy_speaks() -> None:
    """TRUSTED_PROXIES, read from the right; only the network is kept."""
    trusted = networks(["10.0.0.0/8", "192.0.2.7"])

    assert client_prefix("203.0.113.9", "198.51.100.1", trusted) == "203.0.113.0/24"
    assert client_prefix("10.1.2.3", "1.1.1.1, 198.51.100.77", trusted) == "198.51.100.0/24"
    assert client_prefix("10.1.2.3", "198.51.100.77, 192.0.2.7", trusted) == "198.51.100.0/24"
    assert client_prefix("10.1.2.3", "nonsense", trusted) == "10.1.2.0/24"
    assert client_prefix("2001:db8:1:2::3", "", trusted) == "2001:db8:1::/48"
    assert client_prefix("", "", trusted) == ""
    with pytest.raises(ValueError, match="does not appear"):
        networks(["proxy.example"])


async def test_health_needs_no_credential_and_readiness_tells_what_is_missing() -> None:
    """A supervisor restarts what is not alive, a balancer waits for what is not ready."""
    world = FakeWorld()
    async with client(edge(world), {}) as http:
        live, ready = await http.get("/health/live"), await http.get("/health/ready")
        world.ready = False
        down, still = await http.get("/health/ready"), await http.get("/health/live")

    assert (live.json(), ready.json()["status"]) == ({"status": "ok"}, "ready")
    assert (down.status_code, still.status_code) == (503, 200)
    assert down.json()["detail"] == "database: is away"
    assert down.headers["Retry-After"] == "1"


async def test_every_problem_page_is_html_without_credential() -> None:
    """`type` leads a person to an explanation."""
    async with client(edge(FakeWorld()), {}) as http:
        index = await http.get("/problems")
        for page in PROBLEMS.glob("*.md"):
            answer = await http.get(f"/problems/{page.stem}")
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert f'href="/problems/{page.stem}"' in index.text
        for wrong in ("nope", "..%2F..%2Fpyproject", "Invalid-Request", "x" * 200):
            assert (await http.get(f"/problems/{wrong}")).status_code == 404


def test_a_page_escapes_everything_it_does_not_mean() -> None:
    """A page is text; only our few marks become tags."""
    html = problem_page(
        "# A <b>\n\nOne `x<y` **bold** [more](/problems/not-found) [bad](javascript:1)\n\n- a\n- b\n\n```\n<i>\n```\n"
    )

    assert "<h1>A &lt;b&gt;</h1>" in html
    assert "<code>x&lt;y</code> <strong>bold</strong>" in html
    assert '<a href="/problems/not-found">more</a>' in html
    assert "<ul><li>a</li><li>b</li></ul>" in html
    assert "&lt;i&gt;" in html
    assert "javascript:1)" in html
    assert 'href="javascript' not in html


async def test_the_docs_page_asks_nobody_outside() -> None:
    """Swagger UI, its style and its start come from here; nothing in the page names another host."""
    async with client(edge(FakeWorld()), {}) as http:
        page = await http.get("/docs")
        for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            if path != "data:,":
                assert path.startswith("/docs/")
                assert (await http.get(path)).status_code == 200
        contract = await http.get("/openapi.json")
        missing = await http.get("/docs/evil.js")

    assert "http://" not in page.text
    assert "https://" not in page.text
    assert contract.json()["openapi"] == "3.1.0"
    assert missing.status_code == 404


def test_vendored_files_are_the_ones_we_took() -> None:
    """Licence and digest stand beside them."""
    for line in (STATIC / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest
    assert "Apache License" in Path(STATIC / "swagger-ui.LICENSE").read_text()
