"""Tills that never give up, somebody who kills what they talk to, and an outside ledger that says what must be true.

A till sends a document again, byte for byte, until it is acknowledged, as real tills do. What was acknowledged is
written down here, outside the system; at the end the system must tell exactly that.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LATER = frozenset({429, 502, 503, 504})
"""Answers after which a till asks again."""

PATIENCE = 180.0
"""Seconds without an acknowledgement after which a till's neighbours would call somebody."""

PER_POINT = 100_00


class Wrong(AssertionError):
    """An answer that no kill excuses."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A document and what the system promised about it."""

    document: Mapping[str, Any]
    phone: str
    key: str | None
    raw: bytes
    answer: Mapping[str, Any]

    @property
    def external_id(self) -> str:
        """The till's own number of the document."""
        return str(self.document["external_id"])


@dataclass(slots=True)
class Truth:
    """The outside ledger."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    taken: dict[str, Acknowledged] = field(default_factory=dict)
    retries: Counter[str] = field(default_factory=Counter)

    def write(self, one: Acknowledged) -> None:
        """Note an acknowledgement."""
        with self.lock:
            self.taken[one.external_id] = one

    def retried(self, why: str) -> None:
        """Note why a till had to send again."""
        with self.lock:
            self.retries[why] += 1


class Api:
    """One patient connection."""

    def __init__(self, port: int, key: str, truth: Truth | None = None) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._truth = truth
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Return status and body; asked again for as long as the answer is lost, or 'later'."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
                self._connection.request(method, path, body, self._headers | headers)
                response = self._connection.getresponse()
                status, content = response.status, response.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                self._again(type(error).__name__)
                continue
            busy = status == 409 and b"idempotency-in-progress" in content
            if status not in LATER and not busy:
                return status, content
            self._again(str(status))
        raise Wrong(f"no acknowledgement within {PATIENCE:.0f} s: {method} {path}")

    def get(self, path: str) -> Any:
        """Return the JSON of a GET."""
        status, content = self.send("GET", path)
        if status != 200:
            raise Wrong(f"GET {path}: {status} {content!r}")
        return json.loads(content)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON of a POST."""
        status, content = self.send("POST", path, json.dumps(body).encode())
        if status not in {200, 201}:
            raise Wrong(f"POST {path}: {status} {content!r}")
        return json.loads(content)

    def pages(self, path: str) -> list[Any]:
        """Return all items of a list."""
        items, cursor = [], ""
        while True:
            answer = self.get(f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
            items += answer["items"]
            if answer["next_cursor"] is None:
                return items
            cursor = f"&cursor={answer['next_cursor']}"

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _again(self, why: str) -> None:
        if self._truth is not None:
            self._truth.retried(why)
        time.sleep(0.05)


class Till(threading.Thread):
    """Sells, takes back and lets people pay with points, one document after another, until told to close."""

    def __init__(self, number: int, api: Api, truth: Truth, *, closing: threading.Event, seed: int) -> None:
        super().__init__(name=f"till-{number}", daemon=True)
        self._source = f"till-{number}"
        self._api = api
        self._truth = truth
        self._closing = closing
        self._choose = random.Random(f"{seed}/{number}")  # noqa: S311 - a script, no secret
        self._returnable: list[Acknowledged] = []
        self._count = 0
        self.trouble: BaseException | None = None

    def run(self) -> None:
        """Work until closing; what is under way then is finished first."""
        try:
            while not self._closing.is_set():
                self._one()
                time.sleep(self._choose.uniform(0.0, 0.02))
        except BaseException as error:
            self.trouble = error
        finally:
            self._api.close()

    def _one(self) -> None:
        self._count += 1
        if self._returnable and self._choose.random() < 0.2:
            sale = self._returnable.pop(self._choose.randrange(len(self._returnable)))
            phone, document = sale.phone, self._return(sale)
        else:
            phone = f"+7935777{self._choose.randrange(30):04}"
            document = self._sale(phone)
        key = f"{self._source}-{self._count:08}" if self._choose.random() < 0.5 else None
        raw = json.dumps(document, ensure_ascii=False).encode()
        headers = {"Idempotency-Key": key} if key else {}
        status, content = self._api.send("POST", "/v1/receipts", raw, **headers)
        if status not in {200, 201}:
            raise Wrong(f"{self._source} {document['external_id']}: {status} {content!r}")
        taken = Acknowledged(document, phone, key, raw, json.loads(content))
        self._truth.write(taken)
        if document["kind"] == "sale" and not document["lines"][0]["discount"]:
            self._returnable.append(taken)

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "source": self._source,
            "external_id": f"{self._source}/{self._count}",
            "kind": kind,
            "sold_at": datetime.now(UTC).isoformat(),
            "store": "main",
            "register": self._source,
            "currency": "RUB",
        }

    def _sale(self, phone: str) -> dict[str, Any]:
        price = self._choose.randrange(50_00, 2_000_00, 100)
        points = self._choose.choice((0, 0, 0, 1, 5))
        line = {"line": "1", "sku": "4600000000017", "quantity": "2", "unit_price": price, "discount": points * 100}
        line["total"] = 2 * price - points * 100
        if points:
            line["discounts"] = [{"kind": "points", "points": points, "amount": points * 100}]
        sale = self._head("sale") | {
            "customer": {"identifiers": [{"type": "phone", "value": phone}], "on_missing": "create"},
            "lines": [line],
            "total": line["total"],
            "payments": [{"method": "card", "amount": line["total"]}],
        }
        if points:
            sale["redemption"] = {"points": points, "as": "discount", "on_insufficient": "record"}
        return sale

    def _return(self, sale: Acknowledged) -> dict[str, Any]:
        returns = {"source": sale.document["source"], "external_id": sale.external_id}
        return self._head("return") | {"returns": returns, "lines": [{"line": "1", "quantity": "1"}]}


