"""`regulars backup` and `restore`: the data in one file, the keys it lies under in another."""

from pathlib import Path
from typing import Annotated

import typer

from runtime.settings import load_settings

Folder = Annotated[Path, typer.Argument(help="The folder of the two files.")]


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(backup)
    cli.command()(restore)


def backup(folder: Folder) -> None:
    """Write main.dump and keys.dump into an empty FOLDER, while everything runs.

    Keep the two apart, with different people: each alone names nobody. Keep keys.dump, and any main.dump beside it,
    for five days only: it holds the keys of people who asked to be forgotten since. DATA_DIR/master.key is in neither.
    """
    from runtime import database
    from runtime.backup import dump
    from runtime.local import answering_database

    settings = load_settings()
    with answering_database(settings):
        main, keys = dump(database.target(settings, database.master_key(settings)), folder)
    typer.echo(f"{main}: the data\n{keys}: the keys it lies under; keep it elsewhere")


def restore(
    folder: Folder,
    keys: Annotated[Path | None, typer.Option(help="keys.dump, where it is not in FOLDER.")] = None,
) -> None:
    """Read a backup into an empty database.

    For the embedded one that is a new REGULARS_DATA_DIR with nothing but the old master.key in it. Then run
    `regulars doctor`, then `regulars run`.
    """
    from runtime import database
    from runtime.backup import KEYS, MAIN
    from runtime.backup import restore as read_back
    from runtime.local import answering_database

    settings = load_settings()
    with answering_database(settings):
        root = database.master_key(settings)
        read_back(database.target(settings, root), folder / MAIN, keys or folder / KEYS)
    typer.echo("Restored. Run `regulars doctor` before anything serves.")
