"""What a customer is found by."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, require_no_body
from api.command import Command, Query
from api.operation import operation
from api.routes.customers import NOT_FOUND, TAGS
from api.schemas import customers as schemas
from api.schemas import identifier_calls as calls
from api.sent import identifier_draft
from domain.customers.identifiers import Identifier
from domain.customers.use_cases import identifiers as use_cases
from domain.kernel.errors import UnknownReference

NO_IDENTIFIER = "identifier-not-found"


class IdentifierController(Controller):
    """Phones, e-mails, cards and ids elsewhere."""

    path = "/v1/customers/{customer_id:uuid}/identifiers"
    tags = TAGS

    @get(
        operation_id="listIdentifiers",
        summary="List what a customer is found by, retired ones too",
        opt=operation("identifiers:read", answers={200: calls.IdentifierList}, problems=[NOT_FOUND]),
    )
    async def list_identifiers(self, customer_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Oldest first."""
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            items = [_shown(one) for one in await unit.identifiers.of(card.id)]
        return answer(calls.IdentifierList(items=items))

    @post(
        operation_id="addIdentifier",
        summary="Give a customer one more identifier (add phone, bind card, link messenger)",
        opt=operation(
            "identifiers:write",
            body=calls.IdentifierAdd,
            answers={201: schemas.Identifier},
            problems=[NOT_FOUND, "identifier-taken", "invalid-value"],
            example={"type": "card", "value": "2900 0012 34"},
        ),
    )
    async def add(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """What the customer has already is answered as it is; `shared` lets several have it."""
        body = await read_body(request, calls.IdentifierAdd)

        async def work(unit: Any) -> schemas.Identifier:
            added = await use_cases.add_identifier(customer_id, identifier_draft(body), shared=body.shared, unit=unit)
            return _shown(added)

        return await command.run(work, status=201)

    @post(
        "/{identifier_id:uuid}/verify",
        operation_id="verifyIdentifier",
        summary="Mark an identifier as proven by the person",
        status_code=200,
        opt=operation(
            "identifiers:write",
            answers={200: schemas.Identifier},
            problems=[NOT_FOUND, NO_IDENTIFIER, "identifier-not-active"],
        ),
    )
    async def verify(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        identifier_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """Again renews the moment."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Identifier:
            return _shown(await use_cases.verify_identifier(customer_id, identifier_id, unit=unit))

        return await command.run(work)

    @post(
        "/{identifier_id:uuid}/make-primary",
        operation_id="makeIdentifierPrimary",
        summary="Prefer an identifier to the customer's others of its type",
        status_code=200,
        opt=operation(
            "identifiers:write",
            answers={200: schemas.Identifier},
            problems=[NOT_FOUND, NO_IDENTIFIER, "identifier-not-active"],
        ),
    )
    async def make_primary(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        identifier_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """The others of the type are no longer primary."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Identifier:
            return _shown(await use_cases.make_primary(customer_id, identifier_id, unit=unit))

        return await command.run(work)

    @post(
        "/{identifier_id:uuid}/retire",
        operation_id="retireIdentifier",
        summary="Put an identifier away: it finds nobody, and somebody else may have it (delete phone, unbind card)",
        status_code=200,
        opt=operation("identifiers:write", answers={200: schemas.Identifier}, problems=[NOT_FOUND, NO_IDENTIFIER]),
    )
    async def retire(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        identifier_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """It stays on the card as retired; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Identifier:
            return _shown(await use_cases.retire_identifier(customer_id, identifier_id, unit=unit))

        return await command.run(work)

    @post(
        "/{identifier_id:uuid}/reassign",
        operation_id="reassignIdentifier",
        summary="Hand an identifier on: the number has a new owner",
        status_code=200,
        opt=operation(
            "identifiers:reassign",
            body=calls.IdentifierReassign,
            answers={200: calls.ReassignedIdentifier},
            problems=[
                NOT_FOUND,
                NO_IDENTIFIER,
                "identifier-not-active",
                "customer-not-active",
                "unknown-reference",
                "verification-required",
            ],
            example={"employee": "e-5", "reason": "The number was bought last month, seen on the contract"},
        ),
    )
    async def reassign(
        self,
        request: Request[Any, Any, Any],
        customer_id: FromPath[UUID],
        identifier_id: FromPath[UUID],
        command: NamedDependency[Command],
    ) -> Response[Any]:
        """The old owner's is marked `reassigned`; nobody spends by it. Asks for a code, or employee and reason."""
        body = await read_body(request, calls.IdentifierReassign)
        if body.verification_id is not None:  # no code has been sent to anybody yet, so every id is unknown
            raise UnknownReference.at("/verification_id")
        how = use_cases.Reassignment(body.new_customer_id, body.employee, body.reason)

        async def work(unit: Any) -> calls.ReassignedIdentifier:
            former, owner = await use_cases.reassign_identifier(customer_id, identifier_id, how, unit=unit)
            return calls.ReassignedIdentifier.model_validate(asdict(former) | {"new_customer_id": owner})

        return await command.run(work)


def _shown(identifier: Identifier) -> schemas.Identifier:
    return schemas.Identifier.model_validate(identifier)
