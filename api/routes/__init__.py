"""One file per resource. Each adds its controllers to ROUTES; the application serves exactly these."""

from litestar import Controller

from api.routes.api_keys import ApiKeyController
from api.routes.changes import ChangeController
from api.routes.employees import EmployeeController
from api.routes.me import MeController
from api.routes.receipts import ReceiptController
from api.routes.registers import RegisterController
from api.routes.settings import SettingsController
from api.routes.stores import StoreController
from api.routes.tenants import TenantController

ROUTES: tuple[type[Controller], ...] = (
    ApiKeyController,
    ChangeController,
    EmployeeController,
    MeController,
    ReceiptController,
    RegisterController,
    SettingsController,
    StoreController,
    TenantController,
)
