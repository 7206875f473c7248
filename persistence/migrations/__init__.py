"""Migrations: Alembic revisions over hand-written SQL."""
