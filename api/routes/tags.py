"""Tags: the shop's words, and whom they are on."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, read_query, require_no_body
from api.command import Command, Query
from api.etag import require_match
from api.merge_patch import given
from api.operation import operation
from api.paging import decode_cursor, page
from api.routes.customers import NOT_FOUND
from api.schemas import tags as schemas
from api.showing import shown_link
from domain.tags import use_cases
from domain.tags.tag import Tag

NO_TAG = "tag-not-found"
TAGS = ["Tags"]


class TagController(Controller):
    """Words with a colour, and a namespace before the colon."""

    path = "/v1/tags"
    tags = TAGS

    @get(
        operation_id="listTags",
        summary="List the shop's tags by name",
        opt=operation("tags:read", query=schemas.TagQuery, answers={200: schemas.TagPage}),
    )
    async def list_tags(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Filter by namespace."""
        wanted = read_query(request, schemas.TagQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
        async with reading() as unit:
            rows = await unit.tags.page(
                after=after, limit=wanted.limit + 1, namespace=wanted.namespace, archived=wanted.archived
            )
        kept, cursor = page(rows, wanted.limit, lambda tag: [str(tag.id)])
        return answer(schemas.TagPage(items=[schemas.Tag.model_validate(tag) for tag in kept], next_cursor=cursor))

    @post(
        operation_id="createTag",
        summary="Define a tag (label, mark)",
        opt=operation(
            "tags:manage",
            body=schemas.TagCreate,
            answers={201: schemas.Tag},
            problems=["tag-exists", "invalid-value"],
            example={"name": "taste:sweet", "color": "#c08040"},
        ),
    )
    async def create(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """A tag that is put on a customer is made by itself; here it gets colour and description."""
        body = await read_body(request, schemas.TagCreate)

        async def work(unit: Any) -> schemas.Tag:
            tag = await use_cases.define_tag(name=body.name, color=body.color, description=body.description, unit=unit)
            return schemas.Tag.model_validate(tag)

        return await command.run(work, status=201)

    @post(
        "/apply",
        operation_id="applyTags",
        summary="Put tags on many customers, and take others away",
        status_code=200,
        opt=operation(
            "tags:write",
            body=schemas.TagsApply,
            answers={200: schemas.TagsApplied},
            problems=["unknown-reference"],
            example={
                "add": ["coffee"],
                "remove": ["tea"],
                "customer_ids": ["01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d"],
            },
            dry_run=True,
        ),
    )
    async def apply(self, request: Request[Any, Any, Any], command: NamedDependency[Command]) -> Response[Any]:
        """What is so already stays so."""
        body = await read_body(request, schemas.TagsApply)

        async def work(unit: Any) -> schemas.TagsApplied:
            applied = await use_cases.apply_tags(body.add, body.remove, body.customer_ids, unit=unit)
            return schemas.TagsApplied.model_validate(applied)

        return await command.run(work)

    @get(
        "/{tag_id:uuid}",
        operation_id="getTag",
        summary="Show a tag",
        opt=operation("tags:read", answers={200: schemas.Tag}, problems=[NO_TAG]),
    )
    async def show(self, tag_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """One tag."""
        async with reading() as unit:
            return answer(schemas.Tag.model_validate(await unit.tags.get(tag_id)))

    @patch(
        "/{tag_id:uuid}",
        operation_id="updateTag",
        summary="Rename a tag, or change its colour",
        opt=operation(
            "tags:manage",
            body=schemas.TagPatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Tag},
            problems=[NO_TAG, "tag-exists", "invalid-value"],
            example={"color": "#c08040"},
        ),
    )
    async def update(
        self, request: Request[Any, Any, Any], tag_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """A new name shows on every customer that has it."""
        body = await read_body(request, schemas.TagPatch)

        async def work(unit: Any) -> schemas.Tag:
            changed = await use_cases.change_tag(tag_id, given(body), unit=unit, check=_matching(request))
            return schemas.Tag.model_validate(changed)

        return await command.run(work)

    @post(
        "/{tag_id:uuid}/archive",
        operation_id="archiveTag",
        summary="Take a tag out of the lists; customers keep it",
        status_code=200,
        opt=operation("tags:manage", answers={200: schemas.Tag}, problems=[NO_TAG]),
    )
    async def archive(
        self, request: Request[Any, Any, Any], tag_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Using it again brings it back; doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Tag:
            return schemas.Tag.model_validate(await use_cases.archive_tag(tag_id, unit=unit))

        return await command.run(work)

    @post(
        "/{tag_id:uuid}/restore",
        operation_id="restoreTag",
        summary="Bring an archived tag back into the lists",
        status_code=200,
        opt=operation("tags:manage", answers={200: schemas.Tag}, problems=[NO_TAG]),
    )
    async def restore(
        self, request: Request[Any, Any, Any], tag_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Doing so again changes nothing."""
        await require_no_body(request)

        async def work(unit: Any) -> schemas.Tag:
            return schemas.Tag.model_validate(await use_cases.restore_tag(tag_id, unit=unit))

        return await command.run(work)


class CustomerTagController(Controller):
    """Tags of one customer."""

    path = "/v1/customers/{customer_id:uuid}/tags"
    tags = TAGS

    @get(
        operation_id="listCustomerTags",
        summary="List a customer's tags, with source and date",
        opt=operation("tags:read", answers={200: schemas.TagLinks}, problems=[NOT_FOUND]),
    )
    async def list_links(self, customer_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """By name."""
        async with reading() as unit:
            card = await unit.customers.card(customer_id)
            return answer(await _links(card.id, unit))

    @post(
        operation_id="tagCustomer",
        summary="Put tags on a customer",
        status_code=200,
        opt=operation(
            "tags:write",
            body=schemas.TagsPut,
            answers={200: schemas.TagLinks},
            problems=[NOT_FOUND],
            example={"names": ["coffee"]},
        ),
    )
    async def put_tags(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Names that the shop does not know yet are made."""
        body = await read_body(request, schemas.TagsPut)

        async def work(unit: Any) -> schemas.TagLinks:
            card = await unit.customers.card(customer_id)
            await use_cases.apply_tags(body.names, (), [card.id], unit=unit)
            return await _links(card.id, unit)

        return await command.run(work)

    @delete(
        "/{tag_id:uuid}",
        operation_id="untagCustomer",
        summary="Take a tag from a customer",
        status_code=204,
        opt=operation("tags:write", answers={204: None}, problems=[NOT_FOUND, NO_TAG]),
    )
    async def untag(
        self, customer_id: FromPath[UUID], tag_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[None]:
        """One that is not there is no error."""

        async def work(unit: Any) -> None:
            card = await unit.customers.card(customer_id)
            await use_cases.untag(card.id, tag_id, unit=unit)

        return await command.run(work, status=204)


async def _links(customer_id: UUID, unit: Any) -> schemas.TagLinks:
    return schemas.TagLinks(items=[shown_link(link) for link in await unit.tags.links(customer_id)])


def _matching(request: Request[Any, Any, Any]) -> Callable[[Tag], None]:
    return lambda tag: require_match(request, schemas.Tag.model_validate(tag).etag())
