"""Answers an operator's probes: `/health` says that the process lives, `/ready` what is loaded, `/metrics` counts.

With several workers the one that takes the connection answers: for itself, but to Prometheus for all of them.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from graph.errors import masked
from graph.observe.log import instant
from graph.observe.metrics import Metrics, Samples, Values
from store.base import Store
from store.criteria import Criteria
from store.files.write_back import Desk
from store.troubles import Trouble

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Probes:
    """The routes `/health`, `/ready` and `/metrics`."""

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        samples: Callable[[], Samples],
        troubles: Callable[[], Sequence[Trouble]],
        desk: Desk,
    ) -> None:
        """Tell of *store*, of what *samples* counts, of *desk*, and of the *troubles* at the moment of asking."""
        self.store, self.metrics, self.samples, self.troubles = store, metrics, samples, troubles
        self.desk = desk
        self._serving = False

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Be ready for as long as the context lasts: from the server's start to its stop."""
        self._serving = True
        try:
            yield
        finally:
            self._serving = False

    @property
    def routes(self) -> list[BaseRoute]:
        """What to add to the application."""
        answers: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/health": self.health,
            "/ready": self.ready,
            "/metrics": self.prometheus,
        }
        return [Route(path, answer) for path, answer in answers.items()]

    async def health(self, _: Request) -> Response:
        """Say that the process lives, and whether a search would still wait for the full text."""
        return json({"status": "ok", "search": "ready" if self.store.search_ready else "preparing"})

    async def ready(self, _: Request) -> Response:
        """Say what is loaded, or with 503 why nobody should be sent here; the log has the whole reason."""
        try:
            loaded = {"sequence": self.store.sequence, "articles": await self.articles(drafts=False)}
        except Exception as error:  # whatever it is, this one cannot answer
            masked(error, "/ready")
            return unready("the store cannot be read")
        if not self._serving:
            return unready("the server starts or stops")
        if self.store.stale is not None:
            return unready("the store is no longer followed")
        troubles = [
            {"task": each.task, "since": instant(each.since), "reason": each.reason} for each in self.troubles()
        ]
        return json({"status": "ready", **loaded, "writable": self.writable, "troubles": troubles})

    async def prometheus(self, _: Request) -> Response:
        """Answer Prometheus."""
        await self.publish()
        return Response(self.metrics.text(), media_type=PROMETHEUS)

    async def publish(self) -> None:
        """Bring the metrics up to date, and let other workers know of them."""
        store: Values = {
            "store_articles": ("Articles in the store, unpublished ones too.", await self.articles(drafts=True)),
            "store_sequence": ("The store's sequence.", self.store.sequence),
            "store_writable": ("Whether the store takes writes, and their files can be written.", self.writable),
            "store_stale": ("Whether the store is no longer followed.", self.store.stale is not None),
            "search_ready": ("Whether the full text is made.", self.store.search_ready),
        }
        samples, now = self.samples(), datetime.now(UTC)
        troubles = {each.task: (now - each.since).total_seconds() for each in self.troubles()}
        self.metrics.publish(Samples(samples.counters, {**samples.gauges, **store}, troubles))

    @property
    def writable(self) -> bool:
        """Whether a save would work, as far as the last ones tell."""
        return self.store.failure is None and self.desk.failure is None

    async def articles(self, drafts: bool) -> int:
        """Return how many articles there are; only Prometheus is given those that are unpublished."""
        (count,) = await self.store.count([Criteria(drafts=drafts)])
        return count


def unready(reason: str) -> Response:
    """Return the answer of a server that should not be asked."""
    return json({"status": "unready", "reason": reason}, 503)


def json(value: object, status: int = 200) -> Response:
    """Return a small JSON response that nobody keeps."""
    return Response(orjson.dumps(value), status, {"cache-control": "no-store"}, "application/json")
