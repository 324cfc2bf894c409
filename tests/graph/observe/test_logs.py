"""Tests the log: one line of JSON for each request, with what an operator needs and nobody's secrets."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from graph.edge.asgi import App
from graph.observe.line_writer import LineWriter
from graph.observe.log import LineFormatter
from store.troubles import Troubles
from tests.patience import PATIENCE, until
from tests.small import ask, post, small_app

pytestmark = pytest.mark.anyio
QUERY = 'query Greeting($text: String!) { articles(first: 5) { title } echo(text: $text) hidden: echo(text: "b0dy") }'


def written(app: App) -> list[dict[str, Any]]:
    """Return the lines that an app wrote."""
    app.log.flush()
    assert app.log.writer.flush(PATIENCE)
    return [json.loads(line) for line in Path(f"/proc/self/fd/{app.log.writer.descriptor}").read_text().splitlines()]


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Give what makes an app that logs where it can be read."""
    with (tmp_path / "log").open("w") as file:
        writer = LineWriter(Troubles(), file.fileno())
        yield lambda **given: small_app(**{"request_log": True, "writer": writer, **given})


async def test_a_request_is_one_line_without_body_variables_or_key(logged: Callable[..., App]) -> None:
    app = logged(keys=(f"desk:{sha256(b's3cret').hexdigest()}:drafts:read",))
    reply = await post(app, QUERY, variables={"text": "var1able"}, headers={"authorization": "Bearer s3cret"})
    (line,) = written(app)
    assert line.pop("time").endswith("Z")
    assert line.pop("milliseconds") > 0
    assert line == {
        "level": "info",
        "event": "request",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "code": "",
        "kind": "query",
        "operation": "Greeting",
        "how": "interpreted",
        "cost": 5,
        "bytes": len(reply.body),
        "client": "192.0.2.1",
    }


async def test_a_refusal_has_its_code_and_names_that_clients_chose_stay_on_one_line(logged: Callable[..., App]) -> None:
    app = logged()
    await post(app, "{ hello }", operationName="\r\n\x1b[31mforged")
    await ask(app, "B\r\nREW" + "x" * 1_000)
    await post(app, "{ nothing }")
    lines = written(app)
    assert [line["code"] for line in lines] == [
        "OPERATION_NOT_FOUND",
        "METHOD_NOT_ALLOWED",
        "GRAPHQL_VALIDATION_FAILED",
    ]
    assert len(lines[1]["method"]) == 100


async def test_slow_operations_are_warnings_and_are_written_where_others_are_not(logged: Callable[..., App]) -> None:
    seconds = [0.0]
    app = logged(request_log=False, slow_seconds=1, clock=lambda: seconds[0])
    await post(app, "query Quick { hello }")
    slow = asyncio.create_task(post(app, "query Slow { slow(seconds: 0.01) }"))
    await asyncio.to_thread(until, lambda: app.admission.requests.taken == 1)
    seconds[0] = 1.1
    await slow
    (line,) = written(app)
    assert (line["level"], line["event"], line["operation"]) == ("warning", "slow", "Slow")
    assert line["milliseconds"] == 1_100


async def test_a_failure_is_one_line_with_its_id_and_traceback(caplog: pytest.LogCaptureFixture) -> None:
    reply = await post(small_app(), "{ broken }")
    (record,) = caplog.records
    line = LineFormatter().format(record)
    told = json.loads(line)
    assert "\n" not in line
    assert list(told) == ["time", "level", "event", "message", "traceback"]
    assert told["time"].endswith("Z")
    assert (told["level"], told["event"]) == ("error", "broadsheet.errors")
    assert reply.json["errors"][0]["extensions"]["id"] in told["message"]
    assert "KeyError: '/srv/secret/path'" in told["traceback"]


def test_a_line_has_no_keys_of_libraries() -> None:
    record = logging.LogRecord("uvicorn", logging.INFO, "a.py", 1, "Started %d", (7,), None)
    vars(record).update(color_message="Started \x1b[36m%d\x1b[0m", level="none", event="else")
    line = json.loads(LineFormatter().format(record))
    assert list(line) == ["time", "level", "event", "message"]
    assert (line["event"], line["message"]) == ("uvicorn", "Started 7")


def test_what_others_log_is_one_line_too() -> None:
    record = logging.LogRecord("uvicorn", logging.WARNING, "a.py", 1, "odd %s", ("\r\n\x1b[0m",), None)
    line = LineFormatter().format(record)
    assert line.isprintable()
    assert json.loads(line)["message"] == "odd \r\n\x1b[0m"
