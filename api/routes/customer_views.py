"""One customer, as different people need to see them: the manager, the cashier, the seller; history and figures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_query
from api.command import Query
from api.operation import operation
from api.paging import decode_cursor, page
from api.routes.customers import NOT_FOUND, TAGS
from api.routes.resolve import Desk
from api.schemas import customers as schemas
from api.schemas.till import CustomerCard, SellerView, TillView
from api.schemas.timeline import TimelinePage, TimelineQuery
from api.showing import (
    shown_customer,
    shown_entries,
    shown_link,
    shown_metrics,
    shown_store_sums,
    shown_sums,
)
from api.till_showing import seller_view, shown_balance, shown_view
from domain.customers.notes import Visibility, visible_to
from domain.history.timeline import TimelineEntry, TimelineFilter

LAST = 20


class CustomerViewController(Controller):
    """Views of one customer."""

    path = "/v1/customers/{customer_id:uuid}"
    tags = TAGS

    @get(
        "/card",
        operation_id="getCustomerCard",
        summary="Show everything a manager needs on one screen",
        opt=operation("customers:read", answers={200: CustomerCard}, problems=[NOT_FOUND]),
    )
    async def card(
        self, customer_id: FromPath[UUID], request: Request[Any, Any, Any], desk: Desk, reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Profile, figures, tags, balance and the last twenty things that happened."""
        async with reading() as unit:
            customer = await unit.customers.get(customer_id)
            entries = await unit.timeline.page(
                customer.id, TimelineFilter(), visible=_levels(request), after=None, limit=LAST
            )
            links = await unit.tags.links(customer.id)
            view = await desk.view(unit.tenant_id, customer.id, executor=await unit.driver(), at_till=False)
            balance, expiring = shown_balance(view.balance)
            shown = CustomerCard(
                customer=shown_customer(customer),
                metrics=shown_metrics(customer.figures, customer.as_of),
                tags=[shown_link(link) for link in links],
                segments=[],
                balance=balance,
                expiring=expiring,
                tier=view.tier,
                consents=[],
                tasks=[],
                events=shown_entries(entries, unit.settings.locale),
            )
        return answer(shown)

    @get(
        "/till-view",
        operation_id="getTillView",
        summary="Show what a cashier may see of a customer (balance, card info)",
        opt=operation("customers:till", answers={200: TillView}, problems=[NOT_FOUND]),
    )
    async def till_view(
        self, customer_id: FromPath[UUID], request: Request[Any, Any, Any], desk: Desk
    ) -> Response[Any]:
        """Contacts are masked for everybody."""
        return answer(shown_view(await desk.view(request.auth.tenant_id, customer_id)))

    @get(
        "/seller-view",
        operation_id="getSellerView",
        summary="Show a seller what the customer bought and likes",
        opt=operation("customers:seller-view", answers={200: SellerView}, problems=[NOT_FOUND]),
    )
    async def seller_view(
        self, customer_id: FromPath[UUID], desk: Desk, reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Purchases of all sources and notes for sellers; contacts are masked for everybody."""
        async with reading() as unit:
            view = await desk.view(unit.tenant_id, customer_id, executor=await unit.driver())
            levels = (Visibility.TILL, Visibility.SELLER)
            notes = await unit.notes.page(view.id, visible=levels, after=None, limit=LAST)
            receipts = await unit.receipts.page(customer_id=view.id, kind="sale", after=None, limit=LAST)
            return answer(seller_view(view, notes, receipts))

    @get(
        "/timeline",
        operation_id="getCustomerTimeline",
        summary="Show a customer's history, newest first (events, activity, purchases)",
        opt=operation("timeline:read", query=TimelineQuery, answers={200: TimelinePage}, problems=[NOT_FOUND]),
    )
    async def timeline(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Receipts and notes in one order; filter by kind, period, store and author."""
        wanted = read_query(request, TimelineQuery)
        after = decode_cursor(wanted.cursor, datetime.fromisoformat, UUID) if wanted.cursor else None
        filters = TimelineFilter(
            kinds=tuple(wanted.kind),
            since=wanted.from_,
            until=wanted.to,
            store=wanted.store,
            author=wanted.author,
        )
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            rows = await unit.timeline.page(
                card.id, filters, visible=_levels(request), after=after, limit=wanted.limit + 1
            )
            kept, cursor = page(rows, wanted.limit, _place)
            items = shown_entries(kept, unit.settings.locale)
        return answer(TimelinePage(items=items, next_cursor=cursor))

    @get(
        "/metrics",
        operation_id="getCustomerMetrics",
        summary="Show a customer's figures by currency and by store, as of any moment",
        opt=operation(
            "customers:read", query=schemas.MetricsQuery, answers={200: schemas.CustomerMetrics}, problems=[NOT_FOUND]
        ),
    )
    async def metrics(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Gross and net of returns, computed from the documents themselves."""
        wanted = read_query(request, schemas.MetricsQuery)
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            moment = wanted.as_of or unit.clock.now()
            figures, by_store = await unit.customer_metrics.as_of(card.id, moment)
        shown = schemas.CustomerMetrics(
            customer_id=card.id,
            as_of=moment,
            totals=shown_metrics(figures, moment),
            by_currency=[shown_sums(one) for one in (figures.main, *figures.others)],
            by_store=[shown_store_sums(one.store, one.figures) for one in by_store],
        )
        return answer(shown)


def _levels(request: Request[Any, Any, Any]) -> tuple[Visibility, ...]:
    """A role that may not read notes sees none of them in a history."""
    return visible_to(request.auth.role) if request.auth.may("notes:read") else ()


def _place(entry: TimelineEntry) -> list[str]:
    return [entry.occurred_at.isoformat(), str(entry.id)]
