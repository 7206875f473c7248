"""Runs migrations on a connection that `runtime.migrations` opened as the tables' owner.

That connection has `regulars.app_role` and `regulars.sealer_role` set: a migration grants to the roles so named and
never to a name of its own making. Each migration is one transaction.
"""

from alembic import context
from sqlalchemy import Connection

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True, target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
