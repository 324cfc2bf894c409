"""Tests what keys open, how documents are remembered or trusted, and that each answer goes to those it is for."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import orjson
import pytest
from click.testing import CliRunner, Result

from graph.command.main import main
from graph.edge.auth import Keys
from graph.edge.keys_file import SCOPES, add, load, remove
from graph.edge.parameters import Parameters
from graph.edge.persisted import TrustedDocuments, known
from graph.errors import Refusal
from graph.execute.context import Viewer
from graph.settings import Settings, SettingsError
from tests.graph.edge.test_websocket import ACK, INIT, opened, receive, send
from tests.serving import serving
from tests.small import GRAPHQL, JSON, Reply, SmallStore, ask, post, small_app

pytestmark = pytest.mark.anyio


def get(query: str, **given: object) -> bytes:
    return urlencode({"query": query, **{name: orjson.dumps(value).decode() for name, value in given.items()}}).encode()


def hashed(document: str) -> str:
    return sha256(document.encode()).hexdigest()


def persisted(digest: str, version: object = 1) -> dict[str, object]:
    return {"persistedQuery": {"version": version, "sha256Hash": digest}}


def test_a_key_is_shown_once_and_kept_as_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    key = add(path, "desk", ["articles:write", "drafts:read"])
    assert key not in path.read_text()
    assert hashed(key) in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    keys = Keys(Settings(keys_file=path))
    assert keys.viewer(key.encode()) == Viewer(drafts=True, secured=False, write=True)
    assert keys.viewer(b"bs_other") is None
    with pytest.raises(SettingsError, match="already has a key named 'desk'"):
        add(path, "desk", SCOPES)
    assert remove(path, "desk")
    assert not remove(path, "desk")
    assert load(path) == ()
    assert keys.refresh()
    assert keys.viewer(key.encode()) is None


@pytest.mark.parametrize("line", ["desk", "desk:abc:", f"a b:{'0' * 64}:", f"desk:{'0' * 64}:everything"])
def test_a_broken_line_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# keys\n{line}\n")
    with pytest.raises(SettingsError, match=r"keys:2: a key is NAME:SHA256") as caught:
        load(path)
    assert line not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "status", "rights"),
    [
        ({}, 200, [False, False, False]),
        ({"authorization": "Bearer opens"}, 200, [True, False, True]),
        ({"authorization": "bearer  opens "}, 200, [True, False, True]),
        ({"x-api-key": "opens"}, 200, [True, False, True]),
        ({"x-api-key": "Opens"}, 401, None),
        ({"authorization": "Bearer nobody"}, 401, None),
        ({"authorization": "Basic b3BlbnM="}, 401, None),
    ],
)
async def test_rights_come_from_keys(headers: dict[str, str], status: int, rights: list[bool] | None) -> None:
    app = small_app(keys=(f"desk:{hashed('opens')}:drafts:read+articles:write",))
    for _ in range(2):
        reply = await post(app, "{ rights }", headers=headers)
        assert reply.status == status
        if rights is None:
            assert (reply.code, reply.headers["www-authenticate"]) == ("UNAUTHENTICATED", 'Bearer realm="broadsheet"')
        else:
            assert reply.json == {"data": {"rights": rights}}


async def test_a_document_is_remembered_by_its_hash() -> None:
    app, document = small_app(), "{ hello }"
    extensions = persisted(hashed(document))
    reply = await post(app, None, extensions=extensions)
    assert (reply.code, reply.json["errors"][0]["message"]) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert (await post(app, document, extensions=extensions)).json == {"data": {"hello": "world"}}
    assert (await post(app, None, extensions=extensions)).json == {"data": {"hello": "world"}}
    query = urlencode({"extensions": orjson.dumps(extensions).decode()}).encode()
    assert (await ask(app, "GET", query=query)).json == {"data": {"hello": "world"}}
    assert (await post(app, None, documentId=f"sha256:{hashed(document)}")).json == {"data": {"hello": "world"}}


async def test_a_hash_must_be_that_of_the_document() -> None:
    reply = await post(small_app(), "{ hello }", extensions=persisted(hashed("{ other }")))
    assert reply.code == "PERSISTED_QUERY_HASH_MISMATCH"


@pytest.mark.parametrize("value", [1, [], {}, {"version": 2, "sha256Hash": "a"}, {"version": 1, "sha256Hash": 1}])
async def test_a_malformed_extension_is_a_400(value: object) -> None:
    reply = await post(small_app(), None, extensions={"persistedQuery": value})
    assert (reply.status, reply.code) == (400, "BAD_REQUEST")


async def test_only_so_many_documents_are_remembered_and_none_that_fails() -> None:
    app = small_app(persisted=2)
    documents = [f'{{ echo(text: "{n}") }}' for n in range(3)]
    for document in documents:
        await post(app, document, extensions=persisted(hashed(document)))
    codes = [(await post(app, None, extensions=persisted(hashed(document)))).json for document in documents]
    assert [("errors" in each) for each in codes] == [True, False, False]
    await post(app, "{ nothing }", extensions=persisted(hashed("{ nothing }")))
    assert (await post(app, None, extensions=persisted(hashed("{ nothing }")))).code == "PERSISTED_QUERY_NOT_FOUND"
    off = await post(small_app(persisted=0), None, extensions=persisted(hashed("{ hello }")))
    assert off.code == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_with_trusted_documents_nothing_else_is_executed(tmp_path: Path) -> None:
    (tmp_path / "Hello.graphql").write_text("{ hello }\n")
    app = small_app(trusted_documents=tmp_path)
    answer = {"data": {"hello": "world"}}
    for given in (
        {"documentId": "Hello"},
        {"documentId": hashed("{ hello }")},
        {"extensions": persisted(hashed("{ hello }\n"))},
    ):
        assert (await post(app, None, **given)).json == answer
    assert (await post(app, "{ hello }")).json == answer
    for query in ("{ rights }", "{ hello  }", "Hello", ""):
        assert (await post(app, query)).code == "DOCUMENT_NOT_TRUSTED"
    assert (await post(app, None, documentId="../Hello")).code == "DOCUMENT_NOT_TRUSTED"


WRITTEN = 'query Echo {\n  hello\n  echo(text: """\n  a\n  ü\n  """)\n}\n'
ECHOED = {"data": {"hello": "world", "echo": "a\nü"}}
SPELLINGS = {
    "LF": WRITTEN,
    "CR LF": WRITTEN.replace("\n", "\r\n"),
    "CR": WRITTEN.replace("\n", "\r"),
    "no line end at the end": WRITTEN.strip(),
    "CR LF, no line end at the end": WRITTEN.strip().replace("\n", "\r\n"),
    "a BOM": "\ufeff" + WRITTEN,
    "a BOM and CR LF": "\ufeff" + WRITTEN.replace("\n", "\r\n"),
    "both kinds of line ends": WRITTEN.replace("\n", "\r\n", 1),
    "blank lines around it": f"\n\n{WRITTEN}\n",
}


@pytest.mark.parametrize("folder", [".", "below/it"])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
async def test_a_trusted_document_is_known_by_its_bytes_and_by_its_text(
    tmp_path: Path, spelling: str, folder: str
) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / "Echo.graphql").write_bytes(spelling.encode())
    app = small_app(trusted_documents=tmp_path)
    assert (await post(app, None, documentId="Echo")).json == ECHOED
    for text in (spelling, *list(SPELLINGS.values())[:7]):
        assert (await post(app, text)).json == ECHOED
        for name in (f"sha256:{hashed(text)}", "Echo"):
            assert (await post(app, text, documentId=name)).json == ECHOED
            assert (await post(app, None, documentId=name)).json == ECHOED
        for query in (text, None):
            assert (await post(app, query, extensions=persisted(hashed(text)))).json == ECHOED
    for text in list(SPELLINGS.values())[7:]:  # a hash alone is that of one of the texts above; beside its text, of any
        for given in ({}, {"extensions": persisted(hashed(text))}, {"documentId": f"sha256:{hashed(text)}"}):
            assert (await post(app, text, **given)).json == ECHOED
    for other in (WRITTEN.replace("hello", "rights"), WRITTEN.replace("  ", " "), "\ufeff\ufeff" + WRITTEN):
        assert (await post(app, other)).code == "DOCUMENT_NOT_TRUSTED"
        assert (await post(app, None, documentId=hashed(other))).code == "DOCUMENT_NOT_TRUSTED"


async def test_a_trusted_text_that_comes_with_the_id_of_another_is_not_executed(tmp_path: Path) -> None:
    (tmp_path / "Hello.graphql").write_text("{ hello }")
    (tmp_path / "Rights.graphql").write_text("{ rights }")
    app = small_app(trusted_documents=tmp_path)
    other = hashed("{ rights }")
    for given in (
        {"documentId": "Rights"},
        {"documentId": "Nothing"},
        {"documentId": f"sha256:{other}"},
        {"extensions": persisted(other)},
        {"extensions": persisted(hashed("{ hello  }"))},
    ):
        reply = await post(app, "{ hello }", **given)
        assert reply.code == "PERSISTED_QUERY_HASH_MISMATCH", given
    assert (await post(app, "{ other }", documentId="Hello")).code == "DOCUMENT_NOT_TRUSTED"


async def test_trusted_documents_may_lie_behind_the_link_of_a_mounted_config_map(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_26").mkdir()
    (tmp_path / "..2026_11_26" / "Hello.graphql").write_text("{ hello }")
    (tmp_path / "..data").symlink_to("..2026_11_26")
    (tmp_path / "Hello.graphql").symlink_to("..data/Hello.graphql")
    app = small_app(trusted_documents=tmp_path)
    assert (await post(app, None, documentId="Hello")).json == {"data": {"hello": "world"}}


async def test_documents_that_are_not_known_say_what_to_do(tmp_path: Path) -> None:
    digest = persisted(hashed("{ hello }"))
    for app, says in ((small_app(), "beside its hash, once"), (small_app(persisted=0), "Send the document itself")):
        reply = await post(app, None, extensions=digest)
        assert reply.json["errors"][0]["message"].startswith("PersistedQueryNot")  # clients know the protocol's word
        assert says in reply.json["errors"][0]["extensions"]["hint"]
    reply = await post(small_app(trusted_documents=tmp_path), "{ hello }")
    assert "--trusted-documents" in reply.json["errors"][0]["message"]
    reply = await post(small_app(), "{ hello }", extensions=persisted(hashed("{ other }")))
    assert "leave it out" in reply.json["errors"][0]["message"]


def test_documents_are_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    (tmp_path / "one.graphql").write_text('{ echo(text: "ü") }', encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from graph.edge.persisted import TrustedDocuments, known\n"
        "print(*known(Path(sys.argv[1])), *map(ascii, TrustedDocuments(Path(sys.argv[1]), {}).by_text))"
    )
    environment = {**os.environ, "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(" ", 1), done.stderr) == (
        [hashed('{ echo(text: "ü") }'), "'{ echo(text: \"\\xfc\") }'\n"],
        "",
    )


def test_a_document_of_the_reader_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.graphql").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"one\.graphql cannot be read: "):
        known(tmp_path)


async def test_trusted_documents_are_the_same_on_every_road(tmp_path: Path) -> None:
    (tmp_path / "Hello.graphql").write_text("{ hello }")
    app = small_app(trusted_documents=tmp_path)
    for accept in (JSON, "text/event-stream"):
        headers = {"accept": accept}
        reply = await ask(app, "GET", query=b"documentId=Hello", headers=headers)
        assert b'{"data":{"hello":"world"}}' in reply.body
        assert b"DOCUMENT_NOT_TRUSTED" in (await ask(app, "GET", query=b"query={rights}", headers=headers)).body
        assert b"DOCUMENT_NOT_TRUSTED" in (await post(app, "{ rights }", accept=accept)).body
    asked = [{"documentId": "Hello"}, {"query": "{ rights }"}, {"documentId": "Rights"}]
    with serving(trusted_documents=tmp_path) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        for payload in asked:
            send(socket, {"type": "subscribe", "id": "1", "payload": payload})
            message = receive(socket)
            if message["type"] == "next":
                assert message["payload"] == {"data": {"hello": "world"}}
                assert receive(socket)["type"] == "complete"
            else:
                assert message["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
                assert payload is not asked[0]


async def test_the_reader_goes_on_beside_trusted_documents(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "one.graphql").write_text("{ hello }")
    (tmp_path / "mine").mkdir()
    documents = TrustedDocuments(tmp_path / "mine", known(tmp_path / "web"))
    hello = Parameters(None, None, {}, persisted(hashed("{ hello }")))
    assert documents.of(hello) == "{ hello }"
    with pytest.raises(Refusal, match="Only trusted documents"):
        TrustedDocuments(tmp_path / "mine", {}).of(hello)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a/One.graphql": b"{ hello }", "b/One.graphql": b"{ rights }"}, "b/One.graphql has the name of another"),
        ({"One.graphql": b"\xff"}, "One.graphql cannot be read"),
        ({}, "no folder"),
    ],
)
def test_a_folder_that_cannot_be_trusted_is_told_at_the_start(
    tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    for name, content in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)
    with pytest.raises(SettingsError, match=f"^BROADSHEET_TRUSTED_DOCUMENTS: .*{says}"):
        TrustedDocuments(tmp_path / "in", {})


async def tagged(headers: dict[str, str] | None = None, query: str = "{ hello }") -> Reply:
    return await ask(small_app(), "GET", query=get(query), headers=headers or {})


async def test_an_answer_is_told_by_its_tag_until_the_store_changes() -> None:
    app = small_app()
    reply = await ask(app, "GET", query=get("{ sequence }"))
    tag = {"if-none-match": f'"other", {reply.headers["etag"]}'}
    assert reply.headers["cache-control"] == "no-cache"
    again = await ask(app, "GET", query=get("{ sequence }"), headers=tag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", reply.headers["etag"])
    assert "content-length" not in again.headers
    await post(app, "mutation { save }")
    changed = await ask(app, "GET", query=get("{ sequence }"), headers=tag)
    assert (changed.status, changed.json) == (200, {"data": {"sequence": 8}})
    assert changed.headers["etag"] != reply.headers["etag"]


NOT_GOOD = [
    get("query($n: Int) { articles(first: $n) { title } }", variables={"n": "x"}),
    get("query($t: String!) { echo(text: $t) }"),
    get("{ refused }"), get("{ broken }"), get("{ forbidden hello }"), get("{ required }"), get("{ nothing }"),
    get("{"), get("{ a: hello b: hello }", operationName="c"), get("mutation { save }"), b"", b"query=%ff",
    get("subscription { count(to: 1) }"),
    get("query($f: Int!) { articles(first: $f) { title } }", variables={"f": None}),
]  # fmt: skip


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", NOT_GOOD)
async def test_a_precondition_counts_only_where_the_answer_would_have_been_a_good_one(
    query: bytes, method: str, accept: str
) -> None:
    app, headers = small_app(), {"accept": accept}
    plain = await ask(app, method, query=query, headers=headers)
    for condition in ("*", " * ", '"a", "b"'):
        for _ in range(2):
            reply = await ask(app, method, query=query, headers={**headers, "if-none-match": condition})
            assert (reply.status, "etag" in reply.headers) == (plain.status, False)
            assert [*reply.headers] == [*plain.headers]


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
async def test_a_star_is_any_good_answer_and_is_told_its_tag(encoding: str) -> None:
    app, query = small_app(), get("{ articles(first: 100) { title number } }")
    headers = {"accept-encoding": encoding}
    good = await ask(app, "GET", query=query, headers=headers)
    for condition in ("*", good.headers["etag"]):
        reply = await ask(app, "GET", query=query, headers={**headers, "if-none-match": condition})
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", good.headers["etag"])
        assert reply.headers["cache-control"] == good.headers["cache-control"]
        assert reply.headers["vary"] == good.headers["vary"]
        assert not {"content-type", "content-encoding", "content-length"} & reply.headers.keys()
    timely = await ask(app, "GET", query=get('{ echo(text: "within") }'), headers={"if-none-match": "*"})
    assert timely.status == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("{}", 304), ("W/{}", 304), ('"a", {}', 304), ('"a",{},"b"', 304), ('W/"a" , W/{}', 304), ('"a, b", {}', 304),
        ('"*"', 200), ('W/"*"', 200), ('"a,*,b"', 200), ('"a", *', 200), ("", 200), (",", 200), ('"', 200),
        ('"a", "b"', 200), ("**", 200),
    ],
)  # fmt: skip
async def test_tags_come_in_lists_and_are_compared_weakly(condition: str, status: int) -> None:
    app = small_app()
    tag = (await ask(app, "GET", query=get("{ hello }"))).headers["etag"]
    reply = await ask(app, "GET", query=get("{ hello }"), headers={"if-none-match": condition.format(tag)})
    assert reply.status == status


async def test_the_same_sequence_of_another_store_has_another_tag() -> None:
    app, other = small_app(), small_app()
    cast("SmallStore", other.store).identity = "0ther"
    tags = [(await ask(each, "GET", query=get("{ sequence }"))).headers["etag"] for each in (app, other)]
    assert tags[0] != tags[1]


async def test_what_makes_answers_differ_makes_their_tags_differ() -> None:
    echo = "query($t: String!) { echo(text: $t) }"
    queries = [get("{ hello }"), get("{ hello  }"), get(echo, variables={"t": "a"}), get(echo, variables={"t": "b"})]
    app = small_app(keys=(f"desk:{hashed('opens')}:drafts:read",))
    replies = [await ask(app, "GET", query=query) for query in queries]
    others = ({"accept": "application/graphql-response+json"}, {"x-api-key": "opens"})
    replies += [await ask(app, "GET", query=queries[0], headers=headers) for headers in others]
    assert len({reply.headers["etag"] for reply in replies}) == 6
    assert replies[-1].headers["cache-control"] == "private, no-cache"


async def test_answers_that_depend_on_the_time_and_errors_have_no_tag() -> None:
    assert "etag" not in (await tagged(query='{ echo(text: "within") }')).headers
    broken = await tagged(query="{ broken }")
    assert "etag" not in broken.headers
    assert broken.headers["cache-control"] == "no-store"
    assert "etag" not in (await post(small_app(), "{ hello }")).headers


async def test_how_long_answers_are_kept_is_a_setting() -> None:
    app = small_app(cache_control="public, max-age=60")
    assert (await ask(app, "GET", query=get("{ hello }"))).headers["cache-control"] == "public, max-age=60"


def test_keys_are_made_listed_and_removed_by_command(tmp_path: Path) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["keys", *words, "--file", str(tmp_path / "keys")])

    key = run("add", "desk", "--scope", "secured:read").output.strip()
    assert Keys(Settings(keys_file=tmp_path / "keys")).viewer(key.encode()) == Viewer(secured=True)
    assert run("list").output == "desk\tsecured:read\n"
    assert run("remove", "desk").exit_code == 0
    assert "has no key named 'desk'" in run("remove", "desk").output
