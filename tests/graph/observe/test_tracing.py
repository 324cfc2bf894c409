"""Tests traces: a span for each request by the conventions' names, below its caller's; nothing at all when off."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from graph.edge.asgi import App
from graph.observe.tracing import Spans
from tests.graph.command.test_cli import ONE, asked, broadsheet, serving
from tests.newsrooms import write
from tests.small import ask, post, small_app

pytestmark = pytest.mark.anyio
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def app(exporter: InMemorySpanExporter) -> App:
    return small_app(spans=spans(exporter))


def spans(exporter: InMemorySpanExporter) -> Spans:
    """Return what makes spans that *exporter* gets at once."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Spans(provider)


async def test_a_request_is_a_span_with_the_names_of_the_conventions(app: App, exporter: InMemorySpanExporter) -> None:
    await post(app, 'query Greeting($secret: String = "s3cret") { hello echo(text: $secret) }')
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind, span.status.status_code) == ("query", SpanKind.SERVER, StatusCode.UNSET)
    assert dict(span.attributes or {}) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Greeting",
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.response.body.size": len(b'{"data":{"hello":"world","echo":"s3cret"}}'),
        "http.route": "/graphql",
        "url.path": "/graphql",
        "client.address": "192.0.2.1",
        "broadsheet.road": "asgi",
        "broadsheet.answered": "interpreted",
        "broadsheet.cost": 0,
    }
    assert "s3cret" not in span.to_json()
    assert lasted(span) > 0


def lasted(span: ReadableSpan) -> int:
    """Return how many nanoseconds a span has."""
    assert span.start_time is not None
    assert span.end_time is not None
    return span.end_time - span.start_time


async def test_a_span_lasts_as_long_as_its_request(app: App, exporter: InMemorySpanExporter) -> None:
    await post(app, "{ slow(seconds: 0.05) }")
    (span,) = exporter.get_finished_spans()
    assert 0.05 <= lasted(span) / 1e9 < 5


@pytest.mark.parametrize(
    ("query", "name", "error", "status"),
    [
        ("{ nothing }", "GraphQL Operation", "GRAPHQL_VALIDATION_FAILED", StatusCode.UNSET),
        ("{ refused }", "query", "BAD_USER_INPUT", StatusCode.UNSET),
        ("{ broken }", "query", "INTERNAL", StatusCode.ERROR),
        ("mutation { save(seconds: 5) }", "mutation", "TIMEOUT", StatusCode.ERROR),
    ],
)
async def test_what_went_wrong_is_the_error_type(
    exporter: InMemorySpanExporter, query: str, name: str, error: str, status: StatusCode
) -> None:
    await post(small_app(request_seconds=1, spans=spans(exporter)), query)
    (span,) = exporter.get_finished_spans()
    assert (span.name, (span.attributes or {})["error.type"], span.status.status_code) == (name, error, status)


async def test_a_span_is_below_that_of_its_caller(app: App, exporter: InMemorySpanExporter) -> None:
    for number in range(1, 4):
        await post(app, "{ hello }", headers={"traceparent": f"00-{TRACE}-000000000000000{number}-01"})
    contexts = [(span.parent, span.context) for span in exporter.get_finished_spans()]
    assert [(parent and parent.span_id, own and f"{own.trace_id:x}") for parent, own in contexts] == [
        (number, TRACE) for number in range(1, 4)
    ]
    assert len(app.endpoint.callers.by_headers) == 1


@pytest.mark.parametrize("header", ["00-nonsense", "", "é" * 100])
async def test_a_malformed_caller_is_passed_over(app: App, exporter: InMemorySpanExporter, header: str) -> None:
    reply = await post(app, "{ hello }", headers={"traceparent": header})
    (span,) = exporter.get_finished_spans()
    assert (reply.status, span.parent) == (200, None)


async def test_a_method_that_nobody_knows_is_other(app: App, exporter: InMemorySpanExporter) -> None:
    await ask(app, "BREW")
    (span,) = exporter.get_finished_spans()
    assert (span.attributes or {})["http.request.method"] == "_OTHER"


def test_nothing_of_it_is_imported_while_it_is_off() -> None:
    imports = "import sys, graph.command.main, graph.serve.site"
    told = f"{imports}; print([name for name in sys.modules if 'opentelemetry' in name])"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_without_the_extra_the_setting_says_what_to_install(tmp_path: Path) -> None:
    write(tmp_path, "one.md", ONE)
    told = (
        "import sys; sys.modules['opentelemetry'] = None; from graph.command.main import main;"
        f"main(['serve', {str(tmp_path)!r}, '--tracing'])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install 'broadsheet[otel]'" in done.stderr) == (1, True)


@contextmanager
def collecting() -> Iterator[tuple[int, list[ExportTraceServiceRequest]]]:
    """Run a collector on loopback, and give its port and what it received."""
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_sends_its_spans_to_the_collector_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    write(tmp_path / "in", "one.md", ONE)
    broadsheet("ingest", tmp_path / "in", "--store", tmp_path / "news.json")
    with collecting() as (port, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        with serving("--store", tmp_path / "news.json", "--tracing", "--workers", workers) as (url, process):
            asked(url, "query FrontPage { articles { nodes { title } } }")
        assert process.returncode == 0
    resources = [each for request in received for each in request.resource_spans]
    names = {
        pair.value.string_value for each in resources for pair in each.resource.attributes if pair.key == "service.name"
    }
    spans = [span for each in resources for scope in each.scope_spans for span in scope.spans]
    values = [pair.value.string_value for span in spans for pair in span.attributes if "name" in pair.key]
    assert (names, values) == ({"broadsheet"}, ["FrontPage"])
    assert "planned" in str(spans)
