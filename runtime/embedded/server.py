"""The supervisor of one PostgreSQL: start, wait through recovery, notice a death, stop."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from runtime.embedded.binaries import Binaries, Identity, choose_identity
from runtime.embedded.cluster import STILL_FINISHING, SUPERUSER, Cluster, dsn, environment
from runtime.embedded.faults import EmbeddedFault, from_os, no_room
from runtime.embedded.watched import Interrupted

ATTEMPTS = 3
POLL = 0.05
SAY_RECOVERY_AFTER = 2.0
FAST_STOP, HARD_STOP = 12.0, 3.0
LOG_LIMIT = 10 * 1024 * 1024
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "recovery_init_sync_method": "syncfs",  # after a crash: one call in place of one per file
    # Parameters and rows may be personal data: the log keeps none of either.
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
}


class EmbeddedServer:
    """PostgreSQL as a direct child of this process; it ends with it, even when that is killed.

    `start` belongs to the main thread: the kernel ties the child to the thread that made it. `say` tells a person
    what takes long; `stopping` is asked during waits, True gives the start up.
    """

    def __init__(
        self,
        home: Path,
        binaries: Binaries,
        *,
        say: Callable[[str], None] = lambda _: None,
        stopping: Callable[[], bool] = lambda: False,
        settings: Mapping[str, str] | None = None,
        sync: bool = True,
    ) -> None:
        self.cluster = Cluster(home.absolute())
        self._binaries = binaries
        self._say = say
        self._stopping = stopping
        self._settings = dict(SETTINGS) | dict(settings or {})
        self._sync = sync
        self._identity: Identity | None = None
        self._lock: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._log: BinaryIO | None = None

    @property
    def pid(self) -> int | None:
        """The server's process number, None when it does not run."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def superuser_dsn(self, database: str = "postgres") -> str:
        """Return the address for the superuser, who exists to make roles and for nothing else."""
        return dsn(self.cluster.socket_directory, SUPERUSER, self.cluster.password(), database)

    def start(self, before_first: Callable[[], object] = lambda: None) -> bool:
        """Start, and return once connections are taken; True when the database was made by this call.

        `before_first` runs before the files are made for the first time: keys must be there before data is.

        Raises:
            EmbeddedFault: it cannot start; one sentence says why.
            Interrupted: `stopping` said so.
        """
        self._take()
        try:
            self._identity = choose_identity(self._binaries)
            self.cluster.prepare(self._identity)
            existed = self.cluster.check_version(self._binaries)
            if not existed:
                self._say("making the database (first start)")
                before_first()
                self.cluster.create(self._binaries, self._identity, self._stopping, sync=self._sync)
            self._wait_for_predecessor()
            self.start_again()
        except OSError as error:
            self.stop()
            raise from_os(error, self.cluster.home) from error
        except BaseException:
            self.stop()
            raise
        return not existed

    def start_again(self) -> None:
        """Start the server's process on existing files: first start and restart after a crash are the same.

        Raises:
            EmbeddedFault: it ends at once, again and again.
            Interrupted: `stopping` said so.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self.cluster.drop_stale_pid()
            offset = self._launch()
            if self._wait_ready(offset):
                return
            words = self._words_since(offset)
            if "No space left" in words:
                raise no_room(self.cluster.data)
            if attempt < ATTEMPTS:
                # After a crash the old server's children may still hold its shared memory for a moment.
                self._pause(0.5 * attempt)
        raise EmbeddedFault(
            f"PostgreSQL ended while starting ({_fatal_line(words)}); all of it is in {self.cluster.log}."
        )

    def poll(self) -> int | None:
        """Return how the server's process ended, or None while it lives."""
        return None if self._child is None else self._child.poll()

    def stop(self) -> None:
        """Stop fast (open transactions are rolled back), harder if that does not help; free the data directory."""
        for number, patience in ((signal.SIGINT, FAST_STOP), (signal.SIGQUIT, HARD_STOP), (signal.SIGKILL, HARD_STOP)):
            if self._child is None or self._child.poll() is not None:
                break
            self._child.send_signal(number)
            try:
                self._child.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        self._child = None
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take(self) -> None:
        try:
            self.cluster.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise from_os(error, self.cluster.home) from error
        self._lock = self.cluster.lock()

    def _wait_for_predecessor(self) -> None:
        """A killed supervisor's server stops by itself, but not in no time."""
        deadline = time.monotonic() + STILL_FINISHING
        said = False
        while (number := self.cluster.running_server()) is not None:
            if time.monotonic() > deadline:
                raise EmbeddedFault(
                    f"Another PostgreSQL (process {number}) runs on {self.cluster.data} and does not stop; "
                    "end it and start again."
                )
            if not said:
                self._say("waiting for the previous PostgreSQL to finish")
                said = True
            self._pause(POLL)

    def _launch(self) -> int:
        assert self._identity is not None  # noqa: S101 - set by start, which comes first
        if self._log is None:
            self._log = _open_log(self.cluster.log)
        offset = self._log.seek(0, os.SEEK_END)
        options = {**self._settings, "unix_socket_directories": str(self.cluster.socket_directory)}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._child = subprocess.Popen(
            self._identity.command(self._binaries.program("postgres"), "-D", str(self.cluster.data), *arguments),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=environment(),
            cwd="/",
            start_new_session=True,  # Ctrl-C reaches the whole terminal group: the order of stopping is ours
        )
        return offset

    def _wait_ready(self, offset: int) -> bool:
        """Wait as long as the process lives, however long recovery takes; False when it ended."""
        assert self._child is not None  # noqa: S101 - _launch comes first
        said_at = time.monotonic() + SAY_RECOVERY_AFTER
        said = False
        while self._child.poll() is None:
            if self.cluster.is_ready(self._child.pid):
                return True
            if not said and time.monotonic() > said_at and "not properly shut down" in self._words_since(offset):
                self._say("PostgreSQL is recovering after a crash; nothing is lost, this may take a while")
                said = True
            self._pause(POLL)
        return False

    def _pause(self, seconds: float) -> None:
        if self._stopping():
            raise Interrupted
        time.sleep(seconds)

    def _words_since(self, offset: int) -> str:
        with self.cluster.log.open("rb") as file:
            file.seek(offset)
            return file.read(64 * 1024).decode("utf-8", "replace")


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return os.fdopen(handle, "ab", buffering=0)


def _fatal_line(words: str) -> str:
    """Return the last thing the server complained about, without its time stamp."""
    lines = [line for line in words.splitlines() if "FATAL" in line or "PANIC" in line or "launcher:" in line]
    return (lines or words.splitlines() or ["it said nothing"])[-1].split("] ")[-1].strip()
