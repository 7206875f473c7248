"""The shop's goods."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body, read_query
from api.command import Command, Query
from api.etag import require_match
from api.merge_patch import given
from api.operation import operation
from api.paging import decode_cursor, page
from api.schemas import products as schemas
from domain.history.products import ProductUnit, change_product

NOT_FOUND = "product-not-found"


class ProductController(Controller):
    """Known from the lines that sold them, put right by people."""

    path = "/v1/products"
    tags = ["Products"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listProducts",
        summary="List products, oldest first (goods, assortment, catalogue)",
        opt=operation("products:read", query=schemas.ProductQuery, answers={200: schemas.ProductPage}),
    )
    async def list_products(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Filter by sku, gtin, category, brand, and whether somebody has confirmed them."""
        wanted = read_query(request, schemas.ProductQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
        filters = {name: getattr(wanted, name) for name in ("sku", "gtin", "category", "brand", "confirmed")}
        async with reading() as unit:
            rows = await unit.products.page(after=after, limit=wanted.limit + 1, filters=filters)
        kept, cursor = page(rows, wanted.limit, lambda one: [str(one.id)])
        items = [schemas.Product.model_validate(one) for one in kept]
        return answer(schemas.ProductPage(items=items, next_cursor=cursor))

    @get(
        "/{product_id:uuid}",
        operation_id="getProduct",
        summary="Show a product",
        opt=operation("products:read", answers={200: schemas.Product}, problems=[NOT_FOUND]),
    )
    async def get_product(self, product_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Show one product."""
        async with reading() as unit:
            return answer(schemas.Product.model_validate(await unit.products.get(product_id)))

    @patch(
        "/{product_id:uuid}",
        operation_id="updateProduct",
        summary="Change a product; what a person has edited is no longer described by receipts",
        opt=operation(
            "products:write",
            body=schemas.ProductPatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Product},
            problems=[NOT_FOUND],
            example={"name": "Кофе в зёрнах, 1 кг", "category": "coffee"},
        ),
    )
    async def update_product(
        self, product_id: FromPath[UUID], request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Lay the given fields over those there are."""
        body = await read_body(request, schemas.ProductPatch)

        async def work(unit: ProductUnit) -> schemas.Product:
            current = await unit.products.get(product_id, lock=True)
            require_match(request, schemas.Product.model_validate(current).etag())
            changed = await change_product(current, given(body), unit=unit)
            return schemas.Product.model_validate(changed)

        return await command.run(work)
