"""Loads the demo shop beside the worker's other duties."""

import asyncio
from pathlib import Path
from threading import Event

import structlog

from runtime.demo.client import Refused
from runtime.demo.loader import AlreadyLoading, load_demo_shop
from runtime.demo.people import COUNT
from runtime.demo.progress import Progress, read_progress
from runtime.settings import Settings

log = structlog.get_logger("demo")
TOLD_EVERY = 8  # parts


def demo_key(settings: Settings) -> str | None:
    """Return the demo shop's key, None where there is no demo shop."""
    path: Path = settings.demo_key_file
    return path.read_text().strip() if path.exists() else None


async def keep_demo_shop_loaded(settings: Settings, stopping: asyncio.Event) -> None:
    """Load the demo shop unless it is loaded, or there is none; returns when done or when `stopping` is set.

    It reaches the API over loopback, so it waits until that answers. Nothing that goes wrong here ends the worker.
    """
    key = demo_key(settings)
    known = read_progress(settings.data_dir)
    if not settings.demo or key is None or (known is not None and known.finished):
        return
    stop = Event()
    work = asyncio.create_task(asyncio.to_thread(_load, settings, key, stop))
    asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        asked.cancel()
        await work


def _load(settings: Settings, key: str, stop: Event) -> None:
    try:
        progress = load_demo_shop(settings, key, stopping=stop, tell=_told)
    except AlreadyLoading:
        return
    except (Refused, OSError) as error:
        log.warning("demo-shop-not-loaded", reason=str(error) if isinstance(error, Refused) else type(error).__name__)
        return
    if progress.finished:
        log.info("demo-shop-loaded", **_figures(progress))


def _told(progress: Progress) -> None:
    if len(progress.done) % TOLD_EVERY == 0:
        log.info("demo-shop-loading", of_customers=COUNT, **_figures(progress))


def _figures(progress: Progress) -> dict[str, int]:
    return {"customers": progress.customers, "receipts": progress.receipts, "refused": progress.refused}
