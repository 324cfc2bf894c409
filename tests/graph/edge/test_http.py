"""Tests GraphQL over HTTP in process: methods, media types, status codes, and refusals as GraphQL errors in JSON."""

import asyncio
import gc
from urllib.parse import urlencode

import pytest

from graph.edge.pages import Pages
from graph.observe.request_record import RequestRecord
from graph.settings import Settings, SettingsError, from_environment
from tests.patience import until
from tests.small import GRAPHQL, JSON, ask, post, small_app

pytestmark = pytest.mark.anyio

HEADERS = {"content-type": JSON, "host": "testserver"}
HELLO = b'{"query": "{ hello }"}'


@pytest.mark.parametrize(
    ("accept", "status", "media"),
    [
        (None, 200, JSON),
        ("*/*", 200, JSON),
        ("application/*", 200, JSON),
        (JSON, 200, JSON),
        (GRAPHQL, 200, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", 200, GRAPHQL),
        (f"{JSON}, {GRAPHQL}", 200, JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.6", 200, GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", 200, JSON),
        (f"{JSON};q=0, */*", 200, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", 200, GRAPHQL),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", 200, GRAPHQL),
        ("text/html", 406, JSON),
        ("text/*", 406, JSON),
        (f"{JSON};q=0", 406, JSON),
        ("multipart/mixed", 406, JSON),
    ],
)
async def test_the_client_chooses_the_media_type(accept: str | None, status: int, media: str) -> None:
    reply = await ask(small_app(), body=HELLO, headers={**HEADERS, **({"accept": accept} if accept else {})})
    assert (reply.status, reply.headers["content-type"]) == (status, f"{media}; charset=utf-8")


MALFORMED = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1",
    "a string": b'"x"',
    "true": b"true",
    "not JSON": b'{"query',
    "invalid UTF-8": b'{"query": "\xff"}',
    "a lone surrogate": b'{"query": "\\ud800"}',
    "a long integer": b'{"query": "{ hello }", "variables": {"a": ' + b"9" * 10_000 + b"}, }",
    "nested arrays": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"variables":' * 2_000 + b"1" + b"}" * 2_000,
    "NaN": b'{"query": "{ hello }", "variables": {"a": NaN}}',
    "no query": b"{}",
    "a query that is null": b'{"query": null}',
    "a query that is a list": b'{"query": ["{ hello }"]}',
    "a query that is a number": b'{"query": 0}',
    "an operationName that is a number": b'{"query": "{ hello }", "operationName": 1}',
    "an operationName that is false": b'{"query": "{ hello }", "operationName": false}',
    "variables that are a list": b'{"query": "{ hello }", "variables": []}',
    "variables that are text": b'{"query": "{ hello }", "variables": "{}"}',
    "variables that are 0": b'{"query": "{ hello }", "variables": 0}',
    "extensions that are a list": b'{"query": "{ hello }", "extensions": [1]}',
    "a byte order mark": b"\xef\xbb\xbf" + HELLO,
    "NUL": HELLO + b"\x00",
}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_body_is_a_400(body: bytes, accept: str) -> None:
    reply = await ask(small_app(), body=body, headers={**HEADERS, "accept": accept})
    assert (reply.status, reply.code, list(reply.json)) == (400, "BAD_REQUEST", ["errors"])


async def test_a_batch_is_refused() -> None:
    reply = await ask(small_app(), body=b"[" + HELLO + b"]", headers=HEADERS)
    assert (reply.status, reply.code) == (400, "BATCHING_REFUSED")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int!) { articles(first: $a) { title } }", "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", "OPERATION_NOT_FOUND"),
        ("fragment A on Query { hello }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ articles(first: 101) { title } }", "BAD_USER_INPUT"),
        ("{ articles(first: 100) { related(first: 100) { title } } }", "TOO_COSTLY"),
    ],
)
async def test_a_request_error_is_200_in_json_and_400_in_graphql_response(query: str, code: str) -> None:
    app = small_app()
    for accept, status in ((JSON, 200), (GRAPHQL, 400)):
        reply = await post(app, query, accept=accept)
        assert (reply.status, reply.code, list(reply.json)) == (status, code, ["errors"])


async def test_an_operation_is_chosen_by_its_name() -> None:
    document = 'query A { hello } query B { echo(text: "b") }'
    assert (await post(small_app(), document, operationName="B")).json == {"data": {"echo": "b"}}
    assert (await post(small_app(), document, operationName="C")).code == "OPERATION_NOT_FOUND"


async def test_a_get_reads() -> None:
    app = small_app()
    query = urlencode({"query": "query($t: String!) { echo(text: $t) }", "variables": '{"t": "é&?"}'}).encode()
    reply = await ask(app, "GET", query=query, headers={"accept": GRAPHQL})
    assert (reply.status, reply.json) == (200, {"data": {"echo": "é&?"}})


