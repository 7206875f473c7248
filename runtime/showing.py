"""How commands show tables."""

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table


def show(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table for a person; for a pipe, lines with tabs."""
    console = Console()
    if not console.is_terminal:
        typer.echo("\n".join("\t".join(row) for row in (columns, *rows)))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    console.print(table)
