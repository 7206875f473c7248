"""The demo shop: real purchases, invented people, documents that anybody could send."""

import gzip
import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.schemas.customers import CustomerCreate
from api.schemas.receipts import SaleIn
from domain.customers.identifiers import normalise
from runtime.demo import documents, loader, people
from runtime.demo.client import Client
from runtime.demo.convert import convert
from runtime.demo.progress import Progress, only_loader, read_progress, write_progress
from runtime.demo.purchases import HEADER, LAST_DAY, TABLE, Purchase, purchases, weeks_forward
from runtime.settings import Settings

ROWS = purchases()
NUMBERS = st.integers(1, people.COUNT)
ADDRESS = re.compile(r"\+7935\d{7}")


def test_all_purchases_of_all_customers_are_there() -> None:
    """Issue 2, part 2: 23 570 customers, 69 659 purchases; those of no value are kept."""
    assert len(ROWS) == 69_659
    assert {row.customer for row in ROWS} == set(range(1, people.COUNT + 1))
    assert [row.row for row in ROWS] == list(range(1, 69_660))
    assert sum(row.cents == 0 for row in ROWS) == 80
    assert max(row.day for row in ROWS) == LAST_DAY


def test_the_table_says_where_it_comes_from() -> None:
    """Source and licence lie beside the data, and only the published file becomes our table."""
    words = TABLE.with_name("SOURCE.md").read_text()
    assert "Fader" in words
    assert "MIT" in words
    assert gzip.decompress(TABLE.read_bytes()).decode().startswith(HEADER + "\n")
    with pytest.raises(ValueError, match="not the CDNOW"):
        convert(b"customer_id  date\n")


@given(st.dates(date(2026, 1, 1), date(2100, 1, 1)))
def test_dates_move_by_whole_weeks_to_the_last_seven_days(today: date) -> None:
    """Decision 23: weekdays stay, the last purchase falls within the last seven days and never into the future."""
    moved = LAST_DAY + timedelta(weeks=weeks_forward(today))
    assert timedelta(days=1) <= today - moved <= timedelta(days=7)
    assert moved.weekday() == LAST_DAY.weekday()


@given(NUMBERS)
def test_a_number_is_always_the_same_person_with_a_sandbox_phone(number: int) -> None:
    """Decision 17: phones of a code that no carrier has; names fit the sex."""
    who = people.person(number)
    assert who == people.person(number)
    assert ADDRESS.fullmatch(who.phone)
    assert normalise("phone", who.phone, system=None, country="RU").value == who.phone
    assert who.middle_name.endswith("на" if who.sex == "female" else "ич")
    assert who.family_name.endswith("а") is (who.sex == "female")


def test_no_two_people_share_a_phone_and_names_are_many() -> None:
    """A shop's list looks like one: thousands of names, no family of hundreds."""
    everybody = [people.person(number) for number in range(1, people.COUNT + 1)]
    assert len({who.phone for who in everybody}) == people.COUNT
    names = Counter((who.given_name, who.middle_name, who.family_name) for who in everybody)
    assert len(names) > people.COUNT * 0.8
    assert max(names.values()) < 10


@given(st.sampled_from(ROWS), st.integers(1400, 1600))
def test_a_purchase_is_a_receipt_that_adds_up(row: Purchase, weeks: int) -> None:
    """Decision 23: one line, quantity = discs, the price of one rounded up, the rest as discount; cents are kopecks."""
    body = documents.receipt_body(row, weeks=weeks)
    SaleIn.model_validate_json(json.dumps(body), strict=True)
    (line,) = body["lines"]
    assert int(line["quantity"]) * line["unit_price"] - line["discount"] == line["total"] == body["total"] == row.cents
    assert 0 <= line["discount"] < row.cds
    assert body["external_id"] == str(row.row)
    assert sum(payment["amount"] for payment in body.get("payments", [])) == row.cents
    sold = datetime.fromisoformat(body["sold_at"])
    assert sold.date() == row.day + timedelta(weeks=weeks)
    assert sold.tzinfo is not None


@given(NUMBERS)
def test_a_person_is_a_customer_that_the_api_takes(number: int) -> None:
    """The loader sends what the contract describes, nothing else."""
    CustomerCreate.model_validate(documents.customer_body(number), strict=True)


def test_the_guest_comes_first_and_everybody_once() -> None:
    """The customer of the printed commands is there before the load ends."""
    parts = loader.parts()
    assert parts[0] == [people.GUEST]
    assert sorted(number for part in parts for number in part) == list(range(1, people.COUNT + 1))
    assert all(len(part) <= loader.BATCH for part in parts)


class Api:
    """Answers like the batch roads, and breaks off after a while like a machine that is switched off."""

    def __init__(self, calls: int | None = None) -> None:
        self.left = calls
        self.customers: set[str] = set()
        self.receipts: dict[str, str] = {}

    def post(self, path: str, body: dict[str, list[dict[str, object]]], stopping: Event) -> dict[str, object]:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                stopping.set()
                raise loader.Stopped
        if path == "/v1/customers/batch":
            return {"items": [{"status": self._customer(item)} for item in body["items"]]}
        return {"items": [{"status": self._receipt(item)} for item in body["items"]]}

    def _customer(self, item: dict[str, object]) -> str:
        phone = item["identifiers"][0]["value"]  # type: ignore[index]
        known = phone in self.customers
        self.customers.add(phone)
        return "existing" if known else "created"

    def _receipt(self, item: dict[str, object]) -> str:
        number, content = str(item["external_id"]), str(item)
        assert self.receipts.setdefault(number, content) == content, "the same number, another document"
        return "recorded"


def test_a_load_that_was_killed_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Natural keys make it safe, the kept number of weeks makes the second half the same documents."""
    api = Api(calls=40)
    monkeypatch.setattr(Client, "post", lambda self, path, body: api.post(path, body, self._stopping))
    settings = Settings(data_dir=tmp_path)

    first = loader.load_demo_shop(settings, "key", stopping=Event())
    assert not first.finished
    assert read_progress(tmp_path) == first
    api.left = None
    monkeypatch.setattr(loader, "weeks_forward", lambda _: 1)
    last = loader.load_demo_shop(settings, "key", stopping=Event())

    assert last.finished
    assert (last.customers, last.receipts, last.refused) == (people.COUNT, 69_659, 0)
    assert len(api.customers) == people.COUNT
    assert len(api.receipts) == 69_659


def test_only_one_process_loads(tmp_path: Path) -> None:
    """The second one is told so, and nothing is sent twice."""
    with only_loader(tmp_path) as alone:
        assert alone
        with pytest.raises(loader.AlreadyLoading):
            loader.load_demo_shop(Settings(data_dir=tmp_path), "key", stopping=Event())


def test_progress_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    """A broken file costs a second pass over known documents, never the start."""
    write_progress(tmp_path, Progress(weeks=3, done=[0]))
    assert read_progress(tmp_path) == Progress(weeks=3, done=[0])
    (tmp_path / "demo-progress.json").write_text("{")
    assert read_progress(tmp_path) is None
