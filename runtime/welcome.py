"""What a person reads when everything is up: addresses, keys, and three commands that work when pasted."""

import http.client
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from runtime.demo.people import GUEST as GUEST_NUMBER
from runtime.demo.people import person
from runtime.settings import Settings, local_name

_WHO = person(GUEST_NUMBER)
GUEST = {
    "identifiers": [{"type": "phone", "value": _WHO.phone}],
    "on_missing": "create",  # whoever is quicker than the loading, which begins with this customer
    "profile": {"given_name": _WHO.given_name, "middle_name": _WHO.middle_name, "family_name": _WHO.family_name},
}
LOST_OPERATOR_KEY = "shown at the first start; lost? regulars keys create --operator"


def welcome(settings: Settings, *, operator_key: str | None, demo_key: str | None) -> str:
    """Return the lines; they hold keys and are meant for the terminal alone."""
    url = settings.url
    lines = [
        "",
        "Regulars is up.",
        f"  API            {url}/v1",
        f"  documentation  {url}/docs",
        f"  health         {url}/health/live and {url}/health/ready",
        f"  operator key   {_operator_words(settings, operator_key)}",
    ]
    if demo_key is None:
        return "\n".join([*lines, *_open_a_shop(url), ""])
    lines += [
        f"  demo shop key  {demo_key}",
        "",
        "Try it: find a customer by phone, post a receipt, read the timeline.",
    ]
    guest = find_guest(settings, demo_key)
    now = datetime.now(UTC).replace(microsecond=0)
    lines += ["", curl(f"{url}/v1/customers/resolve", demo_key, GUEST)]
    lines += ["", curl(f"{url}/v1/receipts", demo_key, sample_receipt(now))]
    lines += ["", curl(f"{url}/v1/customers/{guest or '<id from the first answer>'}/timeline", demo_key)]
    return "\n".join([*lines, ""])


def sample_receipt(now: datetime) -> dict[str, Any]:
    """Return a small sale of today to the demo shop's guest; `now` makes it one of its own."""
    line = {"line": "1", "sku": "4600000000017", "name": "Кофе в зёрнах", "quantity": "2", "unit_price": 65000}
    return {
        "source": "till-1",
        "external_id": f"{now:%Y-%m-%d/%H%M%S}",
        "kind": "sale",
        "sold_at": now.isoformat().replace("+00:00", "Z"),
        "store": "main",
        "currency": "RUB",
        "customer": {"identifiers": GUEST["identifiers"], "on_missing": "create"},
        "lines": [{**line, "total": 130000}],
        "total": 130000,
        "payments": [{"method": "card", "amount": 130000}],
    }


def curl(address: str, key: str, body: Mapping[str, Any] | None = None) -> str:
    """Return a command for a POSIX shell; a body makes it a POST."""
    lines = [f"curl -s {address}", f"-H 'Authorization: Bearer {key}'"]
    if body is not None:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).replace("'", "'\\''")
        lines += ["-H 'Content-Type: application/json'", f"-d '{text}'"]
    return " \\\n  ".join(lines)


def find_guest(settings: Settings, key: str) -> str | None:
    """Return the id of the demo shop's guest, who is made at the first call; None when the API gives none."""
    connection = http.client.HTTPConnection(local_name(settings.host).strip("[]"), settings.port, timeout=10)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/v1/customers/resolve", json.dumps(GUEST), headers)
        answer = json.loads(connection.getresponse().read())
        return str(answer["customer"]["id"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _operator_words(settings: Settings, made: str | None) -> str:
    if made is not None:
        return f"{made}  (shown this once)"
    return "the one in REGULARS_OPERATOR_KEY" if settings.operator_key is not None else LOST_OPERATOR_KEY


def _open_a_shop(url: str) -> list[str]:
    shop = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}
    return ["", "Open a shop:", "", curl(f"{url}/v1/tenants", "<operator key>", shop)]
