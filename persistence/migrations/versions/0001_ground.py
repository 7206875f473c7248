"""The ground: platform, people, history, ledger, log, and the wall between tenants.

Revision ID: 0001
"""

from pathlib import Path

from persistence.migrations.script import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PARTS = ("platform", "people", "history", "loyalty", "log", "maintenance", "worker", "jobs")
TABLES = Path(__file__).parents[1] / "sql"
FUNCTIONS = Path(__file__).parents[2] / "sql"


def upgrade() -> None:
    """Create everything; `env.py` has set `regulars.app_role` on the connection."""
    for part in PARTS:
        run_script((TABLES / f"{revision}_{part}.sql").read_text())
    for function in sorted(FUNCTIONS.glob("*.sql")):
        run_script(function.read_text())


def downgrade() -> None:
    """Drop everything; only for a database that holds nothing worth keeping."""
    run_script((TABLES / f"{revision}_down.sql").read_text())
