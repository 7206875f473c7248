"""`regulars keys`: API keys of shops and operators, and the exchange of the keys that personal data lies under."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

if TYPE_CHECKING:
    from compliance.access.api_key import ApiKey
    from persistence.database import Database
    from persistence.unit_of_work import Store
    from runtime.adapters.rotation import Rotation
    from runtime.adapters.vaults import KeptVaults
    from runtime.settings import Settings

_T = TypeVar("_T")
TENANT = typer.Option("--tenant", metavar="ID", help="The shop, by the id that `regulars tenants list` shows.")
OPERATOR = typer.Option("--operator", help="Keys of the operator, who makes and suspends shops.")
NEITHER = "Say whose: --tenant ID for a shop's keys, or --operator."


def register(cli: typer.Typer) -> None:
    """Add the group."""
    keys = typer.Typer(
        name="keys",
        no_args_is_help=True,
        help="API keys of shops and operators; exchange of the keys that personal data lies under.",
    )
    for command in (create, list_keys, revoke, rotate):
        keys.command("list" if command is list_keys else command.__name__)(command)
    cli.add_typer(keys)


def create(
    *,
    tenant: Annotated[UUID | None, TENANT] = None,
    operator: Annotated[bool, OPERATOR] = False,
    role: Annotated[str, typer.Option(help="What a shop's key may do, such as owner, manager or cashier.")] = "owner",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "made on the machine",
    test: Annotated[bool, typer.Option("--test", help="Make a key of mode test.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="End the key after so many days.")] = None,
) -> None:
    """Make an API key and print it, once; a lost operator key is replaced by `regulars keys create --operator`."""
    from compliance.access.permissions import TENANT_ROLES

    if operator:
        typer.echo(_run(lambda machine: machine.make_operator_key(name)))
        return
    if role not in TENANT_ROLES:
        raise typer.BadParameter(f"one of {', '.join(TENANT_ROLES)}", param_hint="--role")
    if tenant is None:
        raise typer.BadParameter(NEITHER)
    typer.echo(_run(lambda machine: machine.make_key(tenant, name, role, "test" if test else "live", days)))


def list_keys(*, tenant: Annotated[UUID | None, TENANT] = None, operator: Annotated[bool, OPERATOR] = False) -> None:
    """Show keys without their secrets: what they are for, whether they work, when they were last used."""
    from runtime.showing import show

    if operator:
        show(("number", "name", "status", "made", "last used"), _run(lambda machine: machine.operator_keys()))
    elif tenant is not None:
        rows = _run(lambda machine: machine.keys(tenant))
        show(("id", "name", "role", "mode", "status", "made", "last used"), rows)
    else:
        raise typer.BadParameter(NEITHER)


def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The id (a shop's key) or number (an operator's).")],
    tenant: Annotated[UUID | None, TENANT] = None,
    operator: Annotated[bool, OPERATOR] = False,
) -> None:
    """End a key; every process refuses it within five seconds."""
    if operator and key.isdigit():
        done = _run(lambda machine: machine.revoke_operator_key(int(key)))
    elif tenant is not None:
        done = _run(lambda machine: machine.revoke_key(tenant, _uuid(key)))
    else:
        raise typer.BadParameter(NEITHER)
    typer.echo("revoked" if done else "no such key, or it had ended already")
    raise typer.Exit(0 if done else 1)


def rotate(
    root: Annotated[bool, typer.Option("--root", help="Exchange the root key in DATA_DIR/master.key.")] = False,
    tenant: Annotated[UUID | None, typer.Option("--tenant", metavar="ID", help="Exchange this shop's keys.")] = None,
    rewrap_only: Annotated[
        bool, typer.Option("--rewrap-only", help="With --root: REGULARS_MASTER_KEY is '<new>,<old>' already.")
    ] = False,
) -> None:
    """Exchange encryption keys while everything runs; breaking off and running it again is harmless.

    --root puts a new root key before the old one in the key file and brings every shop's keys under it. The old key
    stays in the file for backups of the key store; delete its line after five days and restart. --tenant gives a shop
    new keys, waits until every process knows them (under a minute), and brings every customer's key under them.
    """
    if root:
        count = _run(lambda machine: machine.rotate_root(rewrap_only=rewrap_only), owner=True)
        typer.echo(f"{count} keys of shops are under the new root key")
    elif tenant is not None:
        count = _run(lambda machine: machine.rotate_tenant(tenant))
        typer.echo(f"{count} customers' keys are under the shop's new key")
    else:
        raise typer.BadParameter("Say what to exchange: --root, or --tenant ID.")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the commands work with: storage, and the keys of this installation."""

    database: "Database"
    store: "Store"
    vaults: "KeptVaults"
    rotation: "Rotation"

    async def make_operator_key(self, name: str) -> str:
        """Store a new operator key and return its text."""
        from compliance.access.api_key import OPERATOR as KIND
        from compliance.access.api_key import new_key_text
        from persistence.api_keys import OperatorKeys

        key = new_key_text(KIND, None)
        await OperatorKeys(self.database).add(key.number, name, key.secret_hash, self.store.clock.now())
        return key.text

    async def make_key(self, tenant_id: UUID, name: str, role: str, mode: str, days: int | None) -> str:
        """Store a new key of a shop and return its text."""
        from compliance.access.permissions import PERMISSIONS_OF
        from compliance.access.principal import Principal
        from compliance.access.use_cases import create_api_key
        from domain.kernel.events import SYSTEM

        here = Principal("system", tenant_id, None, "owner", PERMISSIONS_OF["owner"], "live")
        end = None if days is None else self.store.clock.now() + timedelta(days=days)
        async with self.store.transaction(tenant_id, SYSTEM) as unit:
            issued = await create_api_key(name=name, role=role, mode=mode, expires_at=end, maker=here, unit=unit)
        return issued.text.text

    async def keys(self, tenant_id: UUID) -> list[tuple[str, ...]]:
        """Return a row per key of the shop."""
        from domain.kernel.events import SYSTEM

        rows: list[tuple[str, ...]] = []
        after = None
        async with self.store.transaction(tenant_id, SYSTEM) as unit:
            while found := await unit.api_keys.page(after=after, limit=200):
                rows += [_row(key, self.store.clock.now()) for key in found]
                after = found[-1].id
        return rows

    async def operator_keys(self) -> list[tuple[str, ...]]:
        """Return a row per operator key."""
        from persistence.api_keys import OperatorKeys

        return [
            (str(k.key_no), k.name, "revoked" if k.revoked_at else "active", _day(k.created_at), _day(k.last_used_at))
            for k in await OperatorKeys(self.database).all()
        ]

    async def revoke_key(self, tenant_id: UUID, key_id: UUID) -> bool:
        """End a shop's key, and tell whether there is such a key."""
        from compliance.access.errors import ApiKeyNotFound
        from compliance.access.use_cases import revoke_api_key
        from domain.kernel.events import SYSTEM

        try:
            async with self.store.transaction(tenant_id, SYSTEM) as unit:
                await revoke_api_key(key_id, unit=unit)
        except ApiKeyNotFound:
            return False
        return True

    async def revoke_operator_key(self, number: int) -> bool:
        """End an operator key, and tell whether there was one to end."""
        from persistence.api_keys import OperatorKeys

        return await OperatorKeys(self.database).revoke(number, self.store.clock.now())

    async def rotate_root(self, *, rewrap_only: bool) -> int:
        """Exchange the root key, and return how many keys were wrapped anew."""
        from runtime.adapters.rotation import exchange_root

        return await (self.rotation.rewrap_tenant_keys() if rewrap_only else exchange_root(self.rotation))

    async def rotate_tenant(self, tenant_id: UUID) -> int:
        """Exchange a shop's keys, and return how many customers' keys were wrapped anew."""
        from runtime.adapters.rotation import rewrap_customers
        from tenancy.key_provider import SETTLE_SECONDS

        version = await self.rotation.new_version(tenant_id)
        typer.echo(f"version {version} is stored; waiting {SETTLE_SECONDS} s until every process has read it", err=True)
        await self.rotation.wait_until_settled(tenant_id)
        return await rewrap_customers(
            self.rotation.store,
            self.vaults,
            tenant_id,
            lambda done: typer.echo(f"{done} customers' keys wrapped anew", err=True),
        )


