"""`regulars tenants`: opening, listing, suspending and resuming shops."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

if TYPE_CHECKING:
    from runtime.container import Core
    from tenancy.tenant import Tenant

_T = TypeVar("_T")
SHOP = typer.Argument(metavar="ID", help="The shop, by the id that `regulars tenants list` shows.")
REFUSED = 1


def register(cli: typer.Typer) -> None:
    """Add the groups."""
    tenants = typer.Typer(name="tenants", no_args_is_help=True, help="Shops: open, list, suspend, resume.")
    tenants.command("create")(create)
    tenants.command("list")(list_tenants)
    tenants.command("suspend")(suspend)
    tenants.command("resume")(resume)
    cli.add_typer(tenants)
    deliveries = typer.Typer(
        name="deliveries", no_args_is_help=True, help="Events that something inside could not take, parked for a look."
    )
    deliveries.command("list")(list_parked)
    deliveries.command("replay")(replay)
    cli.add_typer(deliveries)


def create(
    name: Annotated[str, typer.Argument(help="The shop's name, up to 200 characters.")],
    *,
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, such as RU.")] = "RU",
    currency: Annotated[str, typer.Option(help="ISO 4217, such as RUB.")] = "RUB",
    time_zone: Annotated[str, typer.Option(help="IANA name, such as Europe/Moscow.")] = "Europe/Moscow",
    locale: Annotated[str | None, typer.Option(help="ru, uk or en; without it the country's.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="ru, ua or eu; without it the country's.")] = None,
) -> None:
    """Open a shop and print its id and its owner's key, once."""
    from compliance.access.open_tenant import OpenedTenant, open_tenant
    from domain.kernel.events import SYSTEM
    from tenancy.use_cases import new_tenant

    if not 1 <= len(name) <= 200:
        raise typer.BadParameter("between 1 and 200 characters", param_hint="NAME")

    async def work(core: "Core") -> "OpenedTenant":
        tenant = new_tenant(
            name=name,
            country=country,
            currency=currency,
            time_zone=time_zone,
            locale=locale,
            jurisdiction=jurisdiction,
            clock=core.clock,
        )
        async with core.platform.transaction(SYSTEM) as unit:
            return await open_tenant(tenant, unit=unit)

    opened = _run(work)
    typer.echo(f"{opened.tenant.tenant_id}\t{opened.api_key}")


def list_tenants() -> None:
    """Show the shops, oldest first."""
    from domain.kernel.events import SYSTEM
    from runtime.showing import show

    async def work(core: "Core") -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        after: UUID | None = None
        async with core.platform.transaction(SYSTEM) as unit:
            while found := await unit.tenants.page(after=after, limit=200):
                rows += [_row(tenant) for tenant in found]
                after = found[-1].tenant_id
        return rows

    show(("id", "name", "status", "country", "currency", "time zone", "opened"), _run(work))


def suspend(shop: Annotated[UUID, SHOP]) -> None:
    """Refuse the shop's tills and writers; its owner and data-protection officer may go on reading."""
    from tenancy.use_cases import suspend_tenant

    _set(shop, suspend_tenant)


def resume(shop: Annotated[UUID, SHOP]) -> None:
    """Let a suspended shop work again."""
    from tenancy.use_cases import resume_tenant

    _set(shop, resume_tenant)


def list_parked(shop: Annotated[UUID, SHOP]) -> None:
    """Show the events that were given up after the last attempt, with the class of the error."""
    from domain.kernel.events import SYSTEM
    from runtime.showing import show

    async def work(core: "Core") -> list[tuple[str, ...]]:
        async with core.store.transaction(shop, SYSTEM) as unit:
            return [
                (d.subscription, str(d.position), str(d.event_id), str(d.attempts), d.error or "")
                for d in await unit.deliveries.page(limit=1000)
            ]

    show(("subscription", "position", "event", "attempts", "error"), _run(work))


def replay(
    shop: Annotated[UUID, SHOP],
    subscription: Annotated[str | None, typer.Option(help="Only what this subscription could not take.")] = None,
) -> None:
    """Try parked events again, from the first attempt on."""
    from domain.kernel.events import SYSTEM

    async def work(core: "Core") -> int:
        async with core.store.transaction(shop, SYSTEM) as unit:
            return await unit.deliveries.replay(subscription)

    typer.echo(f"{_run(work)} will be tried again")


def _set(shop: UUID, use_case: Callable[..., Awaitable["Tenant"]]) -> None:
    from domain.kernel.events import SYSTEM

    async def work(core: "Core") -> "Tenant":
        async with core.platform.transaction(SYSTEM) as unit:
            return await use_case(shop, unit=unit)

    typer.echo(_run(work).status)


def _row(tenant: "Tenant") -> tuple[str, ...]:
    opened = f"{tenant.created_at:%Y-%m-%d}"
    return (
        str(tenant.tenant_id),
        tenant.name,
        tenant.status,
        tenant.country,
        tenant.currency,
        tenant.time_zone,
        opened,
    )


def _run(work: Callable[["Core"], Awaitable[_T]]) -> _T:
    from domain.kernel.errors import DomainError
    from runtime.container import build_core
    from runtime.local import answering_database, serve_as_application
    from runtime.settings import load_settings

    settings = load_settings()
    with answering_database(settings):
        core = build_core(serve_as_application(settings))

        async def with_core() -> _T:
            await core.open()
            try:
                return await work(core)
            finally:
                await core.close()

        try:
            return asyncio.run(with_core())
        except DomainError as refusal:
            for error in refusal.errors:
                typer.echo(f"{error.pointer.strip('/')}: {error.message}", err=True)
            if not refusal.errors:
                typer.echo(refusal.detail, err=True)
            raise typer.Exit(REFUSED) from None
