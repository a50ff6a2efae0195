"""What the gateway counts, for Prometheus.

Rule: every metric of the room stands in this file; a label never holds what a stranger chose
(unknown tokens are counted, nothing of them is kept).
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one gateway process."""

    def __init__(self) -> None:
        # One more series for each counter, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        self.answers = Counter(
            "ocpi_ingest_answers",
            "Answers given, by OCPI module, HTTP method, HTTP status and OCPI status code.",
            ("module", "method", "http_status", "ocpi_status"),
            registry=self.registry,
        )
        self.accepted = Counter(
            "ocpi_ingest_documents_accepted",
            "Documents that Kafka acknowledged in the inbox, by partner.",
            ("module", "partner"),
            registry=self.registry,
        )
        self.rejected = Counter(
            "ocpi_ingest_documents_rejected",
            "Documents of known partners that were refused and kept, by reason.",
            ("module", "partner", "reason"),
            registry=self.registry,
        )
        self.unknown_tokens = Counter(
            "ocpi_ingest_unknown_tokens",
            "Requests with a token that no partner has, or with none.",
            registry=self.registry,
        )
        self.not_published = Counter(
            "ocpi_ingest_writes_not_acknowledged",
            "Writes that Kafka did not acknowledge in time; answered 503 with 3000.",
            registry=self.registry,
        )
        self.seconds = Histogram(
            "ocpi_ingest_answer_seconds",
            "Time from the request's head to its answer, by OCPI module.",
            ("module",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.writes_in_flight = Gauge(
            "ocpi_ingest_writes_in_flight",
            "Writes that wait for Kafka's acknowledgement.",
            registry=self.registry,
        )
        self.kafka_connected = Gauge(
            "ocpi_ingest_kafka_connected",
            "1 where Kafka answered and acknowledged the last write, else 0.",
            registry=self.registry,
        )
        # The children of a counter are found once, not on every request.
        self._answers: dict[tuple[str, str, int, int], Counter] = {}
        self._seconds: dict[str, Histogram] = {}
        self._accepted: dict[tuple[str, str], Counter] = {}

    def answered(
        self, *, module: str, method: str, http_status: int, status_code: int, seconds: float
    ) -> None:
        """Count one answer."""
        key = (module, method, http_status, status_code)
        counter = self._answers.get(key)
        if counter is None:
            counter = self._answers[key] = self.answers.labels(
                module, method, str(http_status), str(status_code)
            )
        counter.inc()
        histogram = self._seconds.get(module)
        if histogram is None:
            histogram = self._seconds[module] = self.seconds.labels(module)
        histogram.observe(seconds)

    def took_in(self, *, module: str, partner: str) -> None:
        """Count one document that Kafka acknowledged."""
        counter = self._accepted.get((module, partner))
        if counter is None:
            counter = self._accepted[module, partner] = self.accepted.labels(module, partner)
        counter.inc()

    def text(self) -> bytes:
        """Write all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
