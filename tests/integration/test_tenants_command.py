"""`regulars tenants` and `regulars deliveries`, as an operator types them."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from compliance.access.api_key import parse_key_text
from domain.kernel.events import SYSTEM, Event
from domain.kernel.ids import new_id
from runtime.adapters.key_provider import encode_root_key
from tests.support.postgres import Postgres
from tests.support.shop import Base


def regulars(postgres: Postgres, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")} | {
        "REGULARS_DATABASE_URL": postgres.app,
        "REGULARS_OWNER_DATABASE_URL": postgres.owner,
        "REGULARS_MASTER_KEY": encode_root_key(postgres.master_key),
    }
    command = [sys.executable, "-m", "runtime.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_shop_is_opened_listed_suspended_and_resumed_on_the_machine(base: Base) -> None:
    """The same rules as over HTTP; the owner's key is printed once."""
    settings = ("--country", "UA", "--currency", "UAH", "--time-zone", "Europe/Kyiv")
    made = regulars(base.postgres, "tenants", "create", "Крамниця", *settings)
    assert made.returncode == 0, made.stderr
    shop, text = made.stdout.strip().split("\t")
    key = parse_key_text(text)
    assert key is not None
    assert str(key.tenant_id) == shop

    listed = regulars(base.postgres, "tenants", "list").stdout
    assert f"{shop}\tКрамниця\tactive\tUA\tUAH\tEurope/Kyiv" in listed
    assert text not in listed
    assert regulars(base.postgres, "tenants", "suspend", shop).stdout == "suspended\n"
    assert regulars(base.postgres, "tenants", "resume", shop).stdout == "active\n"


def test_what_does_not_exist_is_refused_in_one_sentence_each(base: Base) -> None:
    """Status 1, no traceback."""
    wrong = regulars(base.postgres, "tenants", "create", "X", "--country", "XX", "--time-zone", "Moon")
    assert wrong.returncode == 1
    assert wrong.stderr.splitlines() == [
        "country: is not an ISO 3166-1 country",
        "time_zone: is not an IANA time zone",
    ]
    unknown = regulars(base.postgres, "tenants", "suspend", str(uuid4()))
    assert (unknown.returncode, unknown.stderr) == (1, "No such tenant\n")


async def test_parked_events_are_shown_and_tried_again(base: Base, tenant: UUID) -> None:
    """What was given up stands where an owner can see and replay it."""
    async with base.store.transaction(tenant, SYSTEM) as unit:
        await unit.events.add([Event("thing.done", "thing", new_id(), datetime.now(UTC))])
    await base.settled(tenant)
    async with base.store.transaction(tenant, SYSTEM) as unit:
        (event,) = (await unit.changes.page(after=1, limit=1)).items
        await unit.deliveries.failed("broken", event, attempts=9, pause=None, error_class="Broken")

    shown = regulars(base.postgres, "deliveries", "list", str(tenant)).stdout
    assert f"broken\t2\t{event.id}\t9\tBroken" in shown
    assert regulars(base.postgres, "deliveries", "replay", str(tenant)).stdout == "1 will be tried again\n"
    async with base.store.transaction(tenant, SYSTEM) as unit:
        assert await unit.deliveries.page() == []
        assert await unit.deliveries.next_due(["broken"]) <= timedelta(0)  # type: ignore[operator]
