"""The server's files: made once, checked at each start."""

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from runtime.embedded.binaries import REFUSED_ROOT, Binaries, Identity
from runtime.embedded.faults import EmbeddedFault, from_os, no_room
from runtime.embedded.watched import run_watched

SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 80  # bytes for the folder; Linux allows 107 for folder, name and port together
ROOM_TO_START = 256 * 1024 * 1024
STILL_FINISHING = 30.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything of the embedded server below the data directory `home`."""

    home: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"

    @property
    def password_file(self) -> Path:
        """The superuser's password, mode 0600."""
        return self.home / "postgres.password"

    @property
    def socket_directory(self) -> Path:
        """The private folder of the socket: below `home` when that path is short enough for a socket's address."""
        inside = self.home / "socket"
        if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"regulars-{os.geteuid()}-{digest}"

    def password(self) -> str:
        """Return the superuser's password, made at the first call."""
        if not self.password_file.exists():
            write_private(self.password_file, secrets.token_urlsafe(32))
        return self.password_file.read_text().strip()

    def lock(self) -> int:
        """Take this data directory for one supervisor; return the open lock file.

        Raises:
            EmbeddedFault: another instance holds it.
        """
        try:
            handle = os.open(self.home / "instance.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os(error, self.home) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise EmbeddedFault(
                f"Another Regulars is already running on {self.home}; stop it, "
                "or set REGULARS_DATA_DIR to another folder."
            ) from error
        return handle

    def prepare(self, identity: Identity) -> None:
        """Make the folders, with the modes and the owner they need.

        Raises:
            EmbeddedFault: the disk is full, or this user may not write here.
        """
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            if shutil.disk_usage(self.home).free < ROOM_TO_START:
                raise no_room(self.home)
            self._refuse_foreign_owner(identity)
            _private_folder(self.socket_directory, identity)
            if identity.uid != os.geteuid():
                self._open_for_others()
            if self.data.exists() and self.data.stat().st_uid != identity.uid:
                give(self.data, identity)
        except OSError as error:
            raise from_os(error, self.home) from error

    def _refuse_foreign_owner(self, identity: Identity) -> None:
        if not self.data.exists():
            return
        owner = self.data.stat().st_uid
        ours = {identity.uid, os.geteuid()} | ({0, 65534} if os.geteuid() == 0 else set())
        if owner not in ours:
            raise EmbeddedFault(
                f"{self.data} belongs to user number {owner}; start as that user, "
                "or set REGULARS_DATA_DIR to a folder of your own."
            )

    def _open_for_others(self) -> None:
        """Let the server's user pass through to its files; every file of ours beside them is 0600."""
        closed = [str(folder) for folder in self.home.resolve().parents if not folder.stat().st_mode & 0o001]
        if closed:
            raise EmbeddedFault(REFUSED_ROOT.format(place=closed[0]))
        self.home.chmod(0o711)

    def check_version(self, binaries: Binaries) -> bool:
        """Return whether there is a database already.

        Raises:
            EmbeddedFault: it was made by another major version.
        """
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise from_os(error, self.data) from error
        if made_by != str(binaries.major):
            raise EmbeddedFault(
                f"{self.data} was made by PostgreSQL {made_by} and this is PostgreSQL {binaries.major}; "
                "start the older Regulars and dump the data, or set REGULARS_DATA_DIR to a new folder."
            )
        return True

    def create(
        self, binaries: Binaries, identity: Identity, stopping: Callable[[], bool], *, sync: bool = True
    ) -> None:
        """Run initdb beside the final place and move the result there, so that a half-made one is never used.

        Raises:
            EmbeddedFault: initdb failed.
            Interrupted: `stopping` said so.
        """
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.socket_directory)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self.password())
            give(fresh, identity)
            give(Path(name), identity)
            arguments = initdb_arguments(binaries.major, fresh, Path(name), sync=sync)
            self._initdb(binaries, identity, arguments, stopping)
            fresh.rename(self.data)
        finally:
            Path(name).unlink(missing_ok=True)

    def _initdb(
        self, binaries: Binaries, identity: Identity, arguments: Sequence[str], stopping: Callable[[], bool]
    ) -> None:
        done = run_watched(
            identity.command(binaries.program("initdb"), *arguments),
            stopping,
            env=environment(),
            cwd=self.home if identity.uid == os.geteuid() else Path("/"),
        )
        if done.returncode == 0:
            return
        words = (done.stderr or done.stdout).strip()
        if "No space left" in words:
            raise no_room(self.home)
        raise EmbeddedFault(f"The database could not be made (initdb said: {_last_line(words)}).")

    def running_server(self) -> int | None:
        """Return the process number of a PostgreSQL that still runs on these files, or None."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            place = Path(f"/proc/{number}/cwd").readlink()
        except (OSError, ValueError):
            return None
        return number if place == self.data.resolve() else None

    def drop_stale_pid(self) -> None:
        """Remove a pid file whose process is gone or is somebody else's: PostgreSQL would trust it."""
        if self.running_server() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def is_ready(self, number: int) -> bool:
        """Return whether the server with process number `number` says that it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(number) and lines[7].strip() == "ready"


def dsn(socket_directory: Path, user: str, password: str, database: str) -> str:
    """Return the address of a database behind the private socket."""
    return f"postgresql://{quote(user)}:{quote(password)}@/{quote(database)}?host={quote(str(socket_directory))}"


def initdb_arguments(major: int, place: Path, password_file: Path, *, sync: bool) -> list[str]:
    """Return how the files in `place` are to be made: UTF-8, code-point order, Cyrillic letters known as letters."""
    arguments = ["-D", str(place), "-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "-U", SUPERUSER]
    arguments += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--data-checksums"]
    if major >= 18:
        arguments += ["--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"]
    elif major == 17:
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return arguments if sync else [*arguments, "--no-sync"]


def environment() -> dict[str, str]:
    """Return the bare environment of the server: nothing of ours, least of all keys, and no locale that may lack."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` at once and readable by the owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o600)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def give(place: Path, identity: Identity) -> None:
    """Make `identity` the owner of `place` and all below it; nothing happens when it already is oneself."""
    if os.geteuid() != 0:
        return
    os.chown(place, identity.uid, identity.gid)
    if place.is_dir():
        for each in place.rglob("*"):
            os.chown(each, identity.uid, identity.gid, follow_symlinks=False)


def _private_folder(place: Path, identity: Identity) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), identity.uid, 65534}:
        raise EmbeddedFault(f"{place} is in the way: it is not a folder of ours; remove it and start again.")
    give(place, identity)
    place.chmod(0o700)


def _last_line(words: str) -> str:
    return (words.splitlines() or ["nothing"])[-1].removeprefix("initdb: ")
