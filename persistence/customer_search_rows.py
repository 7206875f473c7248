"""What searches look at beside the cards: values of custom fields, and the opt-in index of names."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert

from domain.customers.customer import Card, Profile
from domain.kernel.text import words
from persistence.custom_fields import PgCustomFields
from persistence.customer_rows import custom_value_rows
from persistence.session import Session
from persistence.tables.people import custom_value, name_token
from tenancy.vault import TenantVault

NAME_INDEX = "name_index"
ENDING_INDEX = "phone_ending_index"
SHORTEST_PREFIX = 3
TOKEN_BYTES = 8


def name_tokens(names: Sequence[str], vault: TenantVault) -> set[bytes]:
    """Return the tokens a name is found by: each beginning, of three letters or more, of each folded word."""
    tokens = set()
    for word in {word for name in names for word in words(name)}:
        for length in range(min(SHORTEST_PREFIX, len(word)), len(word) + 1):
            tokens.add(name_token_of(word[:length], vault))
    return tokens


def name_token_of(prefix: str, vault: TenantVault) -> bytes:
    """Return the token of one folded beginning."""
    return vault.blind("name-prefix", prefix)[:TOKEN_BYTES]


class SearchRows:
    """Keeps the rows of searches in step with the cards."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def endings(self) -> bool:
        """Tell whether the shop has switched on the index of phone endings."""
        return self._session.tenant.settings.get(ENDING_INDEX) is True

    @property
    def names(self) -> bool:
        """Tell whether the shop has switched on the index of names."""
        return self._session.tenant.settings.get(NAME_INDEX) is True

    async def add(self, cards: Sequence[Card]) -> None:
        """Make the rows of new cards."""
        await self._add_custom({card.id: card.profile.custom for card in cards if card.profile.custom})
        if self.names:
            await self.add_names({card.id: card.profile for card in cards})

    async def change(self, former: Card, card: Card) -> None:
        """Make the rows of a card that was changed anew where something in it differs."""
        if former.profile.custom != card.profile.custom:
            await self._drop(custom_value, card.id)
            await self._add_custom({card.id: card.profile.custom})
        if self.names and former.profile.names != card.profile.names:
            await self._drop(name_token, card.id)
            await self.add_names({card.id: card.profile})

    async def add_names(self, profiles: Mapping[UUID, Profile]) -> None:
        """Store the name tokens of customers who have none yet."""
        session = self._session
        rows = [
            {"tenant_id": session.tenant_id, "token": token, "customer_id": customer_id}
            for customer_id, profile in profiles.items()
            for token in sorted(name_tokens(profile.names, session.vault))
        ]
        if rows:
            await session.run(insert(name_token), rows)

    async def _add_custom(self, customs: Mapping[UUID, Mapping[str, Any]]) -> None:
        if not any(customs.values()):
            return
        fields = await PgCustomFields(self._session).all()
        rows = [
            row
            for customer_id, custom in customs.items()
            for row in custom_value_rows(custom, customer_id, fields, self._session.vault)
        ]
        if rows:
            await self._session.run(insert(custom_value), rows)

    async def _drop(self, table: Any, customer_id: UUID) -> None:
        session = self._session
        await session.run(
            delete(table).where(table.c.tenant_id == session.tenant_id, table.c.customer_id == customer_id)
        )
