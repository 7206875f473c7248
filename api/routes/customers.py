"""Customers: created, found, changed, put away."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.batch import read_items
from api.body import read_body, read_query, require_no_body
from api.command import Command, Query
from api.context import RequestContext, context_of
from api.etag import require_match
from api.operation import operation
from api.paging import decode_cursor, encode_cursor, page
from api.problems import document
from api.schemas import customers as schemas
from api.schemas.problem import Problem
from api.schemas.receipt_answers import RejectedItem
from api.sent import changes_of, draft_of, filters_of_query, filters_of_search
from api.showing import customer_fields, shown_customer
from domain.customers.customer import Customer
from domain.customers.errors import CustomerNotFound
from domain.customers.use_cases.creating import Outcome, create_customer, create_customers
from domain.customers.use_cases.editing import archive_customer, change_customer, restore_customer
from domain.kernel.errors import DomainError

TAGS = ["Customers"]
NOT_FOUND = "customer-not-found"
RULES = ["invalid-value", "unknown-reference", "empty-customer"]
EXAMPLE = {
    "given_name": "Анна",
    "middle_name": "Сергеевна",
    "birthday": "--05-17",
    "identifiers": [{"type": "phone", "value": "8 (935) 000-45-67"}],
    "acquisition": {"channel": "till", "medium": "receipt", "store": "main", "employee": "e-5"},
    "tags": ["coffee"],
}


def matching(request: Request[Any, Any, Any]) -> Callable[[Customer], None]:
    """Return the check of If-Match for a customer."""

    def check(customer: Customer) -> None:
        require_match(request, shown_customer(customer).etag())

    return check


class CustomerController(Controller):
    """One card per person."""

    path = "/v1/customers"
    tags = TAGS

    @post(
        operation_id="createCustomer",
        summary="Create a customer (register a client, add a contact)",
        opt=operation(
            "customers:write",
            body=schemas.CustomerCreate,
            answers={201: schemas.Customer},
            problems=["identifier-taken", *RULES],
            example=EXAMPLE,
        ),
    )
    async def create(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """An identifier that somebody has answers 409 with who it is."""
        body = await read_body(request, schemas.CustomerCreate)

        async def work(unit: Any) -> schemas.Customer:
            return shown_customer(await create_customer(draft_of(body), unit=unit))

        return await command.run(work, status=201)

    @post(
        "/batch",
        operation_id="createCustomers",
        summary="Create up to 500 customers, one after another (import, upload, synchronise)",
        status_code=200,
        opt=operation(
            "customers:write",
            body=schemas.CustomerBatch,
            answers={200: schemas.CustomerBatchAnswer},
            example={"items": [EXAMPLE]},
            dry_run=True,
        ),
    )
    async def create_batch(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """One bad item never fails its neighbours; somebody who is there already is `existing`."""
        sent = await read_items(request, schemas.CustomerBatch, schemas.CustomerCreate)
        drafts = [item if isinstance(item, DomainError) else draft_of(item) for item in sent]
        context = context_of(request.scope)

        async def work(unit: Any) -> schemas.CustomerBatchAnswer:
            outcomes = await create_customers(drafts, unit=unit)
            return schemas.CustomerBatchAnswer(items=[_item(outcome, context) for outcome in outcomes])

        return await command.run(work)

    @get(
        operation_id="listCustomers",
        summary="List customers, newest first",
        opt=operation(
            "customers:read",
            query=schemas.CustomerQuery,
            answers={200: schemas.CustomerPage},
        ),
    )
    async def list_customers(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Filter by tag, stage of life, store of the first visit, owner and time of creation."""
        wanted = read_query(request, schemas.CustomerQuery)
        after = decode_cursor(wanted.cursor, datetime.fromisoformat, UUID) if wanted.cursor else None
        async with reading() as unit:
            rows = await unit.customer_search.page(filters_of_query(wanted), after=after, limit=wanted.limit + 1)
        kept, cursor = page(rows, wanted.limit, _place)
        items = [shown_customer(one) for one in kept]
        return answer(schemas.CustomerPage(items=items, next_cursor=cursor))

    @post(
        "/search",
        operation_id="searchCustomers",
        summary="Find customers by name, end of a phone, tags, stage or own fields (look up, filter)",
        status_code=200,
        opt=operation(
            "customers:search",
            body=schemas.CustomerSearch,
            answers={200: schemas.CustomerPage},
            problems=["search-index-off", "invalid-value"],
            example={"name": "Анна Петр"},
            stores=False,
        ),
    )
    async def search(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Best matches first, then by the alphabet; without a name and an ending the newest first."""
        body = await read_body(request, schemas.CustomerSearch)
        filters = filters_of_search(body)
        if body.name is None and body.phone_ending is None:
            after = decode_cursor(body.cursor, datetime.fromisoformat, UUID) if body.cursor else None
            async with reading() as unit:
                rows = await unit.customer_search.page(filters, after=after, limit=body.limit + 1)
            found, cursor = page(rows, body.limit, _place)
        else:
            place = decode_cursor(body.cursor, _offset, UUID) if body.cursor else None
            async with reading() as unit:
                found, following = await unit.customer_search.search(
                    filters, name=body.name, phone_ending=body.phone_ending, after=place, limit=body.limit
                )
            cursor = None if following is None else encode_cursor([following[0], str(following[1])])
        return answer(schemas.CustomerPage(items=[shown_customer(one) for one in found], next_cursor=cursor))

    @get(
        "/{customer_id:uuid}",
        operation_id="getCustomer",
        summary="Show a customer",
        opt=operation("customers:read", answers={200: schemas.Customer}, problems=[NOT_FOUND]),
    )
    async def show(self, customer_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """The id of a merged customer answers with the survivor."""
        async with reading() as unit:
            return answer(shown_customer(await unit.customers.get(customer_id)))

    @patch(
        "/{customer_id:uuid}",
        operation_id="updateCustomer",
        summary="Change a customer",
        opt=operation(
            "customers:write",
            body=schemas.CustomerPatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Customer},
            problems=[NOT_FOUND, *RULES],
            example={"family_name": "Петрова", "birthday": None},
        ),
    )
    async def update(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Lay the given fields over those there are; null clears."""
        body = await read_body(request, schemas.CustomerPatch)

        async def work(unit: Any) -> schemas.Customer:
            changed = await change_customer(customer_id, changes_of(body), unit=unit, check=matching(request))
            return shown_customer(changed)

        return await command.run(work)

    @post(
        "/{customer_id:uuid}/archive",
        operation_id="archiveCustomer",
        summary="Put a customer away (deactivate, block, hide)",
        status_code=200,
        opt=operation("customers:write", answers={200: schemas.Customer}, problems=[NOT_FOUND, "customer-not-active"]),
    )
    async def archive(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Nothing is lost; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Customer:
            return shown_customer(await archive_customer(customer_id, unit=unit))

        return await command.run(work)

    @post(
        "/{customer_id:uuid}/restore",
        operation_id="restoreCustomer",
        summary="Take a customer out of the archive",
        status_code=200,
        opt=operation("customers:write", answers={200: schemas.Customer}, problems=[NOT_FOUND, "customer-not-active"]),
    )
    async def restore(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Customer:
            return shown_customer(await restore_customer(customer_id, unit=unit))

        return await command.run(work)


def _item(
    outcome: Outcome, context: RequestContext
) -> schemas.CreatedCustomer | schemas.ExistingCustomer | RejectedItem:
    if outcome.created is not None:
        return schemas.CreatedCustomer.model_validate(customer_fields(outcome.created))
    if outcome.existing is not None:
        return schemas.ExistingCustomer(customer_id=outcome.existing)
    refused = outcome.refused or CustomerNotFound()
    return RejectedItem(status="rejected", problem=Problem.model_validate(document(refused, context)))


def _place(customer: Customer) -> list[str]:
    return [customer.card.created_at.isoformat(), str(customer.id)]


def _offset(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError
    return value