@pytest.mark.parametrize("query", ["mutation { save }", "subscription { count(to: 1) }"])
async def test_a_get_does_nothing_but_read(query: str) -> None:
    app = small_app()
    reply = await ask(app, "GET", query=urlencode({"query": query}).encode(), headers={"accept": GRAPHQL})
    assert (reply.status, reply.code, reply.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    assert app.store.sequence == 7


@pytest.mark.parametrize(
    "query",
    [b"", b"query=", b"query={hello}&query={hello}", b"query=%ff", b"query={hello}&variables={",
     b"query={hello}&variables=[1]", b"query=\xff", b"&" * 100, b"query={hello}" + b"&a=b" * 100, b"variables={}"],
)  # fmt: skip
async def test_a_malformed_query_string_is_a_400(query: bytes) -> None:
    reply = await ask(small_app(), "GET", query=query, headers={"accept": GRAPHQL})
    assert reply.status == 400


async def test_a_long_query_string_is_a_414() -> None:
    reply = await ask(small_app(), "GET", query=b"query=" + b"a" * 20_000)
    assert (reply.status, reply.code) == (414, "URL_TOO_LONG")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "get", "\u00e9"])
async def test_other_methods_are_refused(method: str) -> None:
    reply = await ask(small_app(), method, body=HELLO, headers=HEADERS)
    assert (reply.status, reply.code, reply.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "GET, HEAD, POST, OPTIONS")


@pytest.mark.parametrize(
    "content",
    [None, "", "text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
     "multipart/form-data; boundary=x", "application/graphql", "application/json; charset=latin-1",
     "application/jsonp", "application/json, text/plain"],
)  # fmt: skip
async def test_what_a_form_can_send_is_not_executed(content: str | None) -> None:
    app = small_app()
    headers = {"host": "testserver", **({"content-type": content} if content is not None else {})}
    reply = await ask(app, body=b'{"query": "mutation { save }"}', headers=headers)
    assert (reply.status, reply.code, app.store.sequence) == (415, "UNSUPPORTED_MEDIA_TYPE", 7)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "text/event-stream", "text/html"])
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (None, 200),
        ("", 200),
        (JSON, 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("text/plain", 415),
        ("text/plain; charset=utf-8", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=a", 415),
        (f"{JSON}, text/plain", 415),
        (f"{JSON}; charset=utf-16", 415),
        ("text/plain;application/json", 415),
        ("message/http", 415),
        ("x", 415),
    ],
)
async def test_a_get_whose_content_type_is_not_json_is_not_executed(
    method: str, accept: str, content: str | None, status: int
) -> None:
    headers = {"host": "testserver", "accept": accept, **({"content-type": content} if content is not None else {})}
    reply = await ask(small_app(), method, query=b"query={hello}", headers=headers)
    assert reply.status == (200 if accept == "text/event-stream" else status)  # which tells its errors as events
    if status == 415 and method == "GET":
        assert reply.code == "UNSUPPORTED_MEDIA_TYPE"
        assert "`Content-Type: application/json`" in reply.json["errors"][0]["message"]


async def test_a_compressed_body_is_refused() -> None:
    reply = await ask(small_app(), body=HELLO, headers={**HEADERS, "content-encoding": "gzip"})
    assert reply.status == 415


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "https://public.example"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://testserver"}, 403),
    ],
)
async def test_pages_of_other_origins_may_not_ask(headers: dict[str, str], status: int) -> None:
    app = small_app()
    reply = await ask(app, body=b'{"query": "mutation { save }"}', headers={**HEADERS, **headers})
    assert (reply.status, app.store.sequence) == (status, 8 if status == 200 else 7)
    assert (await ask(app, "GET", query=b"query={hello}", headers={"host": "testserver", **headers})).status == status


@pytest.mark.parametrize(
    ("method", "headers", "status", "says"),
    [
        ("POST", {"origin": "https://news.example"}, 403, "`--cors https://news.example`"),
        ("POST", {"origin": "http://[::1]:3000"}, 403, "`--cors http://[::1]:3000`"),
        ("POST", {"origin": "null"}, 403, "`--cors ORIGIN`"),
        ("POST", {"origin": "https://a`; rm"}, 403, "`--cors ORIGIN`"),
        ("GET", {"sec-fetch-site": "cross-site"}, 403, "`--cors ORIGIN`"),
        ("PUT", {}, 405, "GET or POST"),
        ("POST", {"accept": "text/csv"}, 406, "application/graphql-response+json or application/json"),
        ("POST", {"accept": "text/csv"}, 406, "subscriptions as text/event-stream"),
        ("POST", {"content-type": "text/plain"}, 415, "`Content-Type: application/json`"),
        ("POST", {"content-encoding": "gzip"}, 415, "without Content-Encoding"),
        ("POST", {"x-api-key": "guessed"}, 401, "`broadsheet keys add`"),
    ],
)
async def test_a_refusal_that_a_newcomer_meets_names_the_way_out(
    method: str, headers: dict[str, str], status: int, says: str
) -> None:
    reply = await ask(small_app(), method, HELLO, {**HEADERS, **headers})
    assert reply.status == status
    assert says in reply.json["errors"][0]["message"]
    assert "guessed" not in reply.json["errors"][0]["message"]


