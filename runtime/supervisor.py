"""`regulars run`: the database, the API and the worker as children of one process that keeps them alive."""

import asyncio
import http.client
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

from runtime import database
from runtime.child import Child
from runtime.embedded import Binaries, EmbeddedFault, EmbeddedServer
from runtime.embedded.watched import Interrupted, run_watched
from runtime.faults import StartFault
from runtime.installation import confirm_master_key, inhabitants
from runtime.settings import Settings, local_name

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK = 0.2
SAY_WAITING_AFTER = 20.0
STOP_PATIENCE = 10.0
HOPELESS = 4  # failures of the API before it ever answered
DATABASE_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Supervisor:
    """Starts everything in order, restarts what ends, stops everything in the opposite order."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._stopping: signal.Signals | None = None
        self._server: EmbeddedServer | None = None
        self._environment = serving_environment(settings)
        self._api = Child("the API", "runtime.web", self._environment)
        self._children: list[Child] = []
        self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._database_failures = 0
        self._database_again_at = 0.0
        self._app_url: str | None = None
        self.operator_key: str | None = None
        self._greeted = False

    def run(self, when_ready: Callable[["Supervisor"], None]) -> int:
        """Run until a signal asks to stop; return the exit status. `when_ready` is called once the API answers.

        Raises:
            StartFault, EmbeddedFault, DatabaseFault, RoleFault, RootKeyProblem: it cannot start.
        """
        self._listen_to_signals()
        try:
            refuse_busy_port(self._settings)
            self._api.start()  # it loads its code while the database starts
            self._start_database()
            self._make_keys()
            self._start_serving()
            when_ready(self)
            self._greeted = True
            while self._stopping is None:
                self._tend()
                self._pause(TICK)
        except Interrupted:
            pass
        finally:
            self._stop()
        return 130 if self._stopping is signal.SIGINT else 0

    @property
    def stopping(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stopping is not None

    def _listen_to_signals(self) -> None:
        for number in STOPPING:
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the wake-up pipe hears of a child's end
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)  # `dev.py run` holds them back until here

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._stopping is not None:
            for child in {self._api, *self._children}:  # asked twice: somebody is in a hurry
                child.end_group(signal.SIGKILL)
        self._stopping = self._stopping or signal.Signals(number)

    def _pause(self, seconds: float) -> None:
        """Sleep, but not through a signal."""
        readable, _, _ = select.select([self._wake[0]], [], [], seconds)
        if readable:
            os.read(self._wake[0], 1024)

    def _start_database(self) -> None:
        settings = self._settings
        if settings.master_key is not None:
            database.master_key(settings)  # a key that is none is told before anything is made
        if settings.embedded:
            self._server = EmbeddedServer(
                settings.data_dir, Binaries.shipped(), say=self._say, stopping=lambda: self.stopping
            )
            self._server.start(before_first=lambda: database.master_key(settings))
        root = database.master_key(settings)
        if self._server is not None:
            asyncio.run(database.bootstrap(self._server, root))
        goal = database.target(settings, root)
        if asyncio.run(database.needs_migration(goal)):
            self._say("bringing the database to the newest schema")
            self._call("runtime.migrations")
        self._app_url = asyncio.run(database.serving_url(goal, root))
        asyncio.run(confirm_master_key(settings, self._app_url))

    def _make_keys(self) -> None:
        """Make what a new installation needs; said at once, since what is made is shown only now."""
        settings = self._settings
        here = asyncio.run(inhabitants(self._app_url or ""))
        operator = settings.operator_key is None and not here.operator_keys
        demo = settings.embedded and settings.demo and not here.tenants
        if operator or demo:
            answer = self._call("runtime.first_start", *(["--demo"] if demo else []))
            self.operator_key = json.loads(answer)["operator_key"]

    def _call(self, module: str, *arguments: str) -> str:
        """Run one of our modules to its end and return what it prints: its imports stay out of this process.

        Raises:
            StartFault: it failed; it has said why.
        """
        command = [sys.executable, "-P", "-m", module, *arguments]
        environment = installation_environment(self._settings)
        if self._app_url is not None:
            environment["REGULARS_DATABASE_URL"] = self._app_url
        done = run_watched(command, lambda: self.stopping, env=environment, show_errors=True)
        if done.returncode != 0:
            raise StartFault("The start cannot go on; the reason stands above.")
        return done.stdout

    def _start_serving(self) -> None:
        """The API first and alone: the worker's loading would only make its start longer."""
        go = {"REGULARS_DATABASE_URL": self._app_url or ""}
        self._children.append(self._api)
        self._api.let_go(go)
        self._wait_ready()
        worker = Child("the worker", "runtime.worker", self._environment)
        self._children.append(worker)
        worker.start()
        worker.let_go(go)

    def _wait_ready(self) -> None:
        said_at = time.monotonic() + SAY_WAITING_AFTER
        while not is_ready(self._settings):
            if self.stopping:
                raise Interrupted
            if time.monotonic() > said_at:
                self._say(f"waiting for the API to be ready; {self._settings.url}/health/ready says what it lacks")
                said_at = float("inf")
            self._tend()
            if self._api.failures >= HOPELESS:
                raise StartFault("The API ends as soon as it starts; the reason stands above.")
            self._pause(TICK / 2)

    def _tend(self) -> None:
        self._tend_database()
        for child in self._children:
            said = child.tend()
            if said is not None:
                self._say(said)

    def _tend_database(self) -> None:
        """A dead server is started again on its files; while that fails (a full disk) it is tried again and again."""
        server = self._server
        if server is None or server.poll() is None or time.monotonic() < self._database_again_at:
            return
        self._say("PostgreSQL ended; starting it again")
        try:
            server.start_again()
            self._database_failures = 0
        except (EmbeddedFault, OSError) as fault:
            pause = DATABASE_PAUSES[min(self._database_failures, len(DATABASE_PAUSES) - 1)]
            self._database_failures += 1
            self._database_again_at = time.monotonic() + pause
            self._say(f"{fault} Trying again in {pause:g} s.")

    def _stop(self) -> None:
        if self._children:
            self._say("stopping")
        if self.operator_key is not None and not self._greeted:  # it is stored as a hash only
            self._say(f"the operator key made at this start: {self.operator_key}")
        everybody = {self._api, *self._children}
        for child in everybody:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_PATIENCE
        for child in everybody:
            child.wait(deadline)
        if self._server is not None:
            self._server.stop()
        signal.set_wakeup_fd(-1)


def installation_environment(settings: Settings) -> dict[str, str]:
    """Return this process's environment for others of the installation, wherever they stand."""
    return {**os.environ, "REGULARS_DATA_DIR": str(settings.data_dir.absolute()), "PYTHONUNBUFFERED": "1"}


def serving_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the API and the worker: the owner's address is not theirs to know."""
    environment = installation_environment(settings)
    environment.pop("REGULARS_OWNER_DATABASE_URL", None)
    return environment


def refuse_busy_port(settings: Settings) -> None:
    """Make sure that the port is free.

    Raises:
        StartFault: it is not, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise StartFault(
            f"Nothing can listen on {where} ({error.strerror or error}); stop what uses it, "
            "or set REGULARS_PORT to another port."
        ) from error


def is_ready(settings: Settings) -> bool:
    """Return whether the API says that it takes traffic."""
    connection = http.client.HTTPConnection(local_name(settings.host).strip("[]"), settings.port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
