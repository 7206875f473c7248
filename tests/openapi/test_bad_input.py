"""S4: whatever comes in, a problem document goes out, never a fault of ours."""

import json
import os

import pytest
from structlog.testing import capture_logs

from api.docs import PROBLEMS
from api.openapi.document import contract
from tests.openapi.nasty import NastyMaker
from tests.openapi.shop import open_shop
from tests.support.postgres import Postgres

COUNT = int(os.environ.get("REGULARS_BAD_INPUTS", "3000"))
SEED = int(os.environ.get("REGULARS_SEED", "20261121"))
MEMBERS = {"type", "title", "status", "detail", "code", "trace_id"}


async def test_three_thousand_bad_requests_get_three_thousand_problems(postgres: Postgres) -> None:
    """0 × 5xx; each refusal is a valid problem whose code has a page, and repeats nothing of the query string."""
    pages = {page.stem for page in PROBLEMS.glob("*.md")}
    wrong: list[str] = []
    async with open_shop(postgres) as shop:
        for nasty in NastyMaker(contract(), SEED).requests(COUNT):
            who = shop.operator if "/tenants" in nasty.path else shop.owner
            headers = {name: value.encode() for name, value in who.items()} | nasty.headers
            lowered = {name.lower(): value for name, value in headers.items()}
            with capture_logs() as logs:
                answer = await shop.http.request(nasty.method, nasty.path, content=nasty.content, headers=lowered)
            where = f"{nasty.operation} {nasty.path[:120]} {(nasty.content or b'')[:200]!r} → {answer.status_code}"
            faults = [entry for entry in logs if entry["event"] == "unhandled"]
            if answer.status_code >= 500 or faults:
                wrong.append(f"{where} {faults}")
            if answer.status_code < 400:
                continue
            told = json.loads(answer.content)
            if answer.headers["content-type"] != "application/problem+json" or not set(told) >= MEMBERS:
                wrong.append(f"{where} is no problem document")
            elif told["code"] not in pages or told["status"] != answer.status_code:
                wrong.append(f"{where} {told['code']}")
            elif "79350004567" in answer.text.replace(" ", "").replace("-", "") and "?" in nasty.path:
                wrong.append(f"{where} repeats the query string")
    assert wrong == [], f"seed {SEED}: {len(wrong)} of {COUNT}\n" + "\n".join(wrong[:40])


@pytest.mark.parametrize("size", [10 * 1024 * 1024])
async def test_a_body_of_ten_megabytes_is_refused_at_once(postgres: Postgres, size: int) -> None:
    """413 on every operation that takes a body."""
    async with open_shop(postgres) as shop:
        for path, item in contract()["paths"].items():
            for method, operation in item.items():
                if "requestBody" in operation and "{" not in path:
                    headers = shop.owner | {"content-type": "application/json"}
                    answer = await shop.http.request(method.upper(), path, content=b" " * size, headers=headers)
                    assert answer.status_code == 413, path