async def test_cors_is_off_until_it_is_set() -> None:
    headers = {**HEADERS, "origin": "https://news.example"}
    reply = await ask(small_app(), body=HELLO, headers=headers)
    assert (reply.status, reply.code) == (403, "CSRF_REFUSED")
    assert "access-control-allow-origin" not in reply.headers
    app = small_app(cors=("https://news.example",))
    reply = await ask(app, body=HELLO, headers=headers)
    assert reply.headers["access-control-allow-origin"] == "https://news.example"
    preflight = {**headers, "access-control-request-method": "POST"}
    reply = await ask(app, "OPTIONS", headers=preflight)
    assert (reply.status, reply.headers["access-control-allow-methods"]) == (204, "GET, POST")
    assert "origin" in reply.headers["vary"]
    assert (await ask(app, "OPTIONS", headers={**preflight, "origin": "https://evil.example"})).status == 403


async def test_a_large_body_is_refused_before_it_is_read() -> None:
    app = small_app(body_bytes=100)
    assert (await ask(app, body=HELLO, headers=HEADERS)).status == 200
    for headers in (HEADERS, {**HEADERS, "content-length": "101"}, {**HEADERS, "content-length": "9" * 100}):
        reply = await ask(app, body=HELLO + b" " * 100, headers=headers)
        assert (reply.status, reply.code, reply.headers["connection"]) == (413, "BODY_TOO_LARGE", "close")


async def test_errors_that_were_meant_are_told_and_others_are_masked() -> None:
    reply = await post(small_app(), "{ broken refused forbidden hello }")
    assert reply.status == 200
    assert reply.json["data"] == {"broken": None, "refused": None, "forbidden": None, "hello": "world"}
    errors = {error["path"][0]: error for error in reply.json["errors"]}
    assert errors["broken"]["message"] == "Internal error."
    assert (errors["broken"]["extensions"]["code"], len(errors["broken"]["extensions"]["id"])) == ("INTERNAL", 16)
    assert errors["refused"]["extensions"] == {"code": "BAD_USER_INPUT", "reason": "BAD_CRITERIA"}
    assert errors["forbidden"]["extensions"] == {"code": "FORBIDDEN"}
    assert b"secret" not in reply.body


async def test_the_log_has_what_the_answer_masks(caplog: pytest.LogCaptureFixture) -> None:
    reply = await post(small_app(), "{ broken }")
    (line,) = caplog.records
    assert reply.json["errors"][0]["extensions"]["id"] in line.getMessage()
    assert line.exc_info is not None
    assert "/srv/secret/path" in str(line.exc_info[1])


async def test_null_data_is_still_an_executed_request() -> None:
    reply = await post(small_app(), "{ required }")
    assert (reply.status, reply.json["data"], reply.code) == (200, None, "BAD_USER_INPUT")


async def test_an_answer_has_no_more_errors_than_allowed() -> None:
    document = "{" + " ".join(f"a{n}: broken" for n in range(8)) + "}"
    assert len((await post(small_app(errors=5), document)).json["errors"]) == 5


async def test_a_request_has_only_so_much_time() -> None:
    app = small_app(request_seconds=0.05)
    reply = await post(app, "{ slow(seconds: 5) }")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "TIMEOUT", "1")


async def test_a_mutation_that_was_accepted_is_finished_though_its_time_is_over() -> None:
    app = small_app(request_seconds=0.01)
    assert (await post(app, "mutation { save(seconds: 0.5) }")).code == "TIMEOUT"
    assert app.store.sequence == 7
    await asyncio.to_thread(until, lambda: app.store.sequence == 8)


async def test_what_becomes_of_a_mutation_that_outlives_its_time_is_logged_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = small_app(request_seconds=0.01)
    for seconds, name in ((0.2, "Slow"), (0.1, "")):
        assert (await post(app, f"mutation {name} {{ save(seconds: {seconds}) }}")).code == "TIMEOUT"
    assert len(app.endpoint.outliving) == 2
    gc.collect()  # whatever only the event loop knows of is gone now
    await asyncio.to_thread(until, lambda: len(caplog.records) == 2)
    said = [record.getMessage() for record in caplog.records]
    assert [line.partition(",")[0] for line in said] == ["the mutation 'without a name'", "the mutation 'Slow'"]
    assert all("ended with success after 0." in line for line in said)
    assert not app.endpoint.outliving


