"""A whole installation as a child of a test: started like a person starts it, watched, and proven gone."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait for `condition`; fail with `what` after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """`python3 dev.py run` on a data directory and port of its own."""

    def __init__(self, data_dir: Path, port: int, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = port
        self.output = data_dir.with_name(data_dir.name + ".out")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "PYTEST_"))}
        own = {"REGULARS_DATA_DIR": str(data_dir), "REGULARS_PORT": str(port), "REGULARS_DEMO": "false"}
        self.environment = {**inherited, **own, **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Installation":
        """Start it; `wait_ready` says when it is up."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "dev.py"), "run"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=ROOT,
                start_new_session=True,
            )
        return self

    @property
    def words(self) -> str:
        """Everything it has said since the last start."""
        return self.output.read_text(errors="replace")

    def wait_ready(self) -> "Installation":
        """Wait until it says that it is up."""
        until(lambda: self._alive() and " ready\n" in self.words, "the line 'ready'")
        return self

    def wait_ended(self, patience: float = PATIENCE) -> int:
        """Wait for its end and return the exit status."""
        assert self.process is not None
        return self.process.wait(patience)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to that one process and return the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.wait_ended(60)

    def answers(self) -> bool:
        """Return whether the API says that it is ready."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def pids(self, of: str) -> list[int]:
        """Return its processes whose command line matches the pattern `of`, oldest first; an empty one matches all."""
        return sorted(number for number, command in self._family() if re.search(of, command))

    def sweep(self) -> None:
        """Kill whatever is left; for the end of a test that failed."""
        for number in self.pids(""):
            os.kill(number, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(30)

    def _alive(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it ended:\n{self.words}"
        return True

    def _family(self) -> list[tuple[int, str]]:
        """Find all by the data directory in their environment (PostgreSQL: command line), or by the API's port.

        The API's server may write its own title over its environment.
        """
        marks = (os.fsencode(str(self.data_dir)), f"granian asgi 127.0.0.1:{self.port} ".encode())
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ") + b" "
                known = any(mark in command or mark in (place / "environ").read_bytes() for mark in marks)
            except OSError:
                continue
            if known and int(place.name) != os.getpid():
                found.append((int(place.name), command.decode(errors="replace")))
        return found
