"""Puts a server together of a store's file and settings, and runs it until it is told to stop."""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from ctypes import c_bool
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graph.edge.asgi import App
from graph.edge.auth import Keys
from graph.edge.keys_file import load
from graph.edge.pages import DOCUMENTS, Pages
from graph.edge.persisted import documents
from graph.execute.context import Context, Viewer
from graph.execute.execution import Answer
from graph.execute.operations import Operations, planned_operations
from graph.observe import log
from graph.observe.line_writer import LineWriter
from graph.observe.request_record import RequestRecord
from graph.observe.troubles_of_parent import TroublesOfParent
from graph.schema.build import schema
from graph.serve import uvicorn_server
from graph.serve.watch import task, watching
from graph.serve.workers import Workers, end_with_parent
from graph.settings import Settings, SettingsError, variable
from store.base import Store
from store.errors import StoreError
from store.files.ingest import Report
from store.files.source import Source
from store.tiny.store import TinyStore
from store.troubles import Troubles


def run(  # noqa: PLR0913 -- options, by keyword
    settings: Settings,
    path: Path,
    sources: Sequence[Source],
    writer: LineWriter,
    *,
    ingested: Report,
    watch: Callable[[Report], None] | None = None,
) -> None:
    """Serve the store at *path*, with the folders as they were *ingested*, until SIGINT or SIGTERM.

    *writer* writes the log. With *watch* edits of the folders are taken up, and it is called with the report of each
    such ingest. Raises OSError where the port is taken, StoreError where the store cannot be opened.
    """
    # What raises does so before anything starts, and not in every worker.
    traced(settings)
    Keys(settings)  # those of the settings
    load(settings.keys_file)
    troubles = writer.troubles
    for source in sources:
        reasons = [each.reason for each in ingested.held if each.folder == source.shown]
        if reasons:
            troubles.report(task(source), "; ".join(reasons))
    with watching(path, sources, watch, troubles, ingested) if watch and sources else nullcontext():
        if settings.workers < 2:
            work(settings, path, sources, writer)
        else:
            run_workers(settings, path, sources, writer)


def run_workers(settings: Settings, path: Path, sources: Sequence[Source], writer: LineWriter) -> None:
    """Serve by several processes, each of which tells of the troubles of this one, too. Raises as `run` does."""
    # As above: each is opened once here.
    TinyStore(path, follow=False).close()
    documents(settings, DOCUMENTS)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    address = (settings.host, settings.port)
    with (
        socket.create_server(address, family=family, backlog=uvicorn_server.BACKLOG) as listener,
        TemporaryDirectory(prefix="broadsheet-metrics-") as metrics,
    ):
        shared, told = Shared(listener, Path(metrics)), TroublesOfParent(Path(metrics))
        workers = Workers(settings.workers, writer.troubles, work_beside_others, settings, path, sources, shared)

        def tell() -> None:
            writer.check()
            told.publish(writer.troubles)

        fine = workers.run(settings.stop_seconds + 1, tell, listener.close)
    if not fine:
        raise StoreError("a worker did not end as it should; its last words are above")


@dataclass(frozen=True, slots=True)
class Shared:
    """What the workers of one server share: the socket they listen on, and a folder for metrics and troubles."""

    listener: socket.socket
    metrics: Path


def work_beside_others(
    begun: c_bool, settings: Settings, path: Path, sources: Sequence[Source], shared: Shared
) -> None:
    """Serve as one of several workers, and set the value of *begun* once requests are answered."""
    end_with_parent()
    writer = log.configure(Troubles())
    work(settings, path, sources, writer, shared=shared, begun=lambda: setattr(begun, "value", True))


def work(  # noqa: PLR0913 -- each part is handed in by name
    settings: Settings,
    path: Path,
    sources: Sequence[Source],
    writer: LineWriter,
    *,
    shared: Shared | None = None,
    begun: Callable[[], None] = lambda: None,
) -> None:
    """Serve the store at *path* in this process, alone or as a worker that shares with others; *writer* writes the log.

    *begun* is called once requests are answered.
    """
    with TinyStore(path, troubles=writer.troubles) as store, traced(settings) as spans:
        pages = Pages([source.location for source in sources], playground=settings.shows_playground, store=store)
        routes = pages.routes if settings.web else ()
        app = App(
            store,
            operations(settings, store),
            settings,
            routes,
            sources if settings.write_back else (),
            spans=spans,
            shared_metrics=shared.metrics if shared else None,
            troubles=writer.troubles,
            writer=writer,
        )
        uvicorn_server.serve(app, settings, shared.listener if shared else None, begun)


def traced(settings: Settings) -> AbstractContextManager[Callable[[RequestRecord], None] | None]:
    """Return what makes spans of requests for as long as it is entered, if anything does. Raises SettingsError."""
    if not settings.tracing:
        return nullcontext()
    try:
        from graph.observe.tracing import exported  # noqa: PLC0415 -- it is not installed where nobody asks for it
    except ImportError:
        raise SettingsError(f"{variable('tracing')}: needs pip install 'broadsheet[otel]'") from None
    return exported()


def operations(settings: Settings, store: Store | None = None) -> Operations:
    """Return what executes the schema's operations under these settings, counted with the lists of *store*."""
    if store is None:
        return planned_operations(schema()._schema, settings)
    return planned_operations(schema()._schema, settings, lambda: store.longest)


async def answered(
    store: Store, document: str, operation: str | None, variables: Mapping[str, Any], viewer: Viewer
) -> Answer:
    """Return the answer of one operation, without a server. Raises Refusal."""
    prepared = operations(Settings(), store).prepare(document, operation)
    prepared.cost(variables)
    return await prepared.execute(variables, Context(store, viewer))
