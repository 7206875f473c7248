"""Restricted goods by law."""

from datetime import date

import pytest

from domain.loyalty.restrictions import NO_RESTRICTIONS, Action
from tenancy.jurisdictions import JURISDICTIONS, NO_NATIONAL_ROW, jurisdiction_of, restricted_goods
from tenancy.restricted_goods import ACTIONS, ROWS

TODAY = date(2026, 11, 21)
GOODS = (
    "tobacco",
    "nicotine",
    "nicotine_device",
    "alcohol",
    "infant_formula",
    "medicine",
    "fixed_price",
    "lottery",
)


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
@pytest.mark.parametrize("goods", GOODS)
def test_every_kind_of_goods_has_a_ruling_for_every_action(jurisdiction: str, goods: str) -> None:
    """No cell of the table is missing, and each names its source."""
    pack = restricted_goods(jurisdiction, TODAY)
    for action in Action:
        assert pack.rulings[goods, action].source


def test_the_data_is_well_formed() -> None:
    """Seven cells a row, verdict and mark from the closed lists, conditions only on R."""
    assert {action.value for action in Action} == set(ACTIONS)
    for row in ROWS:
        cells = dict(zip(ACTIONS, row.cells.split(), strict=True))
        assert all(cell[0] in "FRA" and cell[1:] in {"S", "s", "M"} for cell in cells.values())
        assert all(cells[action][0] == "R" for action, _ in row.conditions)
        assert row.law in JURISDICTIONS
        assert row.goods in GOODS


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
@pytest.mark.parametrize("goods", ["tobacco", "nicotine", "nicotine_device"])
@pytest.mark.parametrize("action", Action)
def test_tobacco_is_forbidden_everywhere_in_everything(jurisdiction: str, goods: str, action: Action) -> None:
    """F by law in RU and UA; in the EU promotion is national, and without a national row forbidden."""
    assert restricted_goods(jurisdiction, TODAY).refusal([goods], action) is not None


def test_g6_an_r_without_a_national_row_is_forbidden_and_says_so() -> None:
    """Vector G6."""
    assert restricted_goods("eu", TODAY).refusal(["tobacco"], Action.EARN) == NO_NATIONAL_ROW


def test_g5_wine_is_not_advertised_with_a_discount_in_ukraine() -> None:
    """Vector G5, as far as goods decide it: alcohol/ua/advertise = F."""
    assert restricted_goods("ua", TODAY).refusal(["alcohol"], Action.ADVERTISE) is not None


def test_g3_infant_formula_takes_no_discount_in_the_eu() -> None:
    """Vector G3, as far as goods decide it."""
    pack = restricted_goods("eu", TODAY)
    assert pack.refusal(["infant_formula"], Action.DISCOUNT) == "2016/127/10"
    assert pack.refusal([], Action.DISCOUNT) is None


def test_g4_russian_alcohol_needs_its_minimum_price() -> None:
    """Vector G4: allowed above the minimum, so the minimum must be known."""
    pack = restricted_goods("ru", TODAY)
    assert pack.refusal(["alcohol"], Action.DISCOUNT, minimum_price=38000) is None
    assert pack.refusal(["alcohol"], Action.DISCOUNT) is not None
    assert pack.refusal(["alcohol"], Action.GIFT, minimum_price=38000) is not None


def test_what_is_allowed_is_allowed() -> None:
    """RU: points on medicines and infant formula."""
    pack = restricted_goods("ru", TODAY)
    assert pack.refusal(["medicine"], Action.EARN) is None
    assert pack.refusal(["infant_formula"], Action.SPEND) is None


def test_one_forbidden_mark_is_enough() -> None:
    """A line may have several restrictions: the strictest wins."""
    assert restricted_goods("ru", TODAY).refusal(["medicine", "tobacco"], Action.EARN) == "15-ФЗ/16"


def test_law_has_dates() -> None:
    """UA pharmacies: the ban of March 2025, the new order of December; before the first row nothing is known."""
    assert restricted_goods("ua", date(2025, 3, 1)).refusal(["medicine"], Action.EARN) == "КМУ 168 of 2025"
    assert restricted_goods("ua", date(2025, 12, 26)).refusal(["medicine"], Action.EARN) == NO_NATIONAL_ROW
    assert restricted_goods("ua", date(2025, 2, 28)).refusal(["medicine"], Action.EARN) is None


def test_unknown_goods_are_never_gifts_prizes_or_advertised() -> None:
    """The rule for a category the table does not know."""
    pack = restricted_goods("ru", TODAY)
    refused = {action for action in Action if pack.refusal(["fireworks"], action)}
    assert refused == {Action.GIFT, Action.CONTEST, Action.ADVERTISE}
    assert NO_RESTRICTIONS.refusal(["fireworks"], Action.GIFT) is not None


def test_countries_and_their_packs() -> None:
    """A country without a pack of its own gets the strictest."""
    assert [jurisdiction_of(c) for c in ("RU", "ru", "UA", "DE", "KZ")] == ["ru", "ru", "ua", "eu", "eu"]
    with pytest.raises(ValueError, match="no jurisdiction"):
        restricted_goods("mars", TODAY)
