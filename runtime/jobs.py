"""Runs what was put on the job queue, and what the calendar asks for."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.applications import PgQueuer
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.domain.models import Schedule as DueSchedule
from pgqueuer.domain.settings import DBSettings

from persistence.database import FAULTS, plain_url

log = structlog.get_logger("worker")

PAUSES = tuple(timedelta(seconds=s) for s in (2, 10, 60, 600, 3600))
"""How long a failed job waits before each further attempt; after the last it is held in the queue."""

RECONNECT_SECONDS = 2.0
DEQUEUE = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=30)

SETTINGS = DBSettings(db_schema="jobs")
"""Given explicitly, so that no variable of the environment moves the queue."""

Ids = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """Work on one shop by its name in the queue; it may run twice, and next to others of its kind up to `at_once`."""

    name: str
    run: Callable[[UUID, Ids], Awaitable[None]]
    at_once: int = 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """Work of the whole installation at the times of the cron expression `cron` (UTC); one worker does it."""

    name: str
    cron: str
    run: Callable[[], Awaitable[None]]


class JobFailed(Exception):
    """A job failed; only the class of its exception is kept, since its text may hold a phone."""


class JobRunner:
    """Works the queue off on a connection of its own; a lost one is opened anew."""

    def __init__(
        self,
        url: str,
        jobs: Sequence[Job],
        schedules: Sequence[Schedule] = (),
        *,
        pauses: Sequence[timedelta] = PAUSES,
    ) -> None:
        self._url = url
        self._jobs = jobs
        self._schedules = schedules
        self._pauses = pauses

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; what is under way then is finished."""
        while not stopping.is_set():
            try:
                await self._work(stopping)
            except (*FAULTS, RuntimeError) as error:
                log.warning("jobs-failed", error=type(error).__name__)
            if not stopping.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), RECONNECT_SECONDS)

    async def _work(self, stopping: asyncio.Event) -> None:
        connection = await asyncpg.connect(plain_url(self._url), timeout=5)
        try:
            queuer = self._queuer(connection)
            connection.add_termination_listener(lambda _: queuer.shutdown.set())
            handing_on = asyncio.create_task(_hand_on(stopping, queuer.shutdown))
            try:
                await queuer.run(
                    batch_size=5,
                    dequeue_timeout=DEQUEUE,
                    heartbeat_timeout=HEARTBEAT,
                    shutdown_on_listener_failure=True,
                )
            finally:
                handing_on.cancel()
        finally:
            connection.terminate()

    def _queuer(self, connection: asyncpg.Connection) -> PgQueuer:
        queries = queries_on(connection)
        queuer = PgQueuer(queries.driver, queries=queries)
        for job in self._jobs:
            queuer.entrypoint(job.name, concurrency_limit=job.at_once, accepts_context=False, on_failure="hold")(
                self._runner(job)
            )
        for schedule in self._schedules:
            queuer.schedule(schedule.name, schedule.cron, accepts_context=False)(_scheduled(schedule))
        return queuer

    def _runner(self, job: Job) -> Callable[[QueuedJob], Awaitable[None]]:
        async def run(queued: QueuedJob) -> None:
            ids: dict[str, str] = json.loads(queued.payload or b"{}")
            failure = None
            try:
                await job.run(UUID(ids["tenant_id"]), ids)
            except Exception as error:
                failure = type(error).__name__
            if failure is None:
                return
            log.warning("job-failed", job=job.name, tenant_id=ids.get("tenant_id"), error=failure)
            if queued.attempts < len(self._pauses):
                raise RetryRequested(self._pauses[queued.attempts], failure)
            raise JobFailed(failure)  # outside the except block: the library stores the traceback it is given

        return run


def queries_on(connection: asyncpg.Connection) -> Queries:
    """Return the library's queries on a connection."""
    return Queries(
        AsyncpgDriver(connection),
        QueryBuilderEnvironment(SETTINGS),
        QueryQueueBuilder(SETTINGS),
        QuerySchedulerBuilder(SETTINGS),
    )


def _scheduled(schedule: Schedule) -> Callable[[DueSchedule], Awaitable[None]]:
    async def run(_due: DueSchedule) -> None:
        failure = None
        try:
            await schedule.run()
        except Exception as error:
            failure = type(error).__name__
        if failure is not None:
            log.warning("schedule-failed", schedule=schedule.name, error=failure)

    return run


async def _hand_on(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()
