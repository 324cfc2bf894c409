"""Mutates files: nothing crashes, each bad one is named with its line, and each good neighbour is read exactly.

A few hundred mutations by default; ten thousand with BROADSHEET_TEST_SCALE=large. The seeds are fixed.
"""

import asyncio
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import orjson
import pytest

from store.errors import ArticleError
from store.files import entities
from store.files.documents import Origin, read
from store.files.folder import Folder
from store.files.ingest import check
from store.files.listing import listed
from store.files.pool import Task, outcomes
from store.files.source import Source
from tests.calls import fewer_calls_than
from tests.scale import scaled

ROUNDS = scaled(300, 10_000)
CALLS = 2_500_000
"""Most calls to read a file of a mebibyte; the most hostile one takes 1,900,000, a fifth of a second."""
NEWSROOM = Path(__file__).parents[3] / "examples/newsroom"
ORIGIN = Origin("fuzz", datetime(2026, 11, 1, tzinfo=UTC), "https://example.org")
SEEDS = [path for path in sorted(NEWSROOM.rglob("*")) if path.suffix in {".md", ".yaml", ".json"}]

HEAD = b"---\ntitle: A\nprovider:\n  domain: example.org\n"
HOSTILE = {
    "deep-flow.md": HEAD + b"x: " + b"[" * 50_000 + b"]" * 50_000 + b"\n---\n",
    "deep-flow-mappings.md": HEAD + b"x: " + b"{a: " * 50_000 + b"\n---\n",
    "deep-block.md": HEAD + b"x:\n" + b"".join(b" " * n + b"a:\n" for n in range(1, 1000)) + b"---\n",
    "deep-dashes.md": HEAD + b"x:\n " + b"- " * 50_000 + b"\n---\n",
    "deep-questions.md": HEAD + b"? " * 50_000 + b"\n---\n",
    "deep.json": b'{"title": "A", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "date.md": HEAD + b"publishedDateTime: 2026-02-30\n---\n",
    "digits.md": HEAD + b"heat: " + b"9" * 5000 + b"\n---\n",
    "unknown-digits.md": HEAD + b"x: " + b"9" * 500_000 + b"\n---\n",
    "digits.json": b'{"title": "A", "originalUrl": "https://example.org", "x": ' + b"9" * 500_000 + b"}",
    "int-tag.md": HEAD + b"x: !!int x\n---\n",
    "timestamp-tag.md": HEAD + b"x: !!timestamp x\n---\n",
    "python-tag.md": HEAD + b"x: !!python/object/apply:os.system [exit]\n---\n",
    "surrogate.md": HEAD + b'x: "\\ud800"\n---\n',
    "surrogate-bytes.md": HEAD + b'x: "\xed\xa0\x80"\n---\n',
    "surrogate.json": b'{"title": "\\ud800", "originalUrl": "https://example.org"}',
    "laughs.md": HEAD + b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n---\n",
    "endless.md": HEAD + b"x: &a [*a]\n---\n",
    "merge.md": HEAD + b"x: &a {b: c}\ny:\n  <<: *a\n---\n",
    "duplicate.md": HEAD + b"title: B\n---\n",
    "nul.md": HEAD + b"x: \x00\n---\n",
    "latin.md": HEAD + b"x: caf\xe9\n---\n",
    "utf-16.yaml": "title: A".encode("utf-16"),
    "large-head.md": HEAD + b"x: " + b"a" * 2**20 + b"\n---\n",
    "open.md": HEAD,
    "null.json": b"null",
    "number.json": b"1e999",
    "words.json": b"no json",
    "list.yaml": b"- a\n- b\n",
    "two.yaml": b"title: A\n---\ntitle: B\n",
    "many-problems.md": b"---\n" + b"".join(b"- \n" for _ in range(50_000)) + b"---\n",
    "many-wrong.md": HEAD + b"topics:\n" + b"  - [a]\n" * 20_000 + b"---\n",
    "quotes.md": HEAD + b"x: '" + b"''" * 200_000 + b"\n---\n",
    "anchors.md": HEAD + b"x: &" + b"a" * 200_000 + b"\n---\n",
    "keys.md": HEAD + b"\n".join(b"? k%d" % n for n in range(50_000)) + b"\n? [a]\n---\n",
    "commas.md": HEAD + b"x: [" + b"a," * 500_000 + b"]\n---\n",
    "commas.json": b'{"x": [' + b"1," * 500_000 + b"1]}",
    "lines.md": HEAD + b"x:\n" + b"  - a\n" * 150_000 + b"---\n",
    "infinity.md": b"---\ntitle: [.inf]\n---\n",
}  # fmt: skip


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """Return *raw* after one to four accidents."""
    data = bytearray(raw)
    for _ in range(dice.randint(1, 4)):
        at, until = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        match dice.randrange(6):
            case 0 if data:
                data[min(at, len(data) - 1)] ^= 1 << dice.randrange(8)
            case 1:
                data[at:at] = dice.choice(
                    [b"&a ", b"*a", b"!!x ", b"[", b"{", b"- ", b": ", b"\t", b'"', b"\xff", b"\n---\n"]
                )
            case 2:
                del data[at : min(until, at + 200)]
            case 3:
                data[at:at] = data[at : min(until, at + 300)]
            case 4:
                data[at:until] = bytes(dice.randrange(256) for _ in range(min(until - at, 8)))
            case _:
                lines = bytes(data).split(b"\n")
                dice.shuffle(lines)
                data = bytearray(b"\n".join(lines))
    return bytes(data)