@asynccontextmanager
async def _opened(settings: "Settings", *, owner: bool) -> AsyncIterator[Machine]:
    """Open this installation's database, as its application's role or as the owner of its tables."""
    from domain.kernel.clock import SystemClock
    from persistence.database import Database
    from persistence.key_store import PgKeyStore
    from persistence.unit_of_work import Store
    from runtime.adapters.key_provider import LocalKeyProvider
    from runtime.adapters.rotation import Rotation
    from runtime.adapters.vaults import KeptVaults
    from runtime.database import master_key, serving_url, target
    from runtime.installation import confirm_master_key

    root = master_key(settings)
    goal = target(settings, root)
    url = await serving_url(goal, root)
    await confirm_master_key(settings, url)
    database = Database(goal.owner_url if owner else url)
    explicit = settings.master_key.get_secret_value() if settings.master_key is not None else None
    provider, key_store = LocalKeyProvider.of(explicit, settings.master_key_file), PgKeyStore(database)
    vaults = KeptVaults(key_store, provider)
    await database.open()
    try:
        yield Machine(database, Store(database, vaults, SystemClock()), vaults, Rotation(key_store, provider))
    finally:
        await database.close()


def _run(work: Callable[[Machine], Awaitable[_T]], *, owner: bool = False) -> _T:
    from runtime.local import answering_database
    from runtime.settings import load_settings

    settings = load_settings()

    async def with_machine() -> _T:
        async with _opened(settings, owner=owner) as machine:
            return await work(machine)

    with answering_database(settings):
        return asyncio.run(with_machine())


def _row(key: "ApiKey", now: datetime) -> tuple[str, ...]:
    dates = _day(key.created_at), _day(key.last_used_at)
    return str(key.id), key.name, key.role, key.mode, key.status(now), *dates


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter("not the id of a key; see `regulars keys list`", param_hint="KEY") from None
