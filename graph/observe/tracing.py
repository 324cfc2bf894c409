"""Makes OpenTelemetry spans of requests. Imported only where tracing is on; the extra `otel` installs what it needs.

A span is made when its request is answered, of what the log has too: no document, no variables, no key. Names are those
of the semantic conventions: https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import propagate
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from graph.errors import INTERNAL
from graph.observe.log import NAME
from graph.observe.request_record import RequestRecord

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "QUERY"})
SECOND = 1_000_000_000
"""Nanoseconds."""


class Spans:
    """The spans of one process."""

    def __init__(self, provider: TracerProvider) -> None:
        self.tracer = provider.get_tracer("broadsheet")

    def __call__(self, record: RequestRecord) -> None:
        """Make a span of a request, below that of its caller where the headers name one."""
        end = time.time_ns()
        span = self.tracer.start_span(
            record.kind or "GraphQL Operation",
            context=propagate.extract(carrier(record)),
            kind=SpanKind.SERVER,
            attributes=attributes(record),
            start_time=end - int(record.seconds * SECOND),
        )
        if record.status >= 500 or record.code == INTERNAL:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)


def carrier(record: RequestRecord) -> dict[str, str]:
    """Return the headers that name the caller's span."""
    wanted = propagate.get_global_textmap().fields
    return {name: value.decode("latin-1") for key, value in record.headers if (name := key.decode("latin-1")) in wanted}


def attributes(record: RequestRecord) -> dict[str, AttributeValue]:
    """Return what is known of a request, by the conventions' names."""
    found: dict[str, AttributeValue | None] = {
        "graphql.operation.type": record.kind,
        "graphql.operation.name": record.operation[:NAME],
        "error.type": record.code,
        "client.address": record.client,
        "url.path": record.path[:NAME],
        "broadsheet.road": record.road,
        "broadsheet.answered": record.how,
        "broadsheet.cost": record.cost,
    }
    if record.status:  # an operation on a socket is no request of its own
        found["http.request.method"] = record.method if record.method in METHODS else "_OTHER"
        found["http.response.status_code"] = record.status
        found["http.response.body.size"] = record.bytes
        found["http.route"] = record.path[:NAME]
    return {name: value for name, value in found.items() if value not in (None, "")}


@contextmanager
def exported() -> Iterator[Spans]:
    """Give spans that go to the collector that the `OTEL_*` variables name; the last of them go when it ends."""
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    provider = TracerProvider(resource=Resource.create({} if named else {SERVICE_NAME: "broadsheet"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield Spans(provider)
    finally:
        provider.shutdown()