def check_refusal(error: ArticleError, raw: bytes, path: str) -> None:
    """Look whether each problem stands on one line and names one of the file's."""
    assert error.problems
    for problem in error.problems:
        assert problem.path == path
        assert problem.line is not None
        assert 1 <= problem.line <= raw.count(b"\n") + raw.count(b"\r") + 1
        assert str(problem).replace("\u00a0", " ").isprintable()


def tried(raw: bytes, path: str) -> None:
    """Read *raw*: a document is whole and can be served, a refusal names its place."""
    document, error = None, None
    with fewer_calls_than(CALLS):
        try:
            document = read(raw, path, ORIGIN)
        except ArticleError as caught:
            error = caught
    if error is not None:
        check_refusal(error, raw, path)
    elif document is not None:
        assert msgspec.json.encode(entities.entity(document))
        assert orjson.dumps(document.metadata)


@pytest.mark.parametrize("part", range(10))
def test_a_mutated_file_is_read_or_named(part: int) -> None:
    dice = random.Random(part)
    for _ in range(ROUNDS // 10):
        seed = dice.choice(SEEDS)
        tried(mutated(seed.read_bytes(), dice), seed.name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_named_with_its_line(name: str) -> None:
    with pytest.raises(ArticleError):
        read(HOSTILE[name], name, ORIGIN)
    tried(HOSTILE[name], name)


def test_more_problems_than_anybody_reads_are_cut_short() -> None:
    with pytest.raises(ArticleError) as caught:
        read(HOSTILE["many-wrong.md"], "a.md", ORIGIN)
    assert len(caught.value.problems) == 50


def checked(folder: Path, processes: int) -> tuple[int, set[str]]:
    report = asyncio.run(check([Source(folder)], processes=processes))
    assert report.failed == len({problem.path for problem in report.problems})
    return report.added, {problem.path for problem in report.problems}


@pytest.mark.parametrize("processes", [1, 2])
def test_good_neighbours_of_bad_files_are_exact(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.files.pool.FEW", 10)
    for name, raw in HOSTILE.items():
        (tmp_path / name).write_bytes(raw)
    for number, seed in enumerate(SEEDS):
        (tmp_path / f"good-{number}-{seed.name}").write_bytes(seed.read_bytes())
    os.mkfifo(tmp_path / "fifo.md")
    assert checked(tmp_path, processes) == (len(SEEDS), {*HOSTILE, "fifo.md"})
    with Folder(tmp_path) as folder:
        made = outcomes(folder, Task(str(tmp_path), "", ORIGIN), listed(folder).files)
    exact = {
        f"good-{number}-{seed.name}": read(seed.read_bytes(), seed.name, ORIGIN) for number, seed in enumerate(SEEDS)
    }
    assert len(made.documents) == len(exact)
    for document in made.documents:
        one = exact[document.path]
        assert one is not None
        assert (document.metadata, document.body, document.digest) == (one.metadata, one.body, one.digest)
