"""What a command on this machine needs: a database that answers, and the right address of it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

from runtime import database
from runtime.embedded import Binaries, EmbeddedServer
from runtime.installation import confirm_master_key
from runtime.settings import Settings, load_settings


@contextmanager
def answering_database(settings: Settings) -> Iterator[None]:
    """Let the database answer for the length of the block: an embedded one that nobody runs is started.

    Raises:
        EmbeddedFault, RootKeyProblem, DatabaseFault: it cannot.
    """
    if not settings.embedded or _somebody_runs_it(settings):
        yield
        return
    server = EmbeddedServer(settings.data_dir, Binaries.shipped())
    try:
        server.start(before_first=lambda: database.master_key(settings))
        asyncio.run(database.bootstrap(server, database.master_key(settings)))
        yield
    finally:
        server.stop()


def serve_as_application(settings: Settings) -> Settings:
    """Return the settings with the application's address, proven safe, also for the processes to be started from here.

    Raises:
        DatabaseFault, RoleFault, RootKeyProblem: it cannot serve.
    """
    root = database.master_key(settings)
    url = asyncio.run(database.serving_url(database.target(settings, root), root))
    asyncio.run(confirm_master_key(settings, url))
    os.environ["REGULARS_DATABASE_URL"] = url
    os.environ.pop("REGULARS_OWNER_DATABASE_URL", None)
    return load_settings()


def _somebody_runs_it(settings: Settings) -> bool:
    return database.embedded_cluster(settings).running_server() is not None
