"""One open transaction of one shop, with every repository that works in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.clock import Clock
from domain.kernel.events import Actor
from persistence.addresses import PgAddresses
from persistence.api_keys import PgApiKeys
from persistence.change_feed import PgChangeFeed
from persistence.custom_fields import PgCustomFields
from persistence.customer_metrics import PgCustomerMetrics
from persistence.customer_search import PgCustomerSearch
from persistence.customers import PgCustomers
from persistence.database import Database
from persistence.deliveries import PgDeliveries
from persistence.event_log import PgEventLog
from persistence.identifiers import PgIdentifiers
from persistence.jobs import PgJobs
from persistence.ledger import PgLedger
from persistence.notes import PgNotes
from persistence.place_codes import PgPlaceCodes
from persistence.places import PgPlaces
from persistence.points_due import PgPointsDue
from persistence.products import PgProducts
from persistence.programs import PgPrograms
from persistence.receipts import PgReceipts
from persistence.session import Session
from persistence.tags import PgTagLinks, PgTags
from persistence.tenants import PgTenants, read_tenant
from persistence.timeline import PgTimeline
from tenancy.tenant import Tenant
from tenancy.vault import TenantVault, Vaults


class PgUnit:
    """Repositories of one tenant on one open transaction; each is made when first asked for."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def tenant_id(self) -> UUID:
        """Return the tenant of this transaction."""
        return self.session.tenant_id

    @property
    def settings(self) -> Tenant:
        """Return the tenant's settings as this transaction sees them."""
        return self.session.tenant

    @property
    def actor(self) -> Actor:
        """Return who acts."""
        return self.session.actor

    @property
    def clock(self) -> Clock:
        """Return the clock that rules use."""
        return self.session.clock

    @property
    def vault(self) -> TenantVault:
        """Return the tenant's keys."""
        return self.session.vault

    @cached_property
    def receipts(self) -> PgReceipts:
        """Return the recorded documents."""
        return PgReceipts(self.session)

    @cached_property
    def events(self) -> PgEventLog:
        """Return the event log of this transaction."""
        return PgEventLog(self.session)

    @cached_property
    def api_keys(self) -> PgApiKeys:
        """Return the shop's API keys."""
        return PgApiKeys(self.session)

    @cached_property
    def changes(self) -> PgChangeFeed:
        """Return the change feed."""
        return PgChangeFeed(self.session)

    @cached_property
    def tenants(self) -> PgTenants:
        """Return the list of tenants; a shop touches its own row only."""
        return PgTenants(self.connection)

    @cached_property
    def places(self) -> PgPlaces:
        """Return stores, registers and employees."""
        return PgPlaces(self.session)

    @cached_property
    def points_due(self) -> PgPointsDue:
        """Return which points have ended and which are going to."""
        return PgPointsDue(self.session)

    @cached_property
    def jobs(self) -> PgJobs:
        """Return the queue of the tenant's long and scheduled work."""
        return PgJobs(self.session)

    @cached_property
    def deliveries(self) -> PgDeliveries:
        """Return what subscriptions have taken and what they could not."""
        return PgDeliveries(self.session)

    @cached_property
    def customers(self) -> PgCustomers:
        """Return the cards of customers."""
        return PgCustomers(self.session)

    @cached_property
    def identifiers(self) -> PgIdentifiers:
        """Return what customers are found by."""
        return PgIdentifiers(self.session)

    @cached_property
    def addresses(self) -> PgAddresses:
        """Return the customers' addresses."""
        return PgAddresses(self.session)

    @cached_property
    def notes(self) -> PgNotes:
        """Return the notes about customers."""
        return PgNotes(self.session)

    @cached_property
    def tags(self) -> PgTags:
        """Return the shop's tags."""
        return PgTags(self.session)

    @cached_property
    def tag_links(self) -> PgTagLinks:
        """Return whom tags are on."""
        return PgTagLinks(self.session)

    @cached_property
    def custom_fields(self) -> PgCustomFields:
        """Return the shop's own fields."""
        return PgCustomFields(self.session)

    @cached_property
    def place_codes(self) -> PgPlaceCodes:
        """Return stores and employees by code."""
        return PgPlaceCodes(self.session)

    @cached_property
    def customer_search(self) -> PgCustomerSearch:
        """Return lists and searches of customers."""
        return PgCustomerSearch(self.session)

    @cached_property
    def customer_metrics(self) -> PgCustomerMetrics:
        """Return customers' figures as of any moment."""
        return PgCustomerMetrics(self.session)

    @cached_property
    def timeline(self) -> PgTimeline:
        """Return customers' histories."""
        return PgTimeline(self.session)

    @cached_property
    def ledger(self) -> PgLedger:
        """Return the points books."""
        return PgLedger(self.session)

    @cached_property
    def programs(self) -> PgPrograms:
        """Return the loyalty programs."""
        return PgPrograms(self.session)

    @cached_property
    def products(self) -> PgProducts:
        """Return the shop's goods."""
        return PgProducts(self.session)

    async def driver(self) -> Any:
        """Return the driver's own connection inside this transaction, for the till's SQL functions."""
        return (await self.connection.get_raw_connection()).driver_connection

    @property
    def connection(self) -> AsyncConnection:
        """Return the connection inside this transaction."""
        return self.session.connection


class Store:
    """Opens units of work."""

    def __init__(self, database: Database, vaults: Vaults, clock: Clock) -> None:
        self.database = database
        self.vaults = vaults
        self.clock = clock

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID, actor: Actor) -> AsyncIterator[PgUnit]:
        """Open a unit of the tenant; it commits at the end of the block and wakes the worker if events were added."""
        vault = await self.vaults.open(tenant_id)
        async with self.database.scoped(tenant_id) as connection:
            tenant = await read_tenant(connection, tenant_id)
            unit = PgUnit(Session(connection, tenant, vault, actor, self.clock))
            yield unit
        if "events" in vars(unit):  # made when first asked for: without it nothing was told
            self.database.signal(tenant_id)
