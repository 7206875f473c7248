"""Addresses of a customer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body
from api.command import Command, Query
from api.etag import require_match
from api.merge_patch import given
from api.operation import operation
from api.routes.customers import NOT_FOUND, TAGS
from api.schemas import addresses as schemas
from api.sent import address_draft
from api.showing import shown_address
from domain.customers.addresses import Address
from domain.customers.use_cases.belongings import add_address, change_address, remove_address

NO_ADDRESS = "address-not-found"


class AddressController(Controller):
    """Where a customer lives, works, wants things delivered."""

    path = "/v1/customers/{customer_id:uuid}/addresses"
    tags = TAGS

    @get(
        operation_id="listAddresses",
        summary="List a customer's addresses",
        opt=operation("customers:read", answers={200: schemas.AddressList}, problems=[NOT_FOUND]),
    )
    async def list_addresses(self, customer_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Oldest first."""
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            items = [shown_address(one) for one in await unit.addresses.of(card.id)]
        return answer(schemas.AddressList(items=items))

    @post(
        operation_id="addAddress",
        summary="Give a customer an address",
        opt=operation(
            "customers:write",
            body=schemas.AddressCreate,
            answers={201: schemas.Address},
            problems=[NOT_FOUND, "invalid-value"],
            example={"kind": "home", "city": "Казань", "street": "Баумана", "building": "7"},
        ),
    )
    async def add(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """The first one is the default."""
        body = await read_body(request, schemas.AddressCreate)

        async def work(unit: Any) -> schemas.Address:
            return shown_address(await add_address(customer_id, address_draft(body), unit=unit))

        return await command.run(work, status=201)

    @patch(
        "/{address_id:uuid}",
        operation_id="updateAddress",
        summary="Change an address",
        opt=operation(
            "customers:write",
            body=schemas.AddressPatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Address},
            problems=[NOT_FOUND, NO_ADDRESS, "invalid-value"],
            example={"flat": "12", "default": True},
        ),
    )
    async def update(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        address_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """Making it the default takes that from the others."""
        body = await read_body(request, schemas.AddressPatch)

        async def work(unit: Any) -> schemas.Address:
            changed = await change_address(customer_id, address_id, given(body), unit=unit, check=_matching(request))
            return shown_address(changed)

        return await command.run(work)

    @delete(
        "/{address_id:uuid}",
        operation_id="removeAddress",
        summary="Remove an address",
        status_code=204,
        opt=operation("customers:write", answers={204: None}, problems=[NOT_FOUND, NO_ADDRESS], if_match=True),
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        address_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[None]:
        """It is deleted."""

        async def work(unit: Any) -> None:
            await remove_address(customer_id, address_id, unit=unit, check=_matching(request))

        return await command.run(work, status=204)


def _matching(request: Request[Any, Any, Any]) -> Callable[[Address], None]:
    return lambda address: require_match(request, shown_address(address).etag())
