"""Asks for jobs: rows of the job library's queue (pgqueuer, schema `jobs`), written in the caller's transaction.

The library itself is loaded by the worker only; a web process just inserts.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.session import Session

_ENQUEUE = text(
    """
    WITH job AS (
      INSERT INTO jobs.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
      VALUES (0, :name, :payload, now() + :after, :dedupe,
              jsonb_build_object('tenant_id', CAST(:tenant_id AS text)), 'queued')
      ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL DO NOTHING
      RETURNING id, priority, entrypoint, status
    )
    INSERT INTO jobs.pgqueuer_log (job_id, status, priority, entrypoint)
    SELECT id, status, priority, entrypoint FROM job
    RETURNING job_id
    """
).bindparams(bindparam("after", type_=INTERVAL))


async def enqueue(
    connection: AsyncConnection,
    tenant_id: UUID,
    name: str,
    *,
    ids: Mapping[str, UUID | int | str] | None = None,
    dedupe: str | None = None,
    after: timedelta = timedelta(0),
) -> bool:
    """Ask for a job of the tenant in `connection`'s transaction; False when the same work waits or runs already."""
    payload = {"tenant_id": str(tenant_id)} | {key: str(value) for key, value in (ids or {}).items()}
    values = {
        "name": name,
        "payload": json.dumps(payload).encode(),
        "after": after,
        "dedupe": f"{tenant_id}:{name}:{dedupe}" if dedupe is not None else None,
        "tenant_id": str(tenant_id),
    }
    return (await connection.execute(_ENQUEUE, values)).one_or_none() is not None


class PgJobs:
    """The queue of one shop, in its open transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def enqueue(
        self,
        name: str,
        *,
        ids: Mapping[str, UUID | int | str] | None = None,
        dedupe: str | None = None,
        after: timedelta = timedelta(0),
    ) -> bool:
        """Ask for job `name`; False when the same work waits or runs already."""
        session = self._session
        return await enqueue(session.connection, session.tenant_id, name, ids=ids, dedupe=dedupe, after=after)
