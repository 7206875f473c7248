"""How a customer likes to be reached, and when (A7)."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.answer import answer
from api.body import read_body
from api.command import Command, Query
from api.operation import operation
from api.routes.customers import NOT_FOUND, TAGS
from api.schemas import preferences as schemas
from domain.customers.contact import ContactPreferences, ContactWindow, checked_preferences
from domain.customers.customer import Card
from domain.customers.use_cases.editing import prefer_contact


class PreferenceController(Controller):
    """Channels in the order of liking, and the hours that suit."""

    path = "/v1/customers/{customer_id:uuid}/preferences"
    tags = TAGS

    @get(
        operation_id="getPreferences",
        summary="Show how and when a customer likes to be reached",
        opt=operation("customers:read", answers={200: schemas.Preferences}, problems=[NOT_FOUND]),
    )
    async def get_preferences(self, customer_id: FromPath[UUID], reading: NamedDependency[Query]) -> Response[Any]:
        """Empty lists when nobody asked yet: any channel, any hour."""
        async with reading() as unit:
            return answer(_shown(await unit.customers.card(customer_id), unit.settings.time_zone))

    @put(
        operation_id="setPreferences",
        summary="Note how and when a customer likes to be reached",
        opt=operation(
            "customers:write",
            body=schemas.PreferencesIn,
            answers={200: schemas.Preferences},
            problems=[NOT_FOUND, "invalid-value"],
            example={"channels": ["messenger", "call"], "windows": [{"weekday": 1, "from": "10:00", "to": "19:00"}]},
        ),
    )
    async def set_preferences(
        self, request: Request[Any, Any, Any], customer_id: FromPath[UUID], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Replace both lists; empty ones clear them."""
        body = await read_body(request, schemas.PreferencesIn)
        windows = [ContactWindow(one.weekday, one.from_, one.to) for one in body.windows]
        wanted = checked_preferences(body.channels, windows)

        async def work(unit: Any) -> schemas.Preferences:
            return _shown(await prefer_contact(customer_id, wanted, unit=unit), unit.settings.time_zone)

        return await command.run(work, status=200)


def _shown(card: Card, shop_zone: str) -> schemas.Preferences:
    contact = card.profile.contact or ContactPreferences()
    return schemas.Preferences.model_validate(
        {
            "channels": list(contact.channels),
            "windows": [{"weekday": one.weekday, "from_": one.start, "to": one.end} for one in contact.windows],
            "time_zone": card.time_zone or shop_zone,
        }
    )
