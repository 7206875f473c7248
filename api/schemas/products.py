"""The shop's goods."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.etag import strong_etag
from api.schemas.base import AnswerModel, Moment, OptionalLine200, RequestModel, Text32, Text64, Text200, not_given
from api.schemas.page import PageQuery
from api.schemas.receipts import Restriction


class ProductQuery(PageQuery):
    """Which products to list."""

    sku: Annotated[Text64 | None, Field(description="The product with this sku only.")] = None
    gtin: Text32 | None = None
    category: Text200 | None = None
    brand: Text200 | None = None
    confirmed: Annotated[bool | None, Field(description="Confirmed ones only, or unconfirmed ones only.")] = None


class ProductPatch(RequestModel):
    """What to change of a product (JSON Merge Patch); from then on it counts as confirmed."""

    gtin: Text32 | None = None
    name: OptionalLine200 = None
    category: Text200 | None = None
    brand: Text200 | None = None
    unit: Text32 | None = None
    attributes: Annotated[dict[Text64, Text200], Field(max_length=20)] = not_given()
    restrictions: Annotated[tuple[Restriction, ...], Field(max_length=8)] = not_given()
    confirmed: bool = not_given()


class Product(AnswerModel):
    """Goods of one sku, as receipt lines and people describe them."""

    id: UUID
    sku: str = Field(examples=["4600000000017"])
    gtin: str | None
    name: str | None = Field(examples=["Кофе в зёрнах"])
    category: str | None = Field(examples=["coffee"])
    brand: str | None = Field(examples=["Лавка"])
    unit: str | None
    attributes: dict[str, str]
    restrictions: list[str]
    last_unit_price: int | None = Field(description="Minor units of `currency`, before discounts.", examples=[65000])
    currency: str | None = Field(examples=["RUB"])
    confirmed: bool = Field(description="False while only tills have described it.", examples=[False])
    first_sold_at: Moment | None
    last_sold_at: Moment | None
    version: int = Field(ge=1, examples=[1])
    created_at: Moment
    updated_at: Moment

    def etag(self) -> str:
        """Return the entity tag of this version."""
        return strong_etag(self.id, self.version)


class ProductPage(AnswerModel):
    """A page of products, oldest first."""

    items: list[Product]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]
