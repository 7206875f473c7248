"""Over real sockets, two workers: generated clients work, keys and figures are shared, logs hold nothing personal."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.docs import DOCUMENT
from tests.openapi.live import Live, live
from tests.openapi.node import install, run, tool
from tests.support.postgres import Postgres

PHONE = "+79350004567"
SMOKE_PY = """
import sys
from shop_client import AuthenticatedClient
from shop_client.api.administration import create_store, list_stores
from shop_client.models import StoreCreate

url, key = sys.argv[1:]
with AuthenticatedClient(base_url=url, token=key) as client:
    made = create_store.sync(client=client, body=StoreCreate(code="from-python"))
    found = list_stores.sync(client=client)
    refused = create_store.sync(client=client, body=StoreCreate(code="from-python"))
print(made.code, len(found.items), refused.code)
"""
SMOKE_TS = """
import createClient from "openapi-fetch";
import type { paths } from "./contract";

const [url, key] = process.argv.slice(2) as [string, string];
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
const made = await client.POST("/v1/stores", { body: { code: "from-typescript" } });
const found = await client.GET("/v1/stores", { params: { query: { limit: 10 } } });
const refused = await client.POST("/v1/stores", { body: { code: "from-typescript" } });
console.log(made.data?.code, found.data?.items.length, refused.error?.code);
"""


@dataclass(frozen=True, slots=True)
class Served:
    found: Live
    log: Path


@pytest.fixture(scope="module")
def served(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("live") / "web.log"
    with live(postgres, log, workers="2", metrics="true") as found:
        yield Served(found, log)


def test_a_generated_python_client_works(served: Served, tmp_path: Path) -> None:
    """Made from the contract alone: create, list, be refused."""
    config = tmp_path / "config.yaml"
    config.write_text("project_name_override: shop-client\npackage_name_override: shop_client\npost_hooks: []\n")
    _python(
        *("-m", "openapi_python_client", "generate", "--path", str(DOCUMENT), "--config", str(config)),
        *("--meta", "none", "--output-path", str(tmp_path / "shop_client")),
        cwd=tmp_path,
    )
    (tmp_path / "smoke.py").write_text(SMOKE_PY)

    assert _python("smoke.py", served.found.url, served.found.open_shop(), cwd=tmp_path) == "from-python 1 code-taken\n"


def test_a_generated_typescript_client_works(served: Served, tmp_path: Path) -> None:
    """The same over openapi-fetch."""
    (tmp_path / "node_modules").symlink_to(install())
    tool("openapi-typescript/bin/cli.js", str(DOCUMENT), "--output", "contract.d.ts", cwd=tmp_path)
    (tmp_path / "smoke.mts").write_text(SMOKE_TS)

    told = run(["--no-warnings", "smoke.mts", served.found.url, served.found.open_shop()], cwd=tmp_path)

    assert told == "from-typescript 1 code-taken\n"


def test_forty_threads_with_one_key_make_one_effect_on_two_workers(served: Served) -> None:
    """R3 over sockets: one 201, replays of it, and 409 for those in between."""
    headers = {"Authorization": f"Bearer {served.found.open_shop()}", "Idempotency-Key": "fiscal-drive/1"}
    url = f"{served.found.url}/v1/stores"

    def once(_: int) -> httpx.Response:
        return httpx.post(url, json={"code": "main"}, headers=headers, timeout=30)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(once, range(40)))
    replay = once(0)

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.content for answer in answers if answer.status_code == 201} == {replay.content}
    assert len([answer for answer in answers if "idempotent-replayed" not in answer.headers and answer.is_success]) == 1
    assert replay.headers["idempotent-replayed"] == "true"


def test_figures_of_all_workers_are_one_page(served: Served) -> None:
    """A scrape meets any worker and hears of all."""
    for _ in range(30):
        httpx.get(f"{served.found.url}/health/live")
    page = httpx.get(f"{served.found.url}/metrics").text

    counted = [line for line in page.splitlines() if "_count" in line and 'route="/health/live"' in line]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) >= 30


def test_logs_are_json_and_hold_nothing_personal(served: Served) -> None:
    """S8 from outside: a phone planted in path, query, headers and bodies, good and bad, is in no line."""
    url, headers = served.found.url, {"Authorization": f"Bearer {served.found.open_shop()}", "X-Request-Id": PHONE}
    body = {"identifiers": [{"type": "phone", "value": PHONE}], "note": PHONE}
    httpx.get(f"{url}/v1/customers/{PHONE}?phone={PHONE}", headers=headers)
    httpx.post(f"{url}/v1/customers/resolve", json=body, headers=headers)
    httpx.post(f"{url}/v1/customers/resolve", json=body | {"note": None}, headers=headers)
    httpx.post(f"{url}/v1/customers", content=json.dumps(body).encode()[:-5], headers=headers)
    httpx.get(f"{url}/{PHONE}", headers=headers | {"Authorization": f"Bearer {PHONE}"})

    lines = [json.loads(line) for line in served.log.read_text().splitlines()]

    assert {"/v1/customers/resolve", "/v1/customers/{customer_id}"} <= {line.get("route") for line in lines}
    assert PHONE[1:] not in served.log.read_text()


def _python(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout
