"""The three database roles: owner (migrates), app (serves), sealer (seals the audit log)."""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from runtime.adapters.envelope import expand

APP_SETTINGS = {
    # Policies and the till's functions must keep their indexes whatever the parameters are.
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
SCRAM_ROUNDS = 4096
ATTRIBUTES = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB"
MINIMUM = {15: 14, 16: 10, 17: 6}
TOO_OLD = (
    "PostgreSQL {found} is too old; 15.14, 16.10, 17.6 and 18 are the oldest that keep row-level security tight: "
    "update the server."
)


class RoleFault(Exception):
    """The roles of a database are not as they must be; the text says what to do."""


@dataclass(frozen=True, slots=True)
class RoleNames:
    """What the roles of one database are called."""

    owner: str
    app: str
    sealer: str

    @classmethod
    def of(cls, database: str) -> "RoleNames":
        """Return the names that belong to the database named `database`."""
        return cls(f"{database}_owner", f"{database}_app", f"{database}_sealer")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the connected role may do beyond its own tables."""

    name: str
    superuser: bool
    bypasses: bool
    creates_roles: bool


def derived_password(master_key: bytes, role: str) -> str:
    """Return the password that `role` has under this master key: nothing to store, nothing to forget."""
    return base64.urlsafe_b64encode(expand(master_key, f"database role {role}")).rstrip(b"=").decode()


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """Return what PostgreSQL stores for `password` (ASCII), so that the password itself is never sent or logged.

    Source: RFC 5802, RFC 7677.
    """
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, SCRAM_ROUNDS)
    client, server = (hmac.digest(salted, word, "sha256") for word in (b"Client Key", b"Server Key"))
    stored = hashlib.sha256(client).digest()
    parts = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(SCRAM_ROUNDS, *parts)


def role_statements(role: str, password: str, *, exists: bool) -> list[str]:
    """Return the SQL that makes `role`, or gives an existing one this password."""
    verb, attributes = ("ALTER", "") if exists else ("CREATE", f" {ATTRIBUTES}")
    return [f"{verb} ROLE {quoted(role)}{attributes} PASSWORD '{scram_verifier(password)}'"]


def settings_statements(role: str, settings: Mapping[str, str]) -> list[str]:
    """Return the SQL that gives `role` these settings."""
    return [f"ALTER ROLE {quoted(role)} SET {name} = '{value}'" for name, value in settings.items()]


def service_statements(names: RoleNames, master_key: bytes, existing: set[str]) -> list[str]:
    """Return the SQL for the two roles that need no rights but those the migrations grant."""
    app, sealer = (
        role_statements(role, derived_password(master_key, role), exists=role in existing)
        for role in (names.app, names.sealer)
    )
    return [*app, *settings_statements(names.app, APP_SETTINGS), *sealer]


async def existing_roles(connection: asyncpg.Connection, names: RoleNames) -> set[str]:
    """Return which of the three roles exist."""
    rows = await connection.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = any($1::text[])", [names.owner, names.app, names.sealer]
    )
    return {row["rolname"] for row in rows}


async def standing(connection: asyncpg.Connection) -> Standing:
    """Return what the connected role may do."""
    row = await connection.fetchrow(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    return Standing(row["rolname"], row["rolsuper"], row["rolbypassrls"], row["rolcreaterole"] or row["rolsuper"])


async def refuse_unsafe_service(connection: asyncpg.Connection) -> None:
    """Make sure that row-level security holds for the connected role.

    Raises:
        RoleFault: it is a superuser, bypasses row-level security, or owns tables (or may become their owner).
    """
    here = await standing(connection)
    if here.superuser or here.bypasses:
        what = "is a superuser" if here.superuser else "bypasses row-level security"
        raise RoleFault(
            f"The role '{here.name}' {what}, so shops would not be kept apart; "
            "serve with the application's role in REGULARS_DATABASE_URL."
        )
    owned = await connection.fetchval(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')"
        " AND n.nspname IN ('public', 'platform', 'keystore') AND pg_has_role(current_user, c.relowner, 'MEMBER')"
        " LIMIT 1"
    )
    if owned is not None:
        raise RoleFault(
            f"The role '{here.name}' owns the table '{owned}', so it could switch row-level security off; "
            "serve with the application's role in REGULARS_DATABASE_URL and keep the owner for migrate."
        )


async def refuse_old_server(connection: asyncpg.Connection) -> str:
    """Return the server's version.

    Raises:
        RoleFault: it is older than the first that keeps row-level security tight.
    """
    version = str(await connection.fetchval("SHOW server_version"))
    match = re.match(r"(\d+)(?:\.(\d+))?", version)
    major, minor = (int(part or 0) for part in match.groups()) if match else (0, 0)
    if major < min(MINIMUM) or minor < MINIMUM.get(major, 0):
        raise RoleFault(TOO_OLD.format(found=version.split(" ", 1)[0]))
    return version


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
