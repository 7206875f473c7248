"""The till's SQL functions read and write; every rule stands in Python, where it is tested."""

import re
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "persistence" / "sql"
RULES = re.compile(r"\b(CASE|COALESCE|CEIL|FLOOR|ROUND|WHILE|FOR\s+\w+\s+IN|ELSIF|NOTIFY|pg_advisory)\b", re.IGNORECASE)


def _code(path: Path) -> str:
    return re.sub(r"--[^\n]*", "", path.read_text())


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*.sql")), ids=lambda path: path.stem)
def test_a_function_of_the_till_holds_no_rule(path: Path) -> None:
    """Neither conditions on values, nor rounding, nor loops; COALESCE in a join would also lose the index."""
    assert RULES.findall(_code(path)) == []


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*.sql")), ids=lambda path: path.stem)
def test_the_tenant_is_set_by_a_statement_of_its_own_and_first(path: Path) -> None:
    """In a CTE of the same statement the planner moves the policy's condition before it: no rows at all."""
    body = _code(path).split("BEGIN", 1)[1].strip()
    assert body.startswith("PERFORM set_config('app.tenant_id', p_tenant::text, true);")


def test_every_function_names_the_tenant_in_each_arm() -> None:
    """A distributed database routes by it, and row-level security is the second wall, not the only one."""
    for path in FUNCTIONS.glob("*.sql"):
        for table in re.findall(r"(?:FROM|JOIN|UPDATE) ([a-z_]+) ([a-z0-9]+)\b", _code(path)):
            name, alias = table
            if alias in {"set", "where", "on", "as"} or name in {"unnest", "json_populate_recordset"}:
                continue
            assert re.search(rf"\b{alias}\.tenant_id = p_tenant", _code(path)), (path.name, name, alias)
