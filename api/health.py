"""Is the process alive, is it ready for traffic; asked by machines, without a credential."""

from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from api.answer import answer
from api.operation import operation
from api.schemas.health import Live, Ready, ReadyCheck
from api.services import Services
from compliance.access.permissions import PUBLIC
from domain.kernel.errors import Unavailable


class HealthController(Controller):
    """Two questions of a supervisor or load balancer."""

    path = "/health"
    tags = ["Health"]  # noqa: RUF012 - the framework's own attribute

    @get(
        "/live",
        operation_id="checkLive",
        summary="Tell whether the process answers",
        opt=operation(PUBLIC, answers={200: Live}),
    )
    async def live(self) -> Response[Any]:
        """Answer without asking anybody."""
        return answer(Live())

    @get(
        "/ready",
        operation_id="checkReady",
        summary="Tell whether the service can take traffic",
        opt=operation(PUBLIC, answers={200: Ready}),
    )
    async def ready(self, services: NamedDependency[Services]) -> Response[Any]:
        """Answer 503 with what is missing as long as the database is away or not migrated."""
        checks = await services.readiness()
        wrong = [check for check in checks if not check.ok]
        if wrong:
            raise Unavailable("; ".join(f"{check.name}: {check.detail}" for check in wrong))
        return answer(Ready(checks=[ReadyCheck.model_validate(check) for check in checks]))


def metrics_handlers(services: Services) -> list[HTTPRouteHandler]:
    """Return the handler of `/metrics`, if there are figures: for a scraper inside the network, not in the contract."""
    page = services.metrics_page
    if page is None:
        return []

    @get("/metrics", include_in_schema=False, sync_to_thread=False)
    def scrape() -> Response[Any]:
        """Answer the figures of this process."""
        media_type, body = page()
        return Response(body, headers={"content-type": media_type})

    return [scrape]
