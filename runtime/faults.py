"""Faults that an operator can mend are told in one sentence, without a trace."""

import sys
from collections.abc import Callable

from domain.kernel.errors import DomainError
from runtime.adapters.key_provider import RootKeyProblem
from runtime.backup import BackupFault
from runtime.database import DatabaseFault
from runtime.embedded.faults import EmbeddedFault
from runtime.embedded.watched import Interrupted
from runtime.roles import RoleFault
from runtime.settings import SettingsFault


class StartFault(Exception):
    """The processes cannot start; the text is one sentence that says why and what to try."""


SENTENCES = (StartFault, BackupFault, SettingsFault, EmbeddedFault, DatabaseFault, RoleFault, RootKeyProblem)


def run_sentenced(work: Callable[[], int | None]) -> None:
    """Run `work` and leave the process: its status, or 1 after the one sentence, or 130 when it was interrupted."""
    try:
        status = work() or 0
    except SENTENCES as fault:
        sys.stderr.write(f"regulars: {fault}\n")
        status = 1
    except DomainError as error:
        details = "".join(f"\n  {each.pointer}: {each.message}" for each in error.errors)
        sys.stderr.write(f"regulars: {error.detail}{details}\n")
        status = 1
    except (Interrupted, KeyboardInterrupt):
        status = 130
    sys.stdout.flush()
    sys.exit(status)
