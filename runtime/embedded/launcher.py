"""Become what a child of ours must be, then exec it.

Run as a script, standard library only: `launcher.py IDENTITY PARENT SIGNAL COMMAND...`

IDENTITY is `same`, `namespace` (root outside, nobody inside a user namespace: PostgreSQL refuses root, and this way
no file changes its owner or mode), or `<uid>:<gid>`. PARENT is the process that must live: when it dies, however it
dies, the kernel sends SIGNAL (a number) to the child, so nothing is ever left behind.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
FAILED = 71  # EX_OSERR


def die_with_parent(number: int) -> None:
    """Ask the kernel to send signal `number` to this process when its parent dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare failed")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def _take_identity(identity: str) -> None:
    if identity == "namespace":
        _enter_namespace()
    elif identity != "same":
        uid, gid = (int(part) for part in identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def main(arguments: Sequence[str]) -> int:
    """Exec the command; return only when that is impossible."""
    identity, parent, number, *command = arguments
    # A shell's background job ignores SIGINT and hands that down: PostgreSQL could then not be stopped fast.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        _take_identity(identity)
        die_with_parent(int(number))
        if os.getppid() != int(parent):  # it died before the kernel was asked
            return FAILED
        os.execv(command[0], command)  # noqa: S606 - the command comes from our own supervisor
    except OSError as error:
        sys.stderr.write(f"launcher: {error}\n")
    return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
