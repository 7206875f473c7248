"""What is sent to the API for a person and for a purchase."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from runtime.demo.people import person
from runtime.demo.purchases import Purchase

SOURCE, STORE = "demo", "main"
ZONE = ZoneInfo("Europe/Moscow")
OPENS, OPEN_MINUTES = time(10), 11 * 60
DISC = {"line": "1", "sku": "cd", "name": "Компакт-диск", "category": "music"}


def customer_body(number: int) -> dict[str, Any]:
    """Return the customer with the number `number`."""
    who = person(number)
    return {
        "given_name": who.given_name,
        "middle_name": who.middle_name,
        "family_name": who.family_name,
        "sex": who.sex,
        "identifiers": [{"type": "phone", "value": who.phone}],
        "acquisition": {"channel": "demo", "store": STORE},
    }


def receipt_body(purchase: Purchase, *, weeks: int) -> dict[str, Any]:
    """Return the sale, moved forward by whole weeks: weekdays stay what they were.

    The table knows the value of all discs only: the price is the value of one rounded up, the rest is discount.
    """
    price = -(-purchase.cents // purchase.cds)
    body: dict[str, Any] = {
        "source": SOURCE,
        "external_id": str(purchase.row),
        "kind": "sale",
        "sold_at": _moment(purchase, weeks).isoformat(),
        "store": STORE,
        "register": str(purchase.row % 3 + 1),
        "currency": "RUB",
        "customer": {"identifiers": [{"type": "phone", "value": person(purchase.customer).phone}]},
        "lines": [
            DISC
            | {
                "quantity": str(purchase.cds),
                "unit_price": price,
                "discount": price * purchase.cds - purchase.cents,
                "total": purchase.cents,
            }
        ],
        "total": purchase.cents,
    }
    if purchase.cents:
        body["payments"] = [{"method": "card" if purchase.row % 4 else "cash", "amount": purchase.cents}]
    return body


def _moment(purchase: Purchase, weeks: int) -> datetime:
    """The table has days only; the minute of the day comes from the row's number."""
    opened = datetime.combine(purchase.day + timedelta(weeks=weeks), OPENS, ZONE)
    return opened + timedelta(minutes=purchase.row * 37 % OPEN_MINUTES)
