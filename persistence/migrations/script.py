"""Runs a SQL script inside a migration."""

from alembic import op
from sqlalchemy.util import await_only


def run_script(sql: str) -> None:
    """Run every statement of `sql` in the migration's transaction.

    asyncpg prepares what goes through a cursor and then takes one statement only, so the driver is called directly.
    """
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - an online migration always has one
    await_only(connection.execute(sql))
