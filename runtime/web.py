"""The API's process: granian with worker processes of its own; any ASGI server may call `create_app`."""

import os
import signal
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from runtime.embedded.launcher import die_with_parent
from runtime.faults import run_sentenced
from runtime.settings import Settings, load_settings

PARENT = "REGULARS_WEB_PARENT"
DRAIN_SECONDS = 8


def create_app() -> Any:
    """Return the ASGI application, wired for this process."""
    if os.environ.get(PARENT) == str(os.getppid()):
        die_with_parent(signal.SIGTERM)  # a killed granian would leave its workers answering
    return _health_only


async def _health_only(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"{}"})


def serve(settings: Settings) -> int:
    """Answer HTTP until asked to stop; return the exit status."""
    os.environ[PARENT] = str(os.getpid())
    Granian(
        "runtime.web:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop=Loops.uvloop,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=DRAIN_SECONDS,
        log_level=LogLevels.warning,
    ).serve()
    return 0


if __name__ == "__main__":
    run_sentenced(lambda: serve(load_settings()))
