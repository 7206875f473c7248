"""Run a program to its end, unless somebody asks to stop first."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LOOK = 0.1
END_PATIENCE = 5.0


class Interrupted(Exception):
    """The start was given up because somebody asked to stop."""


def run_watched(
    command: Sequence[str],
    stopping: Callable[[], bool],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    show_errors: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Return what `command` said and how it ended; with `show_errors` its errors go to ours instead.

    Raises:
        Interrupted: `stopping` said so; the program has ended.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if show_errors else subprocess.PIPE,
        env=env,
        cwd=cwd,
        text=True,
        start_new_session=True,  # Ctrl-C in a terminal is ours to handle
    ) as child:
        while True:
            try:
                output, errors = child.communicate(timeout=LOOK)
            except subprocess.TimeoutExpired:
                if stopping():
                    _end(child)
                    raise Interrupted from None
            else:
                return subprocess.CompletedProcess(command, child.returncode, output, errors or "")


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.communicate(timeout=END_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
