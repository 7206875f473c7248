"""Who am I?"""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from api.answer import answer
from api.command import Query
from api.operation import operation
from api.schemas.access import Me, MeTenant


class MeController(Controller):
    """The credential itself."""

    path = "/v1/me"
    tags = ["Access"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="getMe",
        summary="Tell which tenant, role and permissions this credential has (whoami, token info)",
        opt=operation("me:read", answers={200: Me}),
    )
    async def me(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Answer from the credential and the shop's settings."""
        principal = request.auth
        tenant = None
        if principal.tenant_id is not None:
            async with reading() as unit:
                tenant = unit.settings
        return answer(
            Me(
                kind=principal.kind,
                tenant_id=principal.tenant_id,
                tenant=None
                if tenant is None
                else MeTenant(
                    id=tenant.tenant_id,
                    name=tenant.name,
                    status=tenant.status,
                    country=tenant.country,
                    currency=tenant.currency,
                    time_zone=tenant.time_zone,
                    locale=tenant.locale,
                    jurisdiction=tenant.jurisdiction,
                ),
                key_id=principal.key_id,
                role=principal.role,
                mode=principal.mode,
                permissions=sorted(principal.permissions),
            )
        )
