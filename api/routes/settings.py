"""The shop's own settings."""

from typing import Any

from litestar import Controller, Request, Response, get, patch
from litestar.di import NamedDependency

from api.answer import answer
from api.body import read_body
from api.command import Command, Query
from api.etag import require_match
from api.operation import operation
from api.schemas import settings as schemas
from domain.checkout.till_view import STALE_DAYS
from domain.customers.lifecycle import Thresholds
from tenancy import use_cases
from tenancy.ports import ShopUnit
from tenancy.tenant import Tenant


class SettingsController(Controller):
    """Thresholds and presets that an owner sets; country, currency and law are the operator's."""

    path = "/v1/settings"
    tags = ["Administration"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="getSettings",
        summary="Show the shop's settings, presets filled in",
        opt=operation("settings:read", answers={200: schemas.Settings}),
    )
    async def get_settings(self, reading: NamedDependency[Query]) -> Response[Any]:
        """Show everything set for this shop."""
        async with reading() as unit:
            return answer(shown(unit.settings))

    @patch(
        operation_id="updateSettings",
        summary="Change the shop's settings; null puts one back to its preset",
        opt=operation(
            "settings:write",
            body=schemas.SettingsPatch,
            merge_patch=True,
            if_match=True,
            answers={200: schemas.Settings},
            problems=["unknown-setting", "contradictory-settings"],
            example={"lifecycle": {"at_risk_days": 60}},
        ),
    )
    async def update_settings(
        self, request: Request[Any, Any, Any], command: NamedDependency[Command]
    ) -> Response[Any]:
        """Lay the given settings over those there are."""
        body = await read_body(request, schemas.SettingsPatch)

        async def work(unit: ShopUnit) -> schemas.Settings:
            current = await unit.tenants.get(unit.tenant_id, lock=True)
            require_match(request, shown(current).etag())
            return shown(await use_cases.change_settings(body.model_dump(exclude_unset=True), unit=unit))

        return await command.run(work)


def shown(tenant: Tenant) -> schemas.Settings:
    """Return the shop's settings as the contract shows them."""
    free = tenant.settings
    return schemas.Settings(
        name=tenant.name,
        country=tenant.country,
        currency=tenant.currency,
        time_zone=tenant.time_zone,
        locale=tenant.locale,
        jurisdiction=tenant.jurisdiction,
        lifecycle=schemas.Lifecycle.model_validate(Thresholds.of(free)),
        leap_birthday=free.get("leap_birthday") or "feb_28",
        name_index=free.get("name_index") is True,
        phone_ending_index=free.get("phone_ending_index") is True,
        phone_stale_days=free.get("phone_stale_days", STALE_DAYS),
    )
