"""Writes one line of JSON for whatever happens: each request, each slow operation, each error with its id.

JSON escapes control characters, so nothing that a client sends can begin a line of its own.
"""

import json
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any

import orjson
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

from graph.observe.line_writer import LineWriter, replace_standard_error
from graph.observe.request_record import RequestRecord
from graph.settings import Settings
from store.troubles import Troubles

log = logging.getLogger("broadsheet.threads")

FLUSH_SECONDS = 0.25
FLUSH_BYTES = 32 * 1024
NAME = 100
"""Most characters of a name that a client chose."""


class RequestLog:
    """One line a request. Lines are written in batches, at the latest with the first line a quarter second on."""

    def __init__(self, settings: Settings, writer: LineWriter) -> None:
        self.every, self.slow = settings.request_log, settings.slow_seconds
        self.writer = writer
        self.lines: list[bytes] = []
        self.size = 0
        self.due = 0.0

    def __call__(self, record: RequestRecord) -> None:
        """Log a request."""
        slow = record.seconds >= self.slow
        if not (self.every or slow):
            return
        line = encoded(entry(record, slow))
        self.lines.append(line)
        self.size += len(line)
        now = time.monotonic()
        if self.size >= FLUSH_BYTES or slow or record.status >= 500 or now >= self.due:
            self.flush()
            self.due = now + FLUSH_SECONDS

    def flush(self) -> None:
        """Hand over what waits."""
        if self.lines:
            self.writer.write(b"".join(self.lines))
            self.lines.clear()
            self.size = 0


def entry(record: RequestRecord, slow: bool) -> dict[str, object]:
    """Return a request as it is logged."""
    return {
        "time": instant(datetime.now(UTC)),
        "level": "warning" if slow else "info",
        "event": "slow" if slow else "request",
        "method": record.method[:NAME],
        "path": record.path[:NAME],
        "status": record.status,
        "code": record.code,
        "kind": record.kind,
        "operation": record.operation[:NAME],
        "how": record.how,
        "cost": record.cost,
        "milliseconds": round(record.seconds * 1000, 3),
        "bytes": record.bytes,
        "client": record.client,
    }


def encoded(fields: dict[str, Any]) -> bytes:
    """Return fields as a line of JSON, whatever text they hold: names of files need be no Unicode."""
    try:
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return json.dumps(fields, default=repr).encode() + b"\n"


def instant(time: datetime) -> str:
    """Return a time as RFC 3339 has it, in UTC and milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


KEYS = ("time", "level", "event", "message", "traceback")
"""Keys of a line that is not of a request."""


class LineFormatter(OrjsonFormatter):
    """Formats everything else that is logged, traceback and all, as one line of JSON with the keys of a request's."""

    def __init__(self) -> None:
        names = {"levelname": "level", "name": "event", "exc_info": "traceback"}
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields=names,
            timestamp="time",
            reserved_attrs=[*RESERVED_ATTRS, *KEYS],
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are written; what a library adds to them is left out, such as colours."""
        fields = {**log_data, "time": instant(log_data["time"]), "level": str(log_data["level"]).lower()}
        return {key: fields[key] for key in KEYS if key in fields}

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Return the fields as they are written, in one line."""
        return encoded(log_data)[:-1].decode()


class LineHandler(logging.Handler):
    """Hands over what is logged; a record that cannot be formatted is logged as that."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self.writer = writer
        self.setFormatter(LineFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record; never raises."""
        try:
            line = self.format(record)
        except Exception as error:
            told = {"name": record.name, "levelname": "ERROR", "msg": "a line of the log could not be formatted"}
            line = self.format(logging.makeLogRecord({**told, "exc_info": (type(error), error, error.__traceback__)}))
        self.writer.write(line.encode() + b"\n")


def configure(troubles: Troubles, level: str = "INFO") -> LineWriter:
    """Send all logging of the process to standard error as JSON lines, and return what writes them.

    Nothing that prints there can fail or wait from now on; while it cannot be written that is one of the *troubles*.
    """
    writer = replace_standard_error(troubles)
    logging.basicConfig(level=level, handlers=[LineHandler(writer)], force=True)
    logging.captureWarnings(True)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it has a line for every edit
    threading.excepthook = log_end_of_thread
    return writer


def log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Log a thread that ended with an error, as one line."""
    if ended.exc_value is not None:
        name = ended.thread.name if ended.thread else "unknown"
        log.error("the thread %r ended", name, exc_info=ended.exc_value)
