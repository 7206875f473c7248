"""How far the loading is, kept in the data directory so that a killed load goes on where it was."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from runtime.embedded.cluster import write_private

FILE, LOCK = "demo-progress.json", "demo-progress.lock"


@dataclass(slots=True)
class Progress:
    """`weeks` is fixed when a load begins: the same purchase is the same document on whatever day the load goes on."""

    weeks: int
    done: list[int] = field(default_factory=list)
    customers: int = 0
    receipts: int = 0
    refused: int = 0
    finished: bool = False


def read_progress(data_dir: Path) -> Progress | None:
    """Return how far the load is, None when it never began."""
    try:
        return Progress(**json.loads((data_dir / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_progress(data_dir: Path, progress: Progress) -> None:
    """Keep how far the load is."""
    write_private(data_dir / FILE, json.dumps(asdict(progress)) + "\n")


@contextmanager
def only_loader(data_dir: Path) -> Iterator[bool]:
    """Yield whether nobody else loads; the claim ends with the process, however that ends."""
    handle = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
