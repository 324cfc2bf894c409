"""Answers are compressed as the client likes, in the encodings whose libraries are installed, and each only once."""

import gzip
import subprocess
import sys
from urllib.parse import urlencode

import brotli
import orjson
import pytest
import zstandard

from graph.edge.compression import Compressed
from tests.small import JSON, ask, small_app

pytestmark = pytest.mark.anyio

LONG = urlencode({"query": "{ articles(first: 100) { title number } }"}).encode()
HELLO = urlencode({"query": "{ hello }"}).encode()


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("", None), ("identity", None), ("gzip", "gzip"), ("gzip, deflate, br, zstd", "br"), ("gzip, br", "br"),
        ("zstd, br, gzip", "br"), ("zstd, gzip", "gzip"), ("zstd", "zstd"), ("zstd, br;q=0.9, gzip;q=0.9", "zstd"),
        ("zstd;q=0.5, br;q=0, gzip;q=0", "zstd"), ("br;q=0.1, gzip;q=0.2", "gzip"), ("gzip;q=0", None), ("*", "br"),
        ("zstd, *;q=0", "zstd"), ("*;q=0", None), ("x-unknown", None), ("identity, gzip;q=0.5", None),
        ("br;q=nan, gzip", "gzip"), ("gzip;q=nan", None),
    ],
)  # fmt: skip
async def test_answers_are_compressed_as_the_client_likes(accept: str, encoding: str | None) -> None:
    plain = await ask(small_app(), "GET", query=LONG)
    reply = await ask(small_app(), "GET", query=LONG, headers={"accept-encoding": accept} if accept else {})
    unpack = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress}[encoding]
    assert reply.headers.get("content-encoding") == encoding
    assert unpack(reply.body) == plain.body
    assert (reply.headers["etag"] == plain.headers["etag"]) == (encoding is None)
    assert "accept-encoding" in reply.headers["vary"]


async def test_small_answers_are_not_compressed_and_large_ones_only_once() -> None:
    app, headers = small_app(), {"accept-encoding": "gzip"}
    assert "content-encoding" not in (await ask(app, "GET", query=HELLO, headers=headers)).headers
    for _ in range(3):
        await ask(app, "GET", query=LONG, headers=headers)
    assert len(app.endpoint.render.compressed.cache) == 1


async def test_media_types_do_not_share_a_compressed_answer() -> None:
    app = small_app()
    for accept in (JSON, "application/graphql-response+json"):
        reply = await ask(app, "GET", query=LONG, headers={"accept": accept, "accept-encoding": "gzip"})
        assert reply.headers["content-type"].startswith(accept)
        assert len(orjson.loads(gzip.decompress(reply.body))["data"]["articles"]) == 100


def test_the_answers_used_longest_ago_make_way_and_one_larger_than_all_room_is_not_kept() -> None:
    large = bytes(range(256)) * 4
    compressed = Compressed(3 * len(gzip.compress(large)))
    for tag in "abacd":
        compressed.of(large, "gzip", tag)
    assert {tag for tag, _ in compressed.cache} == {"a", "c", "d"}
    compressed = Compressed(10)
    assert gzip.decompress(compressed.of(large, "gzip", "a")) == large
    assert not compressed.cache


WITHOUT_LIBRARIES = """
import asyncio, sys
sys.modules["brotli"] = sys.modules["zstandard"] = None  # has their import fail
from tests.small import ask, small_app
query, accept = sys.argv[1:]
reply = asyncio.run(ask(small_app(), "GET", query=query.encode(), headers={"accept-encoding": accept}))
print(reply.status, reply.headers.get("content-encoding"))
"""


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [("gzip, deflate, br, zstd", "gzip"), ("br, zstd", None), ("*", "gzip"), ("zstd, gzip;q=0.1", "gzip")],
)
def test_where_the_libraries_of_the_others_are_missing_gzip_alone_is_offered(accept: str, encoding: str | None) -> None:
    command = [sys.executable, "-c", WITHOUT_LIBRARIES, LONG.decode(), accept]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"200 {encoding}\n"
