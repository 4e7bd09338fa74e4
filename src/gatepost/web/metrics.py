"""What Prometheus reads: requests by route, and the pool of connections."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gatepost.session import Database

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one application."""

    def __init__(self, database: Database) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time to answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        for name, what in _POOL.items():
            gauge = Gauge(f"database_pool_{name}", what, registry=self._registry)
            gauge.set_function(lambda name=name: database.statistics().get(name, 0))  # type: ignore[misc]

    def seen(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self._registry)


_POOL = {
    "pool_size": "Connections that there are",
    "pool_available": "Connections that are free",
    "requests_waiting": "Requests that wait for a connection",
    "requests_errors": "Requests that got none in time, since the start",
    "connections_lost": "Connections that broke, since the start",
}
