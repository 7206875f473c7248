"""`regulars keys`, as an operator types it."""

import os
import subprocess
import sys
from uuid import UUID

import pytest

from compliance.access.api_key import parse_key_text
from runtime.adapters.key_provider import encode_root_key
from tests.support.postgres import Postgres
from tests.support.shop import Base


def regulars(postgres: Postgres, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the database of this test process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")} | {
        "REGULARS_DATABASE_URL": postgres.app,
        "REGULARS_OWNER_DATABASE_URL": postgres.owner,
        "REGULARS_MASTER_KEY": encode_root_key(postgres.master_key),
    }
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli", "keys", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lost_operator_key_is_replaced_on_the_machine(base: Base) -> None:
    """`regulars keys create --operator` prints a key that works, and only that (api.md, settings)."""
    made = regulars(base.postgres, "create", "--operator", "--name", "spare")
    assert made.returncode == 0, made.stderr
    key = parse_key_text(made.stdout.strip())
    assert key is not None
    assert key.kind == "op"

    listed = regulars(base.postgres, "list", "--operator")
    assert any(line.startswith(f"{key.number}\tspare\tactive") for line in listed.stdout.splitlines())
    assert key.text not in listed.stdout

    assert regulars(base.postgres, "revoke", str(key.number), "--operator").returncode == 0
    assert regulars(base.postgres, "revoke", str(key.number), "--operator").returncode == 1
    assert f"{key.number}\tspare\trevoked" in regulars(base.postgres, "list", "--operator").stdout


def test_a_shops_keys_are_made_listed_and_ended_on_the_machine(base: Base, tenant: UUID) -> None:
    """The same rules as over HTTP: the text is shown once, the list shows none."""
    shop = ("--tenant", str(tenant))
    made = regulars(base.postgres, "create", *shop, "--role", "cashier", "--name", "Касса 1", "--days", "30", "--test")
    assert made.returncode == 0, made.stderr
    key = parse_key_text(made.stdout.strip())
    assert key is not None
    assert (key.kind, key.tenant_id) == ("test", tenant)

    lines = [line.split("\t") for line in regulars(base.postgres, "list", *shop).stdout.splitlines()]
    assert lines[0][:5] == ["id", "name", "role", "mode", "status"]
    assert [line[1:5] for line in lines[1:]] == [
        ["owner", "owner", "live", "active"],
        ["Касса 1", "cashier", "test", "active"],
    ]

    ended = regulars(base.postgres, "revoke", lines[2][0], *shop)
    assert (ended.returncode, ended.stdout.strip()) == (0, "revoked")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("create",), 2, "--tenant"),
        (("create", "--tenant", "01970000-0000-7000-8000-000000000001"), 1, "No such tenant"),
        (("create", "--tenant", "01970000-0000-7000-8000-000000000001", "--role", "emperor"), 2, "owner"),
        (("rotate",), 2, "--root"),
        (("rotate", "--root"), 1, "REGULARS_MASTER_KEY"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(base: Base, arguments: tuple[str, ...], status: int, told: str) -> None:
    """No trace, no secret, and what to do."""
    result = regulars(base.postgres, *arguments)

    assert result.returncode == status
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert encode_root_key(base.postgres.master_key) not in result.stdout + result.stderr
