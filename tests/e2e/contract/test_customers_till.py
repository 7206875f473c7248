"""The till view over time: points that end, phones that fall silent, notes and birthdays that are hinted."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.counter import Counter
from tests.support.foreign import Json, customer, phone, refused, resolved, told

CARD = {"type": "card", "value": "2900000000017"}


async def _known(later: Counter, points: int = 100) -> Json:
    """Return a customer with a phone, a card and points."""
    anna = await customer(later.api, "+79350004567", given_name="Анна")
    told(await later.api.post(f"/v1/customers/{anna['id']}/identifiers", json=CARD), 201)
    body = {"customer": {"id": anna["id"]}, "points": points, "reason": "opening"}
    told(await later.api.post("/v1/loyalty/adjustments", json=body), 201)
    return anna


async def test_the_view_shows_the_balance_and_what_may_be_spent(later: Counter) -> None:
    """Balance, spend and verification as the preset has them: no code is asked for until the owner says so."""
    await _known(later)
    view = (await resolved(later.api, phone("+79350004567")))["customer"]
    assert view["balance"] == {"active": 100, "pending": 0, "held": 0, "debt": 0}
    assert (view["spend"]["max_points"], view["spend"]["verification"]) == (100, False)


async def test_what_is_going_to_end_is_shown_and_ends_by_itself(later: Counter) -> None:
    """`expiring`; a balance does not depend on whether a job has run."""
    anna = await _known(later, points=30)
    end = (later.clock.now() + timedelta(days=3)).replace(microsecond=0)
    body = {"customer": {"id": anna["id"]}, "points": 12, "reason": "gift", "expires_at": end.isoformat()}
    told(await later.api.post("/v1/loyalty/adjustments", json=body), 201)
    path = f"/v1/customers/{anna['id']}/till-view"
    before = told(await later.api.get(path))
    assert before["balance"]["active"] == 42
    assert any(one["points"] == 12 for one in before["expiring"])
    later.clock.move(days=4)
    after = told(await later.api.get(path))
    assert (after["balance"]["active"], after["spend"]["max_points"]) == (30, 30)
    assert all(one["points"] != 12 for one in after["expiring"])


async def test_a_silent_phone_identifies_for_earning_only(later: Counter) -> None:
    """Unused for 180 days it finds the customer and spends nothing; a card, or a verified number, still does."""
    anna = await _known(later)
    later.clock.move(days=179)
    assert (await resolved(later.api, phone("+79350004567")))["customer"]["spend"]["max_points"] == 100
    later.clock.move(days=5)
    stale = (await resolved(later.api, phone("+79350004567")))["customer"]
    assert (stale["id"], stale["spend"]["max_points"]) == (anna["id"], 0)
    assert stale["spend"]["reason"]
    assert (await resolved(later.api, CARD))["customer"]["spend"]["max_points"] == 100
    assert (await resolved(later.api, phone("+79350004567"), CARD))["customer"]["spend"]["max_points"] == 100
    own = anna["identifiers"][0]["id"]
    told(await later.api.post(f"/v1/customers/{anna['id']}/identifiers/{own}/verify"))
    assert (await resolved(later.api, phone("+79350004567")))["customer"]["spend"]["max_points"] == 100


@pytest.mark.parametrize(("rule", "date"), [("feb_28", "2027-02-28"), ("mar_1", "2027-03-01")])
async def test_a_leap_day_is_kept_as_the_owner_says(later: Counter, rule: str, date: str) -> None:
    """A4: 28 February unless set otherwise."""

    told(await later.api.patch("/v1/settings", json={"leap_birthday": rule}))
    anna = await customer(later.api, "+79350000001", birthday="--02-29")
    later.clock.move_to(datetime.fromisoformat(f"{date}T12:00:00+03:00"))
    view = told(await later.api.get(f"/v1/customers/{anna['id']}/till-view"))
    assert "birthday_today" in {one["kind"] for one in view["hints"]}


async def test_stages_of_life_move_with_time(later: Counter) -> None:
    """A19: computed when it is read, from first and last purchase; the list's filter agrees with the card."""
    anna = await customer(later.api, "+79350000001")
    path = f"/v1/customers/{anna['id']}"

    async def stage() -> Any:
        found = told(await later.api.get(path))["lifecycle"]
        listed = told(await later.api.get("/v1/customers", params={"lifecycle": found}))["items"]
        assert [one["id"] for one in listed] == [anna["id"]]
        return found

    seen = [await stage()]
    await later.post(later.sale(10000, phone="+79350000001"))
    seen.append(await stage())
    for days in (31, 60, 100, 200):
        later.clock.move(days=days)
        seen.append(await stage())
    assert seen == ["potential", "new", "one_off", "one_off", "sleeping", "lost"]
    for _ in range(5):
        await later.post(later.sale(10000, phone="+79350000001"))
    assert await stage() in {"regular", "active"}


async def test_a_pinned_note_is_hinted_while_it_is_pinned(later: Counter) -> None:
    """A pinned note is hinted until it is unpinned, hidden or removed."""
    anna = await customer(later.api, "+79350000001")
    notes = f"/v1/customers/{anna['id']}/notes"

    async def hints() -> list[str]:
        view = told(await later.api.get(f"/v1/customers/{anna['id']}/till-view"))
        return [one["text"] for one in view["hints"] if one["kind"] == "note"]

    note = told(await later.api.post(notes, json={"text": "чай", "visibility": "till", "pinned": True}), 201)
    assert await hints() == ["чай"]
    for hidden, shown in (({"pinned": False}, {"pinned": True}), ({"visibility": "staff"}, {"visibility": "till"})):
        told(await later.api.patch(f"{notes}/{note['id']}", json=hidden))
        assert await hints() == []
        told(await later.api.patch(f"{notes}/{note['id']}", json=shown))
        assert await hints() == ["чай"]
    assert (await later.api.delete(f"{notes}/{note['id']}")).status_code == 204
    assert await hints() == []


async def test_a_reassigned_number_spends_nothing_of_the_old_account(later: Counter) -> None:
    """The new owner of the number starts with nothing; the old one keeps the points, by the card."""
    anna = await _known(later)
    own = anna["identifiers"][0]["id"]
    body = {"employee": "e-1", "reason": "Договор показан"}
    moved = told(await later.api.post(f"/v1/customers/{anna['id']}/identifiers/{own}/reassign", json=body))
    newcomer = (await resolved(later.api, phone("+79350004567")))["customer"]
    assert (newcomer["id"], newcomer["balance"]["active"]) == (moved["new_customer_id"], 0)
    assert (await resolved(later.api, CARD))["customer"]["balance"]["active"] == 100
    both = await resolved(later.api, phone("+79350004567"), CARD)
    assert both["match"] == "conflict"


async def test_a_view_of_nobody_is_404(later: Counter) -> None:
    """Unknown and malformed alike."""
    for odd in ("01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d", "nonsense"):
        for view in ("till-view", "seller-view", "card", "timeline"):
            refused(await later.api.get(f"/v1/customers/{odd}/{view}"), 404, "customer-not-found")
