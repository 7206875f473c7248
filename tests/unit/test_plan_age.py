"""Plans are made anew while a database is young."""

from types import SimpleNamespace

from persistence.database import TillConnection
from persistence.plan_age import DISCARD, SECONDS, PlanAge


def test_plans_are_dropped_at_every_doubling_and_once_a_minute() -> None:
    """Uses 1, 2, 4, 8 …, and whatever is older than a minute."""
    now = [0.0]
    age = PlanAge(lambda: now[0])
    assert [use for use in range(1, 40) if age.due()] == [1, 2, 4, 8, 16, 32]
    now[0] += SECONDS
    assert [age.due(), age.due()] == [True, False]


def test_a_connection_that_goes_back_to_the_pool_usually_costs_nothing() -> None:
    """The till's pool resets nothing; a round trip more at each doubling renews the plans."""
    connection = SimpleNamespace(_plans=None)
    asked = [TillConnection.get_reset_query(connection) for _ in range(40)]  # type: ignore[arg-type]
    assert set(asked) == {"", DISCARD}
    assert asked.count(DISCARD) == 6
