"""The words: every command in README and docs is run against a real installation, and what they state is true."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.demo.documents import SOURCE
from runtime.demo.people import GUEST, person
from runtime.demo.progress import read_progress
from runtime.demo.purchases import purchases
from runtime.settings import PREFIX, Settings
from tests.support.processes import ROOT, Installation, free_port, until
from tests.support.reliability import Api

OPERATOR = "operator-key-of-the-docs-tests-0123456789"
PAGES = ("README.md", "docs/first-hour.md", "docs/till-guide.md", "docs/operations.md", "CONTRIBUTING.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN, SHOWN = "sh", "text"
MOST_SHOWN = 12
"""Blocks that are only shown: drawings, and commands that start or replace a whole installation."""

WARNINGS = {
    "hold-lapsed", "points-to-debt", "points-not-spent", "coupon-refused", "line-total-adjusted", "unknown-store",
    "unknown-customer", "clock-skew", "no-rate", "customer-ambiguous", "identifier-conflict", "restricted-line",
    "sale-not-found", "account-frozen",
}  # fmt: skip
"""The contract's."""

HEAD = """\
set -euo pipefail; shopt -s inherit_errexit
curl() { command curl --fail-with-body "$@"; }
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A running installation with its demo shop."""

    installation: Installation
    key: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The processes as `python3 dev.py run` starts them the first time."""
    place = tmp_path_factory.mktemp("docs")
    made = Installation(place / "data", free_port(), {"REGULARS_DEMO": "true", "REGULARS_OPERATOR_KEY": OPERATOR})
    try:
        made.start().wait_ready()
        yield Served(made, (made.data_dir / "demo-key").read_text().strip())
        assert made.stop() in {0, 130}
    finally:
        made.sweep()


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in a language."""
    return [content for found, content in FENCE.findall((ROOT / page).read_text()) if found == language]


def environment(served: Served, place: Path) -> dict[str, str]:
    """Return what the pages take for granted: addresses, keys, and the tools of the checkout."""
    made = served.installation
    return made.environment | {
        "URL": f"http://127.0.0.1:{made.port}",
        "KEY": served.key,
        "OPERATOR_KEY": OPERATOR,
        "BACKUP": str(place / "backup"),
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
    }


def run(script: str, served: Served, place: Path) -> str:
    """Run commands as one shell session; any refusal of the API or of a command is a failure."""
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", HEAD + script],
        cwd=place, env=environment(served, place), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_works_as_written(page: str, served: Served, tmp_path: Path) -> None:
    """Issue 2, part 13: the commands of a page, one after another in one shell, are answered as one hopes."""
    run("\n".join(blocks(page, RUN)), served, tmp_path)


def test_the_three_requests_of_the_readme_answer_as_it_says(served: Served, tmp_path: Path) -> None:
    """Who is at the till, points on a receipt, the history; sent again it is a duplicate."""
    resolve, receipt, timeline = blocks("README.md", RUN)

    assert json.loads(run(resolve, served, tmp_path))["match"] == "exact_unverified"
    first = json.loads(run(receipt, served, tmp_path))
    assert first["loyalty"]["earned"] == 12
    again = json.loads(run(receipt, served, tmp_path))
    assert again["status"] == "duplicate"
    assert again["id"] == first["id"]
    assert first["id"] in [item["id"] for item in json.loads(run(timeline, served, tmp_path))["items"]]


def test_the_three_printed_commands_work_when_pasted(served: Served, tmp_path: Path) -> None:
    """They are printed while the demo shop is still empty, and work from that moment on."""
    printed = re.findall(r"^curl -s .*?(?=\n\n)", served.installation.words, re.MULTILINE | re.DOTALL)
    assert len(printed) == 3

    who, sale, history = [json.loads(run(command, served, tmp_path)) for command in printed]

    assert who["customer"]["greeting_name"] == f"{person(GUEST).given_name} {person(GUEST).middle_name}"
    assert sale["status"] in {"recorded", "duplicate"}
    assert sale["loyalty"]["earned"] == 13
    assert sale["id"] in [item["id"] for item in history["items"]]


def test_the_demo_shop_loads_while_the_api_serves_and_survives_the_worker(served: Served, tmp_path: Path) -> None:
    """Decision 23: the guest comes first and whole; a killed load goes on where it was, and nothing comes twice."""
    made = served.installation
    until(lambda: loaded(made) > 1, "the guest and some more")
    for victim in made.pids(r"runtime\.worker"):
        os.kill(victim, signal.SIGKILL)
    before = loaded(made)
    until(lambda: loaded(made) > min(before + 1, 47), "the load to go on")

    rows = [row for row in purchases() if row.customer == GUEST]
    with Api(made.port, served.key) as api:
        found = api.post("/v1/customers/resolve", {"identifiers": [{"type": "phone", "value": person(GUEST).phone}]})
        receipts = api.pages(f"/v1/receipts?customer_id={found['customer']['id']}&source={SOURCE}")
    assert sorted(receipt["external_id"] for receipt in receipts) == sorted(str(row.row) for row in rows)
    assert sum(receipt["total"] for receipt in receipts) == sum(row.cents for row in rows)
    assert "customers" in run("regulars demo status || true", served, tmp_path)


def loaded(made: Installation) -> int:
    """Return how many parts of the demo shop are there."""
    progress = read_progress(made.data_dir)
    return len(progress.done) if progress else 0


def test_blocks_are_run_or_explicitly_shown() -> None:
    """No command escapes the test above by a fence of another name."""
    kinds = [language for page in PAGES for language, _ in FENCE.findall((ROOT / page).read_text())]
    assert set(kinds) <= {RUN, SHOWN}
    assert kinds.count(SHOWN) <= MOST_SHOWN


def test_the_readme_fits_two_screens() -> None:
    """Whoever opens it sees what, for whom, how to start, and where to go on, without scrolling for long."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


@pytest.mark.parametrize("page", [*PAGES, "docs/adr/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    """A page that names another one names one that is there."""
    place = (ROOT / page).parent
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text())
    assert [link for link in links if not (place / link).exists()] == []


def test_every_setting_is_in_the_table() -> None:
    """docs/operations.md knows each environment variable, and no other."""
    table = set(re.findall(rf"`({PREFIX}[A-Z_]+)`", (ROOT / "docs/operations.md").read_text()))
    assert table == {PREFIX + name.upper() for name in Settings.model_fields}


def test_every_warning_is_explained_to_who_builds_a_till() -> None:
    """docs/till-guide.md has a row for each warning code there is."""
    section = (ROOT / "docs/till-guide.md").read_text().split("## Warnings")[1].split("\n## ")[0]
    assert set(re.findall(r"`([a-z-]+)`", section)) == WARNINGS


def test_every_decision_is_in_the_index() -> None:
    """docs/adr/README.md lists each record."""
    index = (ROOT / "docs/adr/README.md").read_text()
    assert [one.name for one in (ROOT / "docs/adr").glob("[0-9]*.md") if f"({one.name})" not in index] == []
