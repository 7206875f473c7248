"""`regulars demo`: the demo shop, a music shop with real purchases of invented people."""

from typing import TYPE_CHECKING

import typer

from runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    from runtime.demo.progress import Progress


def register(cli: typer.Typer) -> None:
    """Add the group."""
    demo = typer.Typer(
        name="demo",
        no_args_is_help=True,
        help="The demo shop: 23 570 invented customers with 69 659 real purchases, for trying things out.",
    )
    demo.command()(load)
    demo.command()(status)
    cli.add_typer(demo)


def load() -> None:
    """Make the demo shop if there is none, and load what it lacks through the running API.

    The first start of an embedded database does this by itself, in the background; this command is for another
    database, or for an installation that was started with REGULARS_DEMO=false. Breaking off and running it again is
    harmless.
    """
    from threading import Event

    from runtime.demo.client import Refused
    from runtime.demo.loader import AlreadyLoading, load_demo_shop
    from runtime.faults import StartFault
    from runtime.supervisor import is_ready

    settings = load_settings()
    if not is_ready(settings):
        raise StartFault(f"No API answers at {settings.url}; start it first: python3 dev.py run.")
    key = _key_of_the_shop(settings)
    try:
        progress = load_demo_shop(settings, key, stopping=Event(), tell=lambda done: typer.echo(_words(done)))
    except AlreadyLoading:
        raise StartFault("The demo shop is being loaded already; regulars demo status shows how far it is.") from None
    except Refused as refusal:
        raise StartFault(f"The API refuses the demo shop's documents: {refusal}.") from None
    typer.echo(_words(progress))


def status() -> None:
    """Show how far the demo shop is loaded; status 0 when it is whole."""
    from runtime.demo.progress import read_progress

    settings = load_settings()
    progress = read_progress(settings.data_dir)
    if progress is None:
        there = settings.demo_key_file.exists()
        typer.echo("The demo shop is empty so far." if there else "There is no demo shop here.")
        raise typer.Exit(1)
    typer.echo(_words(progress))
    raise typer.Exit(0 if progress.finished else 1)


def _key_of_the_shop(settings: Settings) -> str:
    import asyncio

    from runtime.demo.background import demo_key
    from runtime.first_start import make_demo_shop
    from runtime.local import answering_database, serve_as_application

    known = demo_key(settings)
    if known is not None:
        return known
    with answering_database(settings):
        return asyncio.run(make_demo_shop(serve_as_application(settings)))


def _words(progress: "Progress") -> str:
    from runtime.demo.people import COUNT

    words = f"{progress.customers} of {COUNT} customers, {progress.receipts} receipts"
    refused = f", {progress.refused} refused" if progress.refused else ""
    return f"{words}{refused}{'; loaded' if progress.finished else ''}"
