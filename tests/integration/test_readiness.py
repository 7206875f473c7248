"""Traffic comes only where the database has the schema this code is written for."""

import httpx
import pytest

import runtime.container


async def test_a_database_of_an_older_schema_is_not_ready(
    edge: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of the new code must not serve before `regulars migrate` has run; it is alive all the same."""
    assert (await edge.get("/health/ready")).status_code == 200

    monkeypatch.setattr(runtime.container, "newest_revision", lambda: "9999")

    refused = await edge.get("/health/ready")
    assert refused.status_code == 503
    assert "regulars migrate" in refused.text
    assert (await edge.get("/health/live")).status_code == 200
