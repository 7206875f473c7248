"""The worker's process."""

import asyncio
import signal

from runtime.faults import run_sentenced
from runtime.settings import Settings, load_settings


async def work(settings: Settings) -> None:
    """Work until asked to stop."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()


def main() -> None:
    """Run the worker of this installation."""
    run_sentenced(lambda: asyncio.run(work(load_settings())))


if __name__ == "__main__":
    main()
