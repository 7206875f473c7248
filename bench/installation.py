"""An installation of its own for one measurement: embedded server with the product's settings, API, shops."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from compliance.access.open_tenant import open_tenant
from compliance.access.permissions import PERMISSIONS_OF
from compliance.access.principal import Principal
from compliance.access.use_cases import create_api_key
from domain.kernel.events import SYSTEM
from persistence.database import driver_arguments
from runtime import database, migrations
from runtime.container import Core, build_core
from runtime.embedded import Binaries, EmbeddedServer
from runtime.embedded.binaries import LAUNCHER
from runtime.installation import confirm_master_key
from runtime.settings import Settings
from runtime.supervisor import is_ready
from tenancy.use_cases import new_tenant

PATIENCE = 60.0


@dataclass(slots=True)
class Installation:
    """Where everything is; `children` are the API and, if asked for, the worker."""

    settings: Settings
    server: EmbeddedServer
    binaries: Binaries
    owner_url: str
    app_url: str
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def core(self) -> Core:
        """Return the parts of a process of this installation, for seeding and for looking inside."""
        return build_core(self.settings)

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time spent so far by the database and by the web workers, ended processes included."""
        web = _spent(self.children[0].pid) if self.children else 0.0
        return {"PostgreSQL": _spent(self.server.pid), "web": web}

    def web_pids(self) -> list[int]:
        """Return the processes that answer HTTP."""
        return _below(self.children[0].pid) if self.children else []


@contextmanager
def installation(*, workers: int = 2, web: bool = True, worker: bool = False) -> Iterator[Installation]:
    """Start everything, migrated and empty; stop it and remove every trace at the end."""
    signal.signal(signal.SIGTERM, _interrupt)
    home = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    binaries = Binaries.shipped()
    server = EmbeddedServer(home, binaries)
    made: Installation | None = None
    try:
        made = _start(home, server, binaries, workers)
        if web:
            start_processes(made, worker=worker)
        yield made
    finally:
        _stop(made.children if made else [])
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def start_processes(made: Installation, *, worker: bool) -> None:
    """Start the API, and the worker if asked for; return when the API answers."""
    environment = {
        **os.environ,
        "REGULARS_DATA_DIR": str(made.settings.data_dir),
        "REGULARS_PORT": str(made.settings.port),
        "REGULARS_WORKERS": str(made.settings.workers),
        "REGULARS_DATABASE_URL": made.app_url,
    }
    # They end with this process, however it ends.
    head = [sys.executable, "-I", "-S", str(LAUNCHER), "same", str(os.getpid()), str(int(signal.SIGTERM))]
    for module in ("runtime.web", *(["runtime.worker"] if worker else [])):
        command = [*head, sys.executable, "-P", "-m", module]
        with (made.settings.data_dir / f"{module}.log").open("ab") as log:  # at the level that is the default
            child = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        made.children.append(child)
    deadline = time.monotonic() + PATIENCE
    while not is_ready(made.settings):
        if time.monotonic() > deadline or made.children[0].poll() is not None:
            msg = "the API does not come up"
            raise RuntimeError(msg)
        time.sleep(0.05)


def _stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


def _start(home: Path, server: EmbeddedServer, binaries: Binaries, workers: int) -> Installation:
    for name in [name for name in os.environ if name.startswith("REGULARS_")]:
        del os.environ[name]
    os.environ |= {"REGULARS_DATA_DIR": str(home), "REGULARS_PORT": str(_free_port())}
    os.environ |= {"REGULARS_WORKERS": str(workers), "REGULARS_DEMO": "false"}
    settings = Settings()
    server.start(before_first=lambda: database.master_key(settings))
    root = database.master_key(settings)
    asyncio.run(database.bootstrap(server, root))
    goal = database.target(settings, root)
    asyncio.run(migrations.migrate(goal, root))
    assert goal.app_url is not None
    asyncio.run(confirm_master_key(settings, goal.app_url))
    serving = settings.model_copy(update={"database_url": SecretStr(goal.app_url)})
    return Installation(serving, server, binaries, goal.owner_url, goal.app_url)


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop and the key of its owner."""

    tenant_id: UUID
    key: str


async def open_shops(core: Core, count: int) -> list[Shop]:
    """Open shops the way an operator does."""
    shops = []
    for number in range(count):
        tenant = new_tenant(
            name=f"Лавка {number}", country="RU", currency="RUB", time_zone="Europe/Moscow", clock=core.clock
        )
        async with core.platform.transaction(SYSTEM) as unit:
            shops.append(Shop(tenant.tenant_id, (await open_tenant(tenant, unit=unit)).api_key))
    return shops


async def more_keys(core: Core, shop: Shop, count: int) -> list[str]:
    """Return the shop's key and `count` - 1 more: every till has one, and each has a rate of its own."""
    principal = Principal("system", shop.tenant_id, None, "owner", PERMISSIONS_OF["owner"], "live")
    keys = [shop.key]
    async with core.store.transaction(shop.tenant_id, SYSTEM) as unit:
        for number in range(1, count):
            made = await create_api_key(
                name=f"till {number}", role="owner", mode="live", expires_at=None, maker=principal, unit=unit
            )
            keys.append(made.text.text)
    return keys


def connection_environment(url: str) -> Mapping[str, str]:
    """Return the variables by which PostgreSQL's own programs find and enter the database of `url`."""
    given = driver_arguments(url)
    names = {"user": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST", "database": "PGDATABASE", "port": "PGPORT"}
    return {names[name]: str(value) for name, value in given.items() if value is not None}


def resident_megabytes(pid: int) -> float:
    """Return the memory that a process holds; pages that it shares with others are counted whole."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


def _below(pid: int) -> list[int]:
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                children.append(int(stat.parent.name))
    return children


def _spent(pid: int | None) -> float:
    """Return the seconds that a process and all below it have used, children that ended included."""
    if pid is None:
        return 0.0
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return own + sum(_spent(child) for child in _below(pid))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
