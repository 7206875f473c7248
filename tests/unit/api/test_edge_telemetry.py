"""Figures and traces name routes, never people."""

import httpx
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from runtime.telemetry import metrics, traced
from tests.unit.api.edge import OWNER, FakeWorld, client, edge

ANY_ID = "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d"


async def test_metrics_are_there_only_when_they_are_switched_on() -> None:
    """The extra is optional, and so is the page."""
    async with client(edge(FakeWorld())) as http:
        assert (await http.get("/metrics")).status_code == 404


async def test_metrics_count_by_route_method_and_status() -> None:
    """S8: no path, no id, no query string, no method of somebody's own making in a label."""
    figures = metrics()
    assert figures is not None
    app = edge(FakeWorld(), more={"observe": figures.observe, "metrics_page": figures.page})
    async with client(app) as http:
        await http.get(f"/v1/things/{ANY_ID}?phone=1")
        await http.get("/v1/things")
        await http.request("PHONE79350004567", "/v1/things")
        page = await http.get("/metrics")

    assert page.headers["Content-Type"].startswith("text/plain")
    assert 'route="/v1/things/{thing_id}",status="400"' in page.text
    assert 'regulars_http_request_seconds_count{method="GET",route="/v1/things",status="200"} 1.0' in page.text
    assert ANY_ID not in page.text
    assert "79350004567" not in page.text


async def test_a_span_joins_the_callers_trace_and_names_the_route() -> None:
    """A till's trace goes on in ours; a fault marks the span without its text."""
    spans = InMemorySpanExporter()
    app = traced(edge(FakeWorld()), "regulars-web", exporter=spans)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
        base_url="http://edge.test",
        headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01", **OWNER},
    ) as http:
        await http.get(f"/v1/things/{ANY_ID}")
        await http.post("/v1/things", json={"name": "boom"})

    one, fault = spans.get_finished_spans()
    assert (one.name, f"{one.context.trace_id:032x}") == ("GET /v1/things/{thing_id}", trace)
    assert dict(one.attributes or {})["http.response.status_code"] == 404
    assert fault.status.status_code.name == "ERROR"
    assert ANY_ID not in one.to_json() + fault.to_json()
    assert "79350004567" not in fault.to_json()


async def test_without_an_endpoint_nothing_is_wrapped() -> None:
    """No exporter, no cost."""
    app = edge(FakeWorld())

    assert traced(app, "regulars-web") is app