Kill = Callable[[random.Random], str]
"""Kills something now and says what it was."""


def rush(
    port: int, key: str, *, seed: int, tills: int, kills: int, kill: Kill, recovered: Callable[[], bool]
) -> tuple[Truth, list[str]]:
    """Let tills sell while `kill` strikes `kills` times; return what was acknowledged and what was killed."""
    truth, closing, killed = Truth(), threading.Event(), []
    staff = [Till(number, Api(port, key, truth), truth, closing=closing, seed=seed) for number in range(1, tills + 1)]
    moments = random.Random(f"{seed}/kills")  # noqa: S311 - moments of death, no secrets
    for till in staff:
        till.start()
    try:
        while len(killed) < kills and all(till.trouble is None for till in staff):
            time.sleep(moments.uniform(0.1, 1.5))
            killed.append(kill(moments))
            if moments.random() < 0.8:  # else: struck again while it still recovers
                _wait(recovered)
        _wait(recovered)
    finally:
        closing.set()
        for till in staff:
            till.join(PATIENCE + 60)
    for till in staff:
        if till.trouble is not None:
            raise till.trouble
        if till.is_alive():
            raise Wrong(f"{till.name} never finished")
    return truth, killed


def _wait(recovered: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not recovered():
        if time.monotonic() > deadline:
            raise Wrong("the API did not come back")
        time.sleep(0.1)


def reconcile(api: Api, truth: Truth) -> None:
    """Compare what the system tells with the outside ledger.

    Raises:
        Wrong: a receipt is lost, was counted twice, or a figure differs.
    """
    stored = api.pages("/v1/receipts")
    numbers = Counter(receipt["external_id"] for receipt in stored)
    lost, foreign = truth.taken.keys() - numbers.keys(), numbers.keys() - truth.taken.keys()
    twice = [number for number, count in numbers.items() if count > 1]
    if lost or foreign or twice:
        raise Wrong(f"lost {sorted(lost)[:5]}, unknown {sorted(foreign)[:5]}, twice {twice[:5]}")
    for receipt in stored:
        taken = truth.taken[receipt["external_id"]]
        if receipt["id"] != taken.answer["id"]:
            raise Wrong(f"{receipt['external_id']} is {receipt['id']}, acknowledged was {taken.answer['id']}")
    by_phone: dict[str, list[Acknowledged]] = defaultdict(list)
    for taken in truth.taken.values():
        by_phone[taken.phone].append(taken)
    for phone, documents in by_phone.items():
        _figures(api, phone, documents)
    _events(api, truth)


def _figures(api: Api, phone: str, documents: Sequence[Acknowledged]) -> None:
    found = api.post("/v1/customers/resolve", {"identifiers": [{"type": "phone", "value": phone}]})
    card = api.get(f"/v1/customers/{found['customer']['id']}")
    sales = [one for one in documents if one.document["kind"] == "sale"]
    sold = {one.external_id: one.document["total"] for one in sales}
    back = [sold[one.document["returns"]["external_id"]] // 2 for one in documents if one.document["kind"] == "return"]
    metrics = card["metrics"]
    _same(phone, "receipts", metrics["receipts"], len(sales))
    _same(phone, "sales_total", metrics["sales_total"], sum(sold.values()))
    _same(phone, "returns_total", metrics["returns_total"], sum(back))
    (account,) = api.get(f"/v1/loyalty/accounts?customer_id={card['id']}")["items"]
    balance = account["balance"]
    effects = [one.answer["loyalty"] for one in documents]
    moved = sum(one["earned"] + one["restored"] - one["redeemed"] - one["reversed"] for one in effects)
    _same(phone, "points", balance["active"] + balance["pending"] - balance["debt"], moved)
    for one in sales:
        if "redemption" not in one.document:
            _same(
                phone,
                f"points of {one.external_id}",
                one.answer["loyalty"]["earned"],
                sold[one.external_id] // PER_POINT,
            )
    proof = api.get(f"/v1/loyalty/accounts/{account['id']}/proof")
    _same(phone, "proof", proof["equal"], True)
    _same(phone, "rest of the lots", _left(api, account["id"]), balance["active"] + balance["pending"])


def _left(api: Api, account_id: str) -> int:
    return sum(int(lot["remaining"]) for lot in api.pages(f"/v1/loyalty/accounts/{account_id}/lots"))


def _events(api: Api, truth: Truth) -> None:
    """Every receipt is told of; the worker gives events their places, which may take a moment after a kill."""
    wanted = {str(one.answer["id"]) for one in truth.taken.values()}
    deadline, cursor, told = time.monotonic() + PATIENCE, "", Counter[str]()
    while wanted - told.keys():
        if time.monotonic() > deadline:
            raise Wrong(f"never told of {len(wanted - told.keys())} receipts")
        answer = api.get(f"/v1/changes?limit=200{cursor}")
        told.update(one["object"]["id"] for one in answer["items"] if one["type"] in {"receipt.recorded"})
        cursor = f"&cursor={answer['next_cursor']}"
        if not answer["items"]:
            time.sleep(0.2)
    if set(told.values()) != {1}:
        raise Wrong(f"told of twice: {[one for one, count in told.items() if count > 1][:5]}")


def replays(api: Api, truth: Truth, *, seed: int, count: int = 50) -> None:
    """Send some acknowledged calls again: the stored answer under the same key, else a duplicate of the same id."""
    choose = random.Random(f"{seed}/replays")  # noqa: S311 - a sample, no secret
    for one in choose.sample(
        sorted(truth.taken.values(), key=lambda each: each.external_id), min(count, len(truth.taken))
    ):
        headers = {"Idempotency-Key": one.key} if one.key else {}
        status, content = api.send("POST", "/v1/receipts", one.raw, **headers)
        answer = json.loads(content)
        if answer["id"] != one.answer["id"] or status not in {200, 201}:
            raise Wrong(f"{one.external_id} sent again: {status} {content!r}")
        if one.key and answer != one.answer:
            raise Wrong(f"{one.external_id} sent again under its key: another answer")
        if not one.key and (status, answer["status"]) != (200, "duplicate"):
            raise Wrong(f"{one.external_id} sent again: {status} {answer['status']}")


def _same(phone: str, what: str, told: object, true: object) -> None:
    if told != true:
        raise Wrong(f"{what} of {phone}: the system says {told}, true is {true}")
