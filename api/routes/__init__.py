"""One file per resource. Each adds its controllers to ROUTES; the application serves exactly these."""

from litestar import Controller

from api.routes.api_keys import ApiKeyController
from api.routes.me import MeController
from api.routes.receipts import ReceiptController

ROUTES: tuple[type[Controller], ...] = (
    ApiKeyController,
    MeController,
    ReceiptController,
)
