"""A7: a preference per channel, in order, and weekly windows on the person's own clock."""

from datetime import UTC, datetime

import httpx
import pytest

from domain.customers.contact import ContactPreferences, ContactWindow


async def test_channels_and_windows_are_kept_in_order_and_cleared(api: httpx.AsyncClient) -> None:
    """They stand beside the card, in the customer's zone or else the shop's."""
    anna = (await api.post("/v1/customers", json={"given_name": "Анна", "time_zone": "Asia/Omsk"})).json()
    path = f"/v1/customers/{anna['id']}/preferences"
    assert (await api.get(path)).json() == {"channels": [], "windows": [], "time_zone": "Asia/Omsk"}
    wanted = {"channels": ["messenger", "call"], "windows": [{"weekday": 6, "from": "10:00", "to": "24:00"}]}

    assert (await api.put(path, json=wanted)).json() == wanted | {"time_zone": "Asia/Omsk"}
    assert (await api.get(path)).json() == wanted | {"time_zone": "Asia/Omsk"}
    assert (await api.get(f"/v1/customers/{anna['id']}")).json()["given_name"] == "Анна"

    assert (await api.put(path, json={})).json()["channels"] == []


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"channels": ["sms", "sms"]}, 422, "/channels/1"),
        ({"windows": [{"weekday": 1, "from": "12:00", "to": "12:00"}]}, 422, "/windows/0/to"),
        ({"windows": [{"weekday": 8, "from": "10:00", "to": "12:00"}]}, 400, "/windows/0/weekday"),
        ({"channels": ["pigeon"]}, 400, "/channels/0"),
    ],
)
async def test_preferences_that_make_no_sense_are_refused(
    api: httpx.AsyncClient, body: dict[str, object], status: int, pointer: str
) -> None:
    """Each place that is wrong is named."""
    anna = (await api.post("/v1/customers", json={"given_name": "Анна"})).json()

    refused = await api.put(f"/v1/customers/{anna['id']}/preferences", json=body)

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer)


def test_a_person_is_welcome_inside_a_window_of_their_own_clock() -> None:
    """Saturday 10:00 in Omsk is four in the morning in Greenwich; without windows any hour suits."""
    preferences = ContactPreferences(windows=(ContactWindow(6, "10:00", "24:00"),))

    assert preferences.welcome(datetime(2026, 11, 21, 4, 0, tzinfo=UTC), "Asia/Omsk")
    assert not preferences.welcome(datetime(2026, 11, 21, 3, 59, tzinfo=UTC), "Asia/Omsk")
    assert not preferences.welcome(datetime(2026, 11, 21, 18, 0, tzinfo=UTC), "Asia/Omsk")
    assert ContactPreferences().welcome(datetime(2026, 11, 21, 3, tzinfo=UTC), "Asia/Omsk")
