"""Cursors, ETags and merge patches."""

import base64
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadParameter
from api.merge_patch import given as fields_given
from api.merge_patch import merged
from api.paging import decode_cursor, encode_cursor, page
from api.schemas.base import RequestModel, Text200, not_given
from tests.unit.api.edge import FakeWorld, client, edge

POSITIONS = st.lists(
    st.integers() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), max_size=4
)


@given(POSITIONS)
def test_a_cursor_is_opaque_and_leads_back(position: list[Any]) -> None:
    """It stands in a URL, so it needs no escaping."""
    cursor = encode_cursor(position)

    assert cursor == "" or cursor.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(cursor) == tuple(position)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    """400, whatever somebody writes there."""
    with pytest.raises(BadParameter) as caught:
        decode_cursor(text, str, UUID)

    assert caught.value.errors[0].code == "cursor"


@pytest.mark.parametrize(
    "inner", [[1], [1, "a"], [1, 5, "x"], [2, "a", "b"], {}, [1, None, 1], [1, [], ""], 7, [1, "\x00", "a"]]
)
def test_a_cursor_of_another_list_is_refused(inner: Any) -> None:
    """Count and form of its parts must fit."""
    text = base64.urlsafe_b64encode(json.dumps(inner).encode()).rstrip(b"=").decode()

    with pytest.raises(BadParameter):
        decode_cursor(text, int, UUID)


def test_a_page_knows_whether_there_is_more() -> None:
    """One row more than asked for tells it."""
    assert page([1, 2, 3], 3, lambda row: [row]) == ([1, 2, 3], None)
    kept, cursor = page([1, 2, 3], 2, lambda row: [row])
    assert kept == [1, 2]
    assert decode_cursor(cursor or "", int) == (2,)


async def test_a_list_is_walked_to_its_end_without_gaps() -> None:
    """The order is stable while rows arrive."""
    world = FakeWorld()
    async with client(edge(world)) as http:
        for number in range(7):
            await http.post("/v1/things", json={"name": str(number)})
        seen, cursor = [], ""
        while True:
            answer = (await http.get(f"/v1/things?limit=3{cursor}")).json()
            seen += [item["id"] for item in answer["items"]]
            if answer["next_cursor"] is None:
                break
            cursor = f"&cursor={answer['next_cursor']}"

    assert seen == sorted(str(identifier) for identifier in world.unit.things)


def test_a_patch_tells_null_from_left_out() -> None:
    """Null clears, silence keeps; what cannot be cleared refuses null."""

    class Patch(RequestModel):
        name: Text200 | None = None
        code: Text200 = not_given()

    assert fields_given(Patch.model_validate_json(b"{}")) == {}
    assert fields_given(Patch.model_validate_json(b'{"name":null}')) == {"name": None}
    with pytest.raises(ValueError, match="string_type"):
        Patch.model_validate_json(b'{"code":null}')


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_follows_the_standard(target: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]) -> None:
    """Source: RFC 7396 appendix A."""
    assert merged(target, patch) == result
