"""Who may do what: the one table of roles and permissions.

A permission is `resource:verb`. Deny wins by absence: a role may do what its column says and nothing else, and no role
inherits another. Ownership (a manager's own customers) and masks narrow further where the data is read.
Source: the access model of the security design.
"""

from collections.abc import Mapping
from typing import Final

PUBLIC: Final = "public"
"""In place of a permission: no credential is asked for."""

TENANT_ROLES: Final = ("owner", "manager", "marketer", "seller", "cashier", "accountant", "dpo", "integration")
OPERATOR: Final = "operator"
ROLES: Final = (*TENANT_ROLES, OPERATOR)

_EVERYBODY: Final = " ".join(ROLES)
_STAFF: Final = " ".join(TENANT_ROLES)
_TILL: Final = "owner manager seller cashier integration"

GRANTS: Final[Mapping[str, str]] = {
    "me:read": _EVERYBODY,
    # People. `till` is resolve and the masked till view, by a full identifier only; `read` lists and shows profiles,
    # contacts masked without `read-contacts`.
    "customers:till": _TILL,
    "customers:seller-view": "owner manager seller",
    "customers:read": "owner manager dpo integration",
    "customers:search": "owner manager dpo",
    "customers:read-contacts": "owner manager dpo",
    "customers:write": "owner manager integration",
    "identifiers:read": "owner manager dpo integration",
    "identifiers:write": "owner manager integration",
    "identifiers:reassign": "owner manager",
    "notes:read": "owner manager dpo",
    "notes:write": "owner manager",
    "timeline:read": "owner manager dpo integration",
    "tags:read": "owner manager marketer dpo integration",
    "tags:write": "owner manager integration",
    "tags:manage": "owner manager marketer",
    "custom-fields:read": "owner manager marketer dpo integration",
    "custom-fields:manage": "owner",
    # Receipts and points.
    "receipts:write": _TILL,
    "receipts:find": _TILL,
    "receipts:claim": _TILL,
    "receipts:read": "owner manager dpo integration",
    "receipts:reassign": "owner manager integration",
    "checkout:quote": _TILL,
    "loyalty:read": "owner manager dpo integration",
    "loyalty:adjust": "owner manager",
    "programs:read": "owner manager marketer accountant dpo integration",
    "programs:write": "owner",
    # The shop itself.
    "products:read": "owner manager marketer accountant dpo integration",
    "products:write": "owner manager integration",
    "stores:read": _STAFF,
    "stores:write": "owner integration",
    "employees:read": "owner manager dpo integration",
    "employees:write": "owner integration",
    "settings:read": "owner dpo",
    "settings:write": "owner",
    "changes:read": "owner dpo integration",
    "keys:read": "owner dpo",
    "keys:manage": "owner",
    # Nobody's by a key alone: both need a person, the second a second one.
    "contacts:export": "",
    "keys:approve": "",
    # The platform.
    "tenants:read": OPERATOR,
    "tenants:manage": OPERATOR,
}
"""Each permission with the roles that hold it."""

PERMISSIONS: Final = frozenset(GRANTS)

PERMISSIONS_OF: Final[Mapping[str, frozenset[str]]] = {
    role: frozenset(permission for permission, roles in GRANTS.items() if role in roles.split()) for role in ROLES
}

_READING: Final = ("read", "search", "find", "export")

READS: Final = frozenset(permission for permission in GRANTS if permission.split(":")[1].startswith(_READING))
"""Permissions that change nothing: they stay with owner and data-protection officer of a suspended shop."""
