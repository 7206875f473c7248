"""Fields of the shop's own: what they take and what they refuse (A15)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.custom_fields import NUMBER_SCALE, CustomField, FieldRules, checked_values, number_of
from domain.customers.errors import InvalidValue
from domain.customers.use_cases.custom_fields import check_rules
from domain.kernel.ids import new_id
from tests.fakes.customers import NOON

ID = "0197f000-0000-7000-8000-000000000001"


def field(type_: str, **rules: Any) -> CustomField:
    return CustomField(
        id=new_id(), code="x", type=type_, label="X", rules=FieldRules(**rules), created_at=NOON, updated_at=NOON
    )


@pytest.mark.parametrize(
    ("definition", "value", "kept"),
    [
        (field("string"), " a\u202eб ", "aб"),
        (field("string"), "4111 1111 1111 1111", "•••• •••• •••• 1111"),
        (field("string"), " ", None),
        (field("number", minimum="1", maximum="10"), "10.0000", "10.0000"),
        (field("number"), -3, -3),
        (field("date", minimum="2020-01-01"), "2020-01-01", "2020-01-01"),
        (field("bool"), False, False),
        (field("enum", options=("a", "b")), "b", "b"),
        (field("multi_enum", options=("a", "b")), ["b", "a", "b"], ["a", "b"]),
        (field("multi_enum", options=("a", "b")), [], None),
        (
            field("reference", to="customer"),
            "0197F000-0000-7000-8000-000000000001",
            "0197f000-0000-7000-8000-000000000001",
        ),
        (field("enum", options=("a",)), None, None),
    ],
)
def test_a_value_is_kept_in_one_form(definition: CustomField, value: Any, kept: Any) -> None:
    """Validated by type and rules; null clears."""
    assert checked_values({"x": value}, {"x": definition}) == ({"x": kept}, [])


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        (field("string"), 1),
        (field("string", max_length=2), "abc"),
        (field("number"), "1.00001"),
        (field("number"), "1e3"),
        (field("number"), True),
        (field("number", maximum="10"), "10.0001"),
        (field("number"), 10**15),
        (field("date"), "2020-02-30"),
        (field("date", maximum="2020-01-01"), "2020-01-02"),
        (field("bool"), "true"),
        (field("enum", options=("a",)), "b"),
        (field("enum", options=("a",)), ["a"]),
        (field("multi_enum", options=("a",)), ["b"]),
        (field("multi_enum", options=("a",)), "a"),
        (field("reference", to="customer"), "x"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(definition: CustomField, value: Any) -> None:
    """All errors come at once, by pointer."""
    values, errors = checked_values({"x": value, "y": 1}, {"x": definition})
    assert values == {}
    assert [error.pointer for error in errors] == ["/custom/x", "/custom/y"]


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=4))
def test_numbers_are_exact(number: Any) -> None:
    """Ten-thousandths, never floats."""
    assert number_of(format(number, "f")) == int(number * NUMBER_SCALE)


@pytest.mark.parametrize(
    ("type_", "rules"),
    [
        ("enum", FieldRules()),
        ("string", FieldRules(options=("a",))),
        ("enum", FieldRules(options=("a", "a"))),
        ("number", FieldRules(max_length=3)),
        ("string", FieldRules(minimum="1")),
        ("number", FieldRules(minimum="x")),
        ("number", FieldRules(minimum="2", maximum="1")),
        ("date", FieldRules(minimum="1")),
        ("reference", FieldRules()),
        ("bool", FieldRules(to="customer")),
    ],
)
def test_rules_that_do_not_fit_their_type_are_refused(type_: str, rules: FieldRules) -> None:
    """A definition that could never be met is no definition."""
    with pytest.raises(InvalidValue):
        check_rules(type_, "Поле", rules)
