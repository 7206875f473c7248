"""What tagging needs from storage."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.kernel.transaction import UnitOfWork
from domain.tags.tag import Tag, TagLink


class TagBook(Protocol):
    """The shop's tags."""

    async def get(self, tag_id: UUID, *, lock: bool = False) -> Tag:
        """Return the tag, held until the transaction ends if `lock`.

        Raises:
            TagNotFound: there is none.
        """

    async def page(self, *, after: UUID | None, limit: int, namespace: str | None, archived: bool) -> Sequence[Tag]:
        """Return at most `limit` tags by name, those behind the tag `after` only."""

    async def add(self, tag: Tag) -> None:
        """Store a new tag.

        Raises:
            TagExists: its name is taken.
        """

    async def save(self, tag: Tag) -> Tag:
        """Store a changed tag and return it with its new version.

        Raises:
            TagExists: its new name is taken.
        """

    async def links(self, customer_id: UUID) -> Sequence[TagLink]:
        """Return a customer's tags by name."""


class TagLinks(Protocol):
    """Tags of customers, by name."""

    async def link(
        self, names: Mapping[UUID, Sequence[str]], *, source: str, newborn: bool = False
    ) -> Mapping[UUID, Sequence[str]]:
        """Give customers tags, made where the shop has none of that name; return what was new to each.

        It is an edit of their cards, unless they are `newborn`.
        """

    async def unlink(self, names: Mapping[UUID, Sequence[str]]) -> Mapping[UUID, Sequence[str]]:
        """Take tags from customers; return what each had."""


class People(Protocol):
    """Who can be tagged."""

    async def canonical(self, customer_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return, for each id that names somebody, the customer who answers for it."""


class TagUnit(UnitOfWork, Protocol):
    """The transaction of a use case on tags."""

    @property
    def tags(self) -> TagBook:
        """Return the shop's tags."""

    @property
    def tag_links(self) -> TagLinks:
        """Return the customers' tags."""

    @property
    def customers(self) -> People:
        """Return the customers."""
