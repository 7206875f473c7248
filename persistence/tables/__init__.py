"""SQLAlchemy Core tables; a test holds them equal to the migrated database."""
