"""One file per resource. Each adds its controllers to ROUTES; the application serves exactly these."""

from litestar import Controller

from api.routes.addresses import AddressController
from api.routes.adjustments import AdjustmentController
from api.routes.api_keys import ApiKeyController
from api.routes.changes import ChangeController
from api.routes.custom_fields import CustomFieldController
from api.routes.customer_views import CustomerViewController
from api.routes.customers import CustomerController
from api.routes.employees import EmployeeController
from api.routes.identifiers import IdentifierController
from api.routes.loyalty import AccountController
from api.routes.me import MeController
from api.routes.notes import NoteController
from api.routes.preferences import PreferenceController
from api.routes.products import ProductController
from api.routes.programs import ProgramController
from api.routes.receipts import ReceiptController
from api.routes.registers import RegisterController
from api.routes.resolve import ResolveController
from api.routes.settings import SettingsController
from api.routes.stores import StoreController
from api.routes.tags import CustomerTagController, TagController
from api.routes.tenants import TenantController

ROUTES: tuple[type[Controller], ...] = (
    AccountController,
    AddressController,
    AdjustmentController,
    ApiKeyController,
    ChangeController,
    CustomFieldController,
    CustomerController,
    CustomerTagController,
    CustomerViewController,
    EmployeeController,
    IdentifierController,
    MeController,
    NoteController,
    PreferenceController,
    ProductController,
    ProgramController,
    ReceiptController,
    RegisterController,
    ResolveController,
    SettingsController,
    StoreController,
    TagController,
    TenantController,
)
