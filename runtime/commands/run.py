"""`regulars run`: everything, supervised."""

import sys
from contextlib import suppress
from datetime import datetime

import typer

from runtime.settings import Settings, load_settings
from runtime.supervisor import Supervisor
from runtime.welcome import welcome


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(run)


def run() -> None:
    """Start everything: database, API and worker; Ctrl-C stops all of it.

    Without REGULARS_DATABASE_URL the database is a PostgreSQL of our own below REGULARS_DATA_DIR (./.regulars).
    """
    settings = load_settings()
    raise typer.Exit(Supervisor(settings, say).run(lambda supervisor: greet(settings, supervisor.operator_key)))


def greet(settings: Settings, operator_key: str | None) -> None:
    """Print where everything is, and how to try it."""
    demo_key = settings.demo_key_file.read_text().strip() if settings.demo_key_file.exists() else None
    sys.stdout.write(welcome(settings, operator_key=operator_key, demo_key=demo_key) + "\n")
    say("ready")


def say(text: str) -> None:
    """Tell a person one line, with the time, at once."""
    with suppress(OSError):  # whoever read this may have gone; that is no reason to stop
        sys.stdout.write(f"{datetime.now().astimezone():%H:%M:%S} {text}\n")
        sys.stdout.flush()