async def test_an_observer_that_fails_harms_no_answer_and_is_told_until_it_works() -> None:
    broken = [True]

    def observe(_: RequestRecord) -> None:
        if broken:
            raise OSError(28, "No space left on device")

    app = small_app(spans=observe)
    assert (await post(app, "{ hello }")).json == {"data": {"hello": "world"}}
    assert [trouble.task for trouble in app.troubles.now()] == ["observers"]
    broken.clear()
    await post(app, "{ hello }")
    assert app.troubles.now() == ()


async def test_more_requests_than_there_is_room_for_are_shed_at_once() -> None:
    app = small_app(concurrency=2)
    under_way = [asyncio.create_task(post(app, "{ slow(seconds: 0.5) }")) for _ in range(2)]
    await asyncio.to_thread(until, lambda: app.admission.requests.taken == 2)
    reply = await post(app, "{ hello }")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "OVERLOADED", "1")
    assert [each.status for each in await asyncio.gather(*under_way)] == [200, 200]
    assert (await post(app, "{ hello }")).status == 200


async def test_the_cost_is_told_when_asked() -> None:
    reply = await post(small_app(), "{ articles(first: 5) { related(first: 2) { title } } }", extensions={"cost": True})
    assert reply.json["extensions"] == {"cost": {"requested": 15, "maximum": 10_000}}
    assert "extensions" not in (await post(small_app(), "{ hello }")).json


async def test_browsers_get_the_playground_and_production_has_none() -> None:
    accept = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    reply = await ask(small_app(), "GET", headers=accept)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    reply = await ask(small_app(production=True), "GET", headers=accept)
    assert (reply.status, reply.code) == (400, "BAD_REQUEST")


async def test_a_subscription_needs_a_stream() -> None:
    reply = await post(small_app(), "subscription { count(to: 1) }")
    assert (reply.status, reply.code) == (406, "STREAM_NEEDED")


async def test_a_stream_is_for_clients_that_prefer_it() -> None:
    reply = await post(small_app(), "subscription { count(to: 2) }", accept="text/event-stream")
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = [b'event: next\ndata: {"data":{"count":%d}}\n\n' % n for n in range(2)]
    assert reply.body == b":\n\n" + b"".join(events) + b"event: complete\ndata:\n\n"
    reply = await post(small_app(), "{ hello }", accept="text/event-stream")
    assert b'data: {"data":{"hello":"world"}}\n\nevent: complete' in reply.body


async def test_a_failing_stream_ends_without_a_trace_of_internals() -> None:
    reply = await post(small_app(), "subscription { failing }", accept="text/event-stream")
    assert b'"code":"INTERNAL"' in reply.body
    assert b"secret" not in reply.body
    assert reply.body.endswith(b"event: complete\ndata:\n\n")


@pytest.mark.parametrize("path", ["/graphq1", "/graphql/", "/api/graphql", "/query"])
async def test_what_is_not_here_is_a_graphql_error_that_says_where_to_ask(path: str) -> None:
    reply = await ask(small_app(), path=path)
    assert (reply.status, reply.code) == (404, "NOT_FOUND")
    assert "GraphQL is asked at /graphql." in reply.json["errors"][0]["message"]


async def test_a_query_that_is_posted_to_a_page_learns_where_to_ask() -> None:
    reply = await ask(small_app(routes=Pages().routes), body=HELLO, headers=HEADERS, path="/")
    assert (reply.status, reply.code) == (405, "METHOD_NOT_ALLOWED")
    assert "GraphQL is asked at /graphql." in reply.json["errors"][0]["message"]


async def test_odd_text_comes_back_as_it_was() -> None:
    for text in ("\u2028\u2029", "\x00\x1f\x7f", "🏃🏊", "\ufeff", "</script>", '"\\', "\u202e"):
        assert (await post(small_app(), "query($t: String!) { echo(text: $t) }", variables={"t": text})).json == {
            "data": {"echo": text}
        }


def test_settings_are_read_from_the_environment() -> None:
    settings = from_environment({"BROADSHEET_DEPTH": "3", "BROADSHEET_CORS": "https://a, https://b"}, port=9)
    assert (settings.depth, settings.cors, settings.port) == (3, ("https://a", "https://b"), 9)
    for name, value in (("DEPTH", "x"), ("DEPTH", "-1"), ("PRODUCTION", "maybe"), ("HTTP", "3")):
        with pytest.raises(SettingsError, match=f"^BROADSHEET_{name}: "):
            from_environment({f"BROADSHEET_{name}": value})
    assert Settings() == from_environment({})
