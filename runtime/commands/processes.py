"""`regulars serve`, `worker` and `migrate`: the single processes, for installations that supervise themselves."""

import typer

from runtime.settings import load_settings


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(serve)
    cli.command()(worker)
    cli.command()(migrate)


def serve() -> None:
    """Answer HTTP only, on REGULARS_HOST and REGULARS_PORT, with REGULARS_WORKERS processes.

    The database must be migrated and reachable; any ASGI server may do the same with runtime.web:create_app.
    """
    from runtime import web
    from runtime.local import serve_as_application
    from runtime.supervisor import refuse_busy_port

    settings = load_settings()
    refuse_busy_port(settings)
    raise typer.Exit(web.serve(serve_as_application(settings)))


def worker() -> None:
    """Do the background work only: events, webhooks, scheduled jobs. Several may run at once."""
    from runtime import worker as process
    from runtime.local import serve_as_application

    serve_as_application(load_settings())
    process.main()


def migrate() -> None:
    """Bring the database to the newest schema, making the roles first where the owner's role may.

    Uses REGULARS_OWNER_DATABASE_URL when it is set. Running it again changes nothing. An embedded database that nobody
    runs is started for it and stopped again.
    """
    import asyncio

    from runtime import database, migrations
    from runtime.local import answering_database

    settings = load_settings()
    with answering_database(settings):
        root = database.master_key(settings)
        asyncio.run(migrations.migrate(database.target(settings, root), root))
    typer.echo(f"The database is at revision {database.newest_revision()}.")
