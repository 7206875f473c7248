"""The API's process: granian with worker processes of its own; any ASGI server may call `create_app`."""

import os
import signal
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from api.app import build_app
from runtime.container import build_core, build_services
from runtime.embedded.launcher import die_with_parent
from runtime.faults import run_sentenced
from runtime.held import wait_for_go
from runtime.logging import configure_logging
from runtime.settings import Settings, load_settings
from runtime.telemetry import share_figures, traced

PARENT = "REGULARS_WEB_PARENT"
DRAIN_SECONDS = 8


def create_app() -> Any:
    """Return the ASGI application, wired for this process."""
    if os.environ.get(PARENT) == str(os.getppid()):
        die_with_parent(signal.SIGTERM)  # a killed granian would leave its workers answering
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    return traced(build_app(build_services(settings, build_core(settings))), "regulars-web")


def serve(settings: Settings) -> int:
    """Answer HTTP until asked to stop; return the exit status."""
    os.environ[PARENT] = str(os.getpid())
    if settings.metrics:
        share_figures()
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


def main() -> None:
    """Serve as the settings say, once the supervisor gives the word."""
    wait_for_go()
    run_sentenced(lambda: serve(load_settings()))


if __name__ == "__main__":
    main()
