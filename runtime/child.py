"""One child process of the supervisor: started, watched, restarted with patience, ended with everything it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from runtime.embedded.binaries import LAUNCHER
from runtime.held import FLAG, word

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
SETTLED_AFTER = 60.0  # seconds of life after which earlier failures are forgotten


class Child:
    """A command that is to run as long as the supervisor does; it ends with it, even when that is killed."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self.failures = 0
        self._command = [sys.executable, "-P", "-m", module, FLAG]
        self._environment = dict(environment)
        self._go: Mapping[str, str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process number, None while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def status(self) -> int | None:
        """How the last process ended, None while it runs or before the first."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C reaches the supervisor alone, which keeps the order.

        It loads its code and then waits for `let_go`, unless that was called before.
        """
        head = [sys.executable, "-I", "-S", str(LAUNCHER), "same", str(os.getpid()), str(int(signal.SIGTERM))]
        self._process = subprocess.Popen(
            [*head, *self._command], stdin=subprocess.PIPE, env=self._environment, start_new_session=True
        )
        self._started_at = time.monotonic()
        self._start_again_at = None
        if self._go is not None:
            self.let_go(self._go)

    def let_go(self, variables: Mapping[str, str]) -> None:
        """Let the process, and every successor, begin its work with these environment variables."""
        self._go = variables
        if self._process is None or self._process.stdin is None:
            return
        try:
            with self._process.stdin as pipe:
                pipe.write(word(variables))
        except BrokenPipeError:
            return  # it has ended already; `tend` sees to that

    def tend(self) -> str | None:
        """Restart a process that ended, later and later the oftener it does; return what to say, if anything."""
        now = time.monotonic()
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.start()
            return None
        if self._process is None or self._process.poll() is None:
            return None
        self.end_group(signal.SIGKILL)  # what it had started must not answer beside its successor
        self.failures = 1 if now - self._started_at > SETTLED_AFTER else self.failures + 1
        pause = min(FIRST_PAUSE * 2 ** (self.failures - 1), LONGEST_PAUSE)
        self._start_again_at = now + pause
        return f"{self.name} ended ({_how(self._process.returncode)}); starting it again in {pause:g} s"

    def ask_to_stop(self) -> None:
        """Ask for an orderly end, and never start it again."""
        self._start_again_at = None
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Wait for the end until `deadline` (monotonic), then end the whole group by force."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.end_group(signal.SIGKILL)
            self._process.wait(5)
        self.end_group(signal.SIGKILL)

    def end_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and all that it started."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
