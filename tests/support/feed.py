"""What the worker does for one shop, done by a test: events get their positions, subscriptions take them."""

from uuid import UUID

from persistence.positions import assign_positions, positions_held
from runtime.dispatch import Dispatcher
from runtime.subscriptions import SUBSCRIPTIONS
from tests.support.shop import Base
from tests.support.waiting import until


async def settle(base: Base, tenant_id: UUID) -> None:
    """Wait until each of the shop's events has its position; an open transaction anywhere holds them back."""

    async def settled() -> bool:
        async with base.database.scoped(tenant_id) as connection:
            await assign_positions(connection, tenant_id)
            return not await positions_held(connection, tenant_id)

    await until(settled)


async def deliver(base: Base, tenant_id: UUID) -> None:
    """Let the subscriptions take all of the shop's events; those of other shops that wait come along."""
    await settle(base, tenant_id)
    worker = Dispatcher(base.store, SUBSCRIPTIONS)
    while await worker.deliver_one_turn():
        pass
