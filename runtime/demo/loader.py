"""Sends the demo shop's customers and receipts through the API's batch roads, part by part.

Every part may be sent again: a known phone answers `existing`, a known receipt `duplicate`. So a load that was killed
goes on with the parts it had not ticked off.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby
from pathlib import Path
from threading import Event, Lock
from typing import Any

from runtime.demo.client import Client, Refused, Stopped
from runtime.demo.documents import ZONE, customer_body, receipt_body
from runtime.demo.people import COUNT, GUEST
from runtime.demo.progress import Progress, only_loader, read_progress, write_progress
from runtime.demo.purchases import Purchase, purchases, weeks_forward
from runtime.settings import Settings

BATCH = 500
"""What the API takes in one call."""

AT_ONCE = 2
"""Calls in flight: more would take the API from those who try it meanwhile."""

Tell = Callable[[Progress], None]


class AlreadyLoading(Exception):
    """Another process loads into the same shop."""


def load_demo_shop(settings: Settings, key: str, *, stopping: Event, tell: Tell = lambda _: None) -> Progress:
    """Load what is missing and return how far it came; `tell` hears of every part.

    Raises:
        AlreadyLoading: somebody else is at it.
        Refused: the API does not want it, most likely because of the key.
    """
    with only_loader(settings.data_dir) as alone:
        if not alone:
            raise AlreadyLoading
        return _Load(settings, key, stopping, tell).run()


def parts() -> list[Sequence[int]]:
    """Return the customers of each part: the guest alone first, then all others."""
    others = [number for number in range(1, COUNT + 1) if number != GUEST]
    return [[GUEST], *(others[start : start + BATCH] for start in range(0, len(others), BATCH))]


class _Load:
    def __init__(self, settings: Settings, key: str, stopping: Event, tell: Tell) -> None:
        self._settings = settings
        self._key = key
        self._stopping = stopping
        self._tell = tell
        self._lock = Lock()
        self._progress = read_progress(settings.data_dir) or Progress(weeks_forward(datetime.now(ZONE).date()))
        self._bought = {number: list(rows) for number, rows in groupby(purchases(), lambda row: row.customer)}

    def run(self) -> Progress:
        missing = [(index, part) for index, part in enumerate(parts()) if index not in self._progress.done]
        with ThreadPoolExecutor(AT_ONCE, "demo") as threads:
            if missing and missing[0][0] == 0:
                self._send(*missing.pop(0))
            try:
                for done in [threads.submit(self._send, *each) for each in missing]:
                    done.result()
            except Refused:
                self._stopping.set()
                raise
        if not self._progress.finished and not self._stopping.is_set():
            self._progress.finished = True
            write_progress(self._directory, self._progress)
        return self._progress

    @property
    def _directory(self) -> Path:
        return self._settings.data_dir

    def _send(self, index: int, numbers: Sequence[int]) -> None:
        client = Client(self._settings, self._key, self._stopping)
        try:
            taken = self._batches(client, "/v1/customers/batch", [customer_body(number) for number in numbers])
            rows: list[Purchase] = [row for number in numbers for row in self._bought[number]]
            documents = [receipt_body(row, weeks=self._progress.weeks) for row in rows]
            recorded = self._batches(client, "/v1/receipts/batch", documents)
        except Stopped:
            return
        finally:
            client.close()
        self._tick_off(index, taken, recorded, len(numbers) + len(rows))

    def _batches(self, client: Client, path: str, items: Sequence[dict[str, Any]]) -> int:
        """Send all and return how many were taken, now or before."""
        taken = 0
        for batch in _chunks(items):
            answers = client.post(path, {"items": batch})["items"]
            taken += sum(answer["status"] != "rejected" for answer in answers)
        return taken

    def _tick_off(self, index: int, customers: int, receipts: int, sent: int) -> None:
        with self._lock:
            progress = self._progress
            progress.done.append(index)
            progress.customers += customers
            progress.receipts += receipts
            progress.refused += sent - customers - receipts
            write_progress(self._directory, progress)
            self._tell(progress)


def _chunks(items: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
