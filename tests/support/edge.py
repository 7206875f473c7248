"""The application as a process would run it, spoken to without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from pydantic import SecretStr

from api.app import build_app
from domain.kernel.clock import Clock
from runtime.adapters.key_provider import encode_root_key
from runtime.container import build_core, build_services
from runtime.settings import Settings
from tests.support.postgres import Postgres

OPERATOR_KEY = "operator-key-of-the-tests-0123456789"


def settings_of(postgres: Postgres, **overrides: object) -> Settings:
    """Return the settings of an installation on `postgres`."""
    values = {
        "database_url": SecretStr(postgres.app),
        "master_key": SecretStr(encode_root_key(postgres.master_key)),
        "operator_key": SecretStr(OPERATOR_KEY),
    }
    return Settings(**(values | overrides))  # type: ignore[arg-type]


@asynccontextmanager
async def open_edge(
    postgres: Postgres, *, clock: Clock | None = None, **overrides: object
) -> AsyncIterator[httpx.AsyncClient]:
    """Run an application for the length of the block; yield a client without a credential."""
    settings = settings_of(postgres, **overrides)
    services = build_services(settings, build_core(settings, clock=clock))
    app = build_app(services)
    for start in services.start:
        await start()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://regulars.test") as client:
            yield client
    finally:
        for stop in services.stop:
            await stop()
