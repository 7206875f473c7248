"""`regulars doctor`: is this installation as it must be?"""

import typer

from runtime.settings import load_settings


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)


def doctor() -> None:
    """Check versions, roles, the wall between shops, keys, free space, clock and the event log; status 1 if one fails.

    It changes nothing and prints nothing secret. Run it after an update, a restore, or when something is odd.
    """
    import asyncio

    from rich.console import Console
    from rich.table import Table

    from runtime.doctor import examine
    from runtime.local import answering_database

    settings = load_settings()
    with answering_database(settings):
        findings = asyncio.run(examine(settings))
    table = Table("check", "", "what was found", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(finding.name, "[green]ok[/]" if finding.ok else "[red]wrong[/]", finding.detail)
    Console().print(table)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)
