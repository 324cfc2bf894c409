"""Serves pages to browsers: the reader and the playground's files; the folders' pictures are `pictures`' to serve.

The pages are built from `web/` into the folder `graph/web`, and are part of the wheel. Where they have not been built
the API answers as ever, and a plain page says how to get them.
"""

from collections.abc import Sequence
from mimetypes import guess_type
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from graph.edge.compression import chosen
from graph.edge.pictures import Pictures, inside
from store.base import Store

WEB = Path(__file__).parent.parent / "web"
"""Where the built pages are."""

DOCUMENTS = WEB / "documents"
"""What the reader asks: each document is a file, named by the SHA-256 of its text."""

READER_PATHS = (
    "/",
    "/article/{path:path}",
    "/topic/{slug:path}",
    "/provider/{domain}",
    "/search",
    "/topics",
    "/providers",
)
"""Addresses of the reader, which reads in the address what to show."""

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
READER_POLICY = (
    f"{NOTHING}; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' http: https:"  # articles show pictures of their providers
)
PLAYGROUND_POLICY = (
    f"{NOTHING}; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self' data:; "  # the editor's icons and its typeface come in its style sheet
    "style-src 'self' 'unsafe-inline'"  # it writes its themes and the place of each line as styles, and takes no nonce
)
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": READER_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

UNBUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Broadsheet</title>
<h1>Broadsheet</h1>
<p>The API answers at <code>/graphql</code>. Its reader and its playground are not part of this checkout yet:
<code>make web</code> builds them, with Node 20.19 or newer.</p>
"""


INVITATION = '<meta name="broadsheet:playground" content="/graphql" />'
"""By this the reader knows that there is a playground to link to."""


class Pages:
    """The pages of one server.

    `folders` are those whose articles it serves, and whose pictures it may show, as *store* says; `playground` says if
    there is one.
    """

    def __init__(
        self, folders: Sequence[Path] = (), web: Path = WEB, playground: bool = True, store: Store | None = None
    ) -> None:
        self.pictures = Pictures(folders, store)
        self.web = web.resolve()
        self.playground = playground

    @property
    def routes(self) -> list[BaseRoute]:
        """What to add to the application; `/graphql` stays its own."""
        return [
            *(Route(path, self.reader) for path in READER_PATHS),
            Route("/web/{name:path}", self.asset),
            Route("/pictures/{name:path}", self.pictures.picture),
        ]

    def reader(self, _: Request) -> Response:
        """Answer with the reader, whatever part of it is asked for; where it was not built, with how to build it."""
        built = self.web / "reader.html"
        page = built.read_text(encoding="utf-8") if built.is_file() else UNBUILT
        return HTMLResponse(page if self.playground else page.replace(INVITATION, ""), headers=HEADERS)

    def asset(self, request: Request) -> Response:
        """Answer with a built file, gzipped where that is preferred; its name changes with its content."""
        path = inside(self.web, request.path_params["name"])
        if path is None or path.suffix == ".gz":
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        media = guess_type(path.name)[0]
        zipped = path.with_name(path.name + ".gz")
        if zipped.is_file():
            headers["Vary"] = "Accept-Encoding"
            if chosen(",".join(request.headers.getlist("accept-encoding")), ("gzip",)):
                return FileResponse(zipped, media_type=media, headers={**headers, "Content-Encoding": "gzip"})
        return FileResponse(path, media_type=media, headers=headers)
