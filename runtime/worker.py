"""The worker's process: events to subscriptions, jobs from the queue, work by the calendar."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import structlog

from persistence.idempotency import IdempotencyTable
from persistence.key_store import PgKeyStore
from persistence.notify import Listener
from persistence.points_due import DAILY
from persistence.search_index import JOB as SEARCH_INDEX
from persistence.search_index import SearchIndexer
from persistence.shop_rules import RulesCache
from persistence.till_gate import TillGate
from persistence.turns import Turns
from runtime.adapters.rotation import keep_up
from runtime.container import Core, build_core
from runtime.demo.background import keep_demo_shop_loaded
from runtime.dispatch import Dispatcher, wait_for_any
from runtime.faults import run_sentenced
from runtime.held import wait_for_go
from runtime.jobs import Job, JobRunner, Schedule
from runtime.logging import configure_logging
from runtime.nightly import Nightly
from runtime.settings import Settings, load_settings
from runtime.subscriptions import SUBSCRIPTIONS, Subscription

HEARTBEAT = "worker.heartbeat"
HEARTBEAT_SECONDS = 5.0
PATIENCE_SECONDS = 8.0
"""How long what is under way at a stop may take; then it is cut off, and done again later."""

log = structlog.get_logger("worker")


class Worker:
    """Everything that goes on behind the API; any number of workers may run beside each other."""

    def __init__(
        self,
        core: Core,
        data_dir: Path,
        *,
        subscriptions: Sequence[Subscription] = SUBSCRIPTIONS,
        jobs: Sequence[Job] = (),
    ) -> None:
        gate = TillGate(core.database, RulesCache(core.database), core.vaults, core.clock)
        self.nightly = Nightly(core.store, gate, IdempotencyTable(core.database, core.vaults), core.clock)
        self.dispatcher = Dispatcher(core.store, subscriptions)
        self._core = core
        self._heartbeat = data_dir / HEARTBEAT
        self._listener = Listener(core.url, self.dispatcher.wake)
        indexer = SearchIndexer(core.store)
        own = [Job(DAILY, self.nightly.run), Job(SEARCH_INDEX, indexer.run, at_once=1)]
        self._jobs = JobRunner(core.url, [*own, *jobs], schedules(self.nightly, core))

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set, then finish what is under way."""
        await self._core.open()
        if adopted := await Turns(self._core.database).adopt():
            log.warning("events-adopted", tenants=adopted)  # this database was restored from another server's dump
        listening = asyncio.create_task(self._listener.run())
        working = [
            asyncio.create_task(work)
            for work in (self.dispatcher.run(stopping), self._jobs.run(stopping), self._beat(stopping))
        ]
        try:
            await stopping.wait()
            _, unfinished = await asyncio.wait(working, timeout=PATIENCE_SECONDS)
            if unfinished:
                log.warning("cut-off", tasks=len(unfinished))
        finally:
            for task in (*working, listening):
                task.cancel()
            await asyncio.gather(*working, listening, return_exceptions=True)
            await self._core.close()
            self._heartbeat.unlink(missing_ok=True)

    async def _beat(self, stopping: asyncio.Event) -> None:
        """Touch a file every few seconds, so that a supervisor can tell a working worker from one that hangs."""
        while not stopping.is_set():
            self._heartbeat.touch()
            await wait_for_any(stopping, seconds=HEARTBEAT_SECONDS)


def schedules(nightly: Nightly, core: Core) -> Sequence[Schedule]:
    """Return what the calendar asks for: shops have their midnights at any quarter of an hour."""
    return (
        Schedule("nightly", "2-59/5 * * * *", nightly.ask),
        Schedule("housekeeping", "17 * * * *", nightly.housekeeping),
        Schedule("keys", "37 * * * *", lambda: keep_up(PgKeyStore(core.database), core.vaults)),
    )


async def work(settings: Settings) -> None:
    """Work until asked to stop."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    demo = asyncio.create_task(keep_demo_shop_loaded(settings, stopping))
    try:
        await Worker(build_core(settings), settings.data_dir).run(stopping)
    finally:
        stopping.set()
        await demo


def main() -> None:
    """Run the worker of this installation."""
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    run_sentenced(lambda: asyncio.run(work(settings)))


if __name__ == "__main__":
    wait_for_go()
    main()
