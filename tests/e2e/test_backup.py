"""A backup is two files, and a restore into a new place goes on where the old one stopped."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.processes import ROOT, Installation, free_port, until
from tests.support.till import sale

OPERATOR = "operator-key-of-a-test-installation-0001"


def _call(installation: Installation, path: str, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{installation.port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def _regulars(installation: Installation, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments],
        capture_output=True, text=True, cwd=ROOT, env=installation.environment, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_restored_base_knows_everybody_and_goes_on(tmp_path: Path) -> None:
    """Data and keys come from two files; the change feed goes on although the server's transaction ids are new ones."""
    settings = {"REGULARS_OPERATOR_KEY": OPERATOR}
    old = Installation(tmp_path / "old", free_port(), settings).start()
    try:
        old.wait_ready()
        shop = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}
        key = _call(old, "/v1/tenants", OPERATOR, shop)["api_key"]
        first = _call(old, "/v1/receipts", key, sale(1))
        cursor = _call(old, "/v1/changes", key)["next_cursor"]
        _regulars(old, "backup", str(tmp_path / "backup"))
    finally:
        old.stop()
    main, keys = tmp_path / "backup" / "main.dump", tmp_path / "backup" / "keys.dump"
    assert {path.stat().st_mode & 0o777 for path in (main, keys)} == {0o600}
    elsewhere = tmp_path / "custodian.dump"
    keys.rename(elsewhere)

    new = Installation(tmp_path / "new", free_port(), settings)
    new.data_dir.mkdir(mode=0o700)
    (new.data_dir / "master.key").write_bytes((old.data_dir / "master.key").read_bytes())
    (new.data_dir / "master.key").chmod(0o600)
    _regulars(new, "restore", str(tmp_path / "backup"), "--keys", str(elsewhere))
    _regulars(new, "doctor")
    new.start()
    try:
        new.wait_ready()
        assert _call(new, "/v1/receipts", key, sale(1))["status"] == "duplicate"
        anna = _call(new, f"/v1/customers/{first['customer_id']}", key)
        assert anna["identifiers"][0]["value"] == "+79350004567"
        _call(new, "/v1/receipts", key, sale(2))

        def told() -> list[str]:
            return [change["type"] for change in _call(new, f"/v1/changes?cursor={cursor}", key)["items"]]

        until(lambda: "receipt.recorded" in told(), "the receipt in the feed")
        assert told().count("receipt.recorded") == 1
    finally:
        new.stop()
