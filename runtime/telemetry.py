"""Traces and figures, for installations with the extra `telemetry`; without it everything here is nothing.

Labels and attributes hold route templates, methods and statuses: never a path, a query string, an id of a customer.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from litestar.types import ASGIApp

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
OTLP: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"

Observe = Callable[[str, str, int, float], None]
Page = Callable[[], tuple[str, bytes]]


class Metrics:
    """Counts requests and measures them; `page` is what Prometheus scrapes.

    Each process has figures of its own unless PROMETHEUS_MULTIPROC_DIR names a folder where all put theirs.
    """

    def __init__(self, prometheus: Any) -> None:
        self._prometheus = prometheus
        self._registry = prometheus.CollectorRegistry()
        self._seconds = prometheus.Histogram(
            "regulars_http_request_seconds",
            "Time to answer a request, in seconds.",
            ["method", "route", "status"],
            buckets=BUCKETS,
            registry=None if os.environ.get(SHARED) else self._registry,
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._seconds.labels(method, route, str(status)).observe(seconds)

    def page(self) -> tuple[str, bytes]:
        """Return media type and text for a scrape."""
        registry = self._registry
        if os.environ.get(SHARED):
            from prometheus_client import multiprocess  # noqa: PLC0415 - an optional extra

            registry = self._prometheus.CollectorRegistry()
            collector: Any = multiprocess.MultiProcessCollector
            collector(registry)
        return self._prometheus.CONTENT_TYPE_LATEST, self._prometheus.generate_latest(registry)


def share_figures() -> None:
    """Give the processes started from here one folder for their figures, unless the operator named one."""
    os.environ.setdefault(SHARED, tempfile.mkdtemp(prefix="regulars-figures-"))


def metrics() -> Metrics | None:
    """Return the figures of this process; None when the extra is not installed."""
    try:
        import prometheus_client  # noqa: PLC0415 - an optional extra
    except ImportError:
        return None
    return Metrics(prometheus_client)


def traced(app: "ASGIApp", service: str, *, exporter: Any = None) -> "ASGIApp":
    """Return `app` with a span around each request, sent where OTEL_EXPORTER_OTLP_ENDPOINT says.

    Without the extra, or without an endpoint (or `exporter`), `app` comes back as it is.
    """
    if exporter is None and not os.environ.get(OTLP):
        return app
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an optional extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415
    except ImportError:
        return app
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    else:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    return _Traced(app, provider.get_tracer("regulars"))


class _Traced:
    """One server span per request, child of the caller's `traceparent`."""

    def __init__(self, app: "ASGIApp", tracer: Any) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request inside its span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.propagate import extract  # noqa: PLC0415 - an optional extra
        from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415

        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in _trace_headers(scope).items()}
        attributes = {"http.request.method": scope["method"]}
        with self._tracer.start_as_current_span(
            scope["method"], extract(sent), SpanKind.SERVER, attributes, record_exception=False
        ) as span:

            async def watched(message: Any) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, watched)
            finally:
                route = getattr(scope.get("regulars"), "route", "") or "?"
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)


def _trace_headers(scope: Mapping[str, Any]) -> dict[bytes, bytes]:
    return {name: value for name, value in scope["headers"] if name in {b"traceparent", b"tracestate"}}
