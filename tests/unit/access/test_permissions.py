"""S3: every cell of roles × permissions."""

import pytest

from compliance.access.permissions import GRANTS, PERMISSIONS_OF, READS, ROLES, TENANT_ROLES

COLUMNS = ("owner", "manager", "marketer", "seller", "cashier", "accountant", "dpo", "integration", "operator")

# What the access model grants, written out a second time and in another form: one letter per role in the order of
# COLUMNS (Owner, Manager, marKeter, Seller, Cashier, Accountant, Dpo, Integration, oPerator), a dot where it is denied.
MATRIX = """
me:read                  OMKSCADIP
customers:till           OM.SC..I.
customers:seller-view    OM.S.....
customers:read           OM....DI.
customers:search         OM....D..
customers:read-contacts  OM....D..
customers:write          OM.....I.
identifiers:read         OM....DI.
identifiers:write        OM.....I.
identifiers:reassign     OM.......
notes:read               OM....D..
notes:write              OM.......
timeline:read            OM....DI.
tags:read                OMK...DI.
tags:write               OM.....I.
tags:manage              OMK......
custom-fields:read       OMK...DI.
custom-fields:manage     O........
receipts:write           OM.SC..I.
receipts:find            OM.SC..I.
receipts:claim           OM.SC..I.
receipts:read            OM....DI.
receipts:reassign        OM.....I.
checkout:quote           OM.SC..I.
loyalty:read             OM....DI.
loyalty:adjust           OM.......
programs:read            OMK..ADI.
programs:write           O........
products:read            OMK..ADI.
products:write           OM.....I.
stores:read              OMKSCADI.
stores:write             O......I.
employees:read           OM....DI.
employees:write          O......I.
settings:read            O.....D..
settings:write           O........
changes:read             O.....DI.
keys:read                O.....D..
keys:manage              O........
contacts:export          .........
keys:approve             .........
tenants:read             ........P
tenants:manage           ........P
"""
CELLS = {line.split()[0]: line.split()[1] for line in MATRIX.strip().splitlines()}


def test_every_permission_has_its_row() -> None:
    """A permission that is added to the table must be decided for every role here as well."""
    assert set(CELLS) == set(GRANTS)
    assert COLUMNS == ROLES
    assert all(len(row) == len(COLUMNS) for row in CELLS.values())


@pytest.mark.parametrize("permission", sorted(CELLS))
def test_a_role_may_what_the_access_model_says_and_nothing_else(permission: str) -> None:
    """S3: 100 % of the cells."""
    granted = {role for role, letter in zip(COLUMNS, CELLS[permission], strict=True) if letter != "."}
    assert {role for role in ROLES if permission in PERMISSIONS_OF[role]} == granted


def test_an_owner_key_has_everything_but_export_approval_and_the_platform() -> None:
    """api.md: an API key of role owner has every permission except those three kinds."""
    assert set(GRANTS) - PERMISSIONS_OF["owner"] == {
        "contacts:export",
        "keys:approve",
        "tenants:read",
        "tenants:manage",
    }


def test_receipts_are_written_by_exactly_these_roles() -> None:
    """api.md: `receipts:write` is held by owner, manager, seller, cashier, integration."""
    holders = {role for role in ROLES if "receipts:write" in PERMISSIONS_OF[role]}
    assert holders == {"owner", "manager", "seller", "cashier", "integration"}


def test_no_role_inherits_export() -> None:
    """A126: export is a right of its own that no key brings along."""
    assert not any("contacts:export" in PERMISSIONS_OF[role] for role in ROLES)


def test_a_cashier_can_neither_list_nor_read_profiles() -> None:
    """The till finds one customer by a full phone, card or code, and sees the masked view."""
    cashier = PERMISSIONS_OF["cashier"]
    assert {"customers:till", "receipts:write", "checkout:quote"} <= cashier
    assert not cashier & {
        "customers:read",
        "customers:search",
        "customers:read-contacts",
        "notes:read",
        "timeline:read",
    }


def test_operator_and_shop_share_nothing_but_me() -> None:
    """An operator key sees no customer, a shop's key no tenants."""
    for role in TENANT_ROLES:
        assert PERMISSIONS_OF[role] & PERMISSIONS_OF["operator"] == {"me:read"}


def test_what_stays_with_a_suspended_shop_only_reads() -> None:
    """decisions.md 27: tills and writers are refused."""
    assert not {
        p for p in READS if p.split(":")[1] in {"write", "manage", "till", "adjust", "quote", "claim", "reassign"}
    }
    assert {"customers:read", "customers:search", "receipts:read", "changes:read", "keys:read"} <= READS
