"""P-7: from a fresh copy of the sources to the first receipt, then a second start: `python3 -m bench.p7`.

The copy is what is committed, without `.venv`: the first figure holds the installation of all packages.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPERATOR = "operator-key-of-the-measurement-0123456789"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="python3", help="the machine's Python (python3)")
    parser.add_argument("--starts", type=int, default=3, help="second starts (3)")
    parser.add_argument("--no-install", action="store_true", help="use this tree's .venv: leaves the packages out")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="regulars-p7-"))
    try:
        tree = ROOT if asked.no_install else _copy(home / "tree")
        first = _start(asked.python, tree, home)
        receipt = _receipt(first)
        _stop(first)
        print("\nP-7: cold and warm start")
        where = "packages there" if asked.no_install else "packages fetched"
        print(
            f"  first start ({where}) to ready {first.ready:6.1f} s, to the first receipt {receipt:6.1f} s (target 60)"
        )
        warm = []
        for _ in range(asked.starts):
            again = _start(asked.python, tree, home)
            warm.append(again.ready)
            _stop(again)
        print(f"  second start to ready {', '.join(f'{each:.1f}' for each in warm)} s (target 5)")
    finally:
        shutil.rmtree(home, ignore_errors=True)


class _Run:
    """A running `dev.py run`; `began` and `ready` in seconds, the latter since the former."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, began: float) -> None:
        self.process, self.port, self.began = process, port, began
        self.ready = 0.0


def _copy(tree: Path) -> Path:
    tree.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x"], cwd=tree, input=archive.stdout, check=True)
    return tree


def _start(python: str, tree: Path, home: Path) -> _Run:
    port = 20_000 + os.getpid() % 20_000
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    own = {
        "REGULARS_DATA_DIR": str(home / "data"),
        "REGULARS_PORT": str(port),
        "REGULARS_OPERATOR_KEY": OPERATOR,
        "REGULARS_DEMO": "false",
    }
    with (home / "output").open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            [python, str(tree / "dev.py"), "run"],
            cwd=tree, env=inherited | own, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    run = _Run(process, port, began)
    while " ready\n" not in (home / "output").read_text(errors="replace"):
        if process.poll() is not None:
            sys.exit((home / "output").read_text(errors="replace"))
        time.sleep(0.02)
    run.ready = time.monotonic() - began
    return run


def _receipt(run: _Run) -> float:
    shop = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}
    key = _post(run.port, "/v1/tenants", OPERATOR, shop)["api_key"]
    line = {"line": "1", "quantity": "1", "unit_price": 100_00, "total": 100_00}
    sale = {"source": "p7", "external_id": "1", "kind": "sale", "sold_at": "2026-11-21T12:00:00+03:00"}
    sale |= {"currency": "RUB", "lines": [line], "total": 100_00}  # type: ignore[dict-item]
    _post(run.port, "/v1/receipts", key, sale)
    return time.monotonic() - run.began


def _post(port: int, path: str, key: str, body: object) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    call = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(call) as answer:  # noqa: S310 - our own loopback
        return dict(json.load(answer))


def _stop(run: _Run) -> None:
    run.process.send_signal(signal.SIGTERM)
    run.process.wait(60)


if __name__ == "__main__":
    main()
