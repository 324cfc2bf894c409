"""Tests whose address a request has, behind proxies too, and that one address leaves sockets and streams to others."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from graph.edge.addresses import MOST_HOPS, Addresses, share
from graph.edge.admission import PlacesPerAddress
from graph.edge.asgi import App
from graph.edge.events import COMPLETE, PING
from graph.errors import Refusal
from graph.message import Headers
from graph.observe.request_record import RequestRecord
from graph.settings import Settings, SettingsError
from tests.graph.edge.test_websocket import ACK, INIT, receive, send, subscribe
from tests.patience import PATIENCE, until
from tests.serving import exchange, request, serving, until_told
from tests.small import ask, small_app

Address = tuple[str, int]
ROADS = ["in-place", "plain"]
KINDS = ["sockets", "streams"]
PROXY = "127.0.0.1"
ENDLESS = orjson.dumps({"query": "subscription { count(to: 2, seconds: 3600) }"})


class TurnedAwayError(Exception):
    """There is no room for a socket or a stream."""


@contextmanager
def held_socket(address: Address, source: str, forwarded: str = "") -> Iterator[None]:
    """Hold a socket open from the address *source*."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    url, spoken = f"ws://{address[0]}:{address[1]}/graphql", [Subprotocol("graphql-transport-ws")]
    try:
        opened = connect(
            url, subprotocols=spoken, additional_headers=headers, source_address=(source, 0), close_timeout=1
        )
    except InvalidStatus as refused:
        if refused.response.status_code != 503:
            raise
        raise TurnedAwayError from None
    with opened as client:
        send(client, INIT)
        assert receive(client) == ACK
        yield


@contextmanager
def held_stream(address: Address, source: str, forwarded: str = "") -> Iterator[None]:
    """Hold an event stream open from the address *source*."""
    headers = "accept: text/event-stream\r\n" + (f"x-forwarded-for: {forwarded}\r\n" if forwarded else "")
    with socket.create_connection(address, PATIENCE, (source, 0)) as client:
        client.sendall(request(ENDLESS, headers, close=False))
        received = b""
        while PING not in received:
            received += client.recv(65_536)
        if b"retry-after: 1\r\n" in received:
            while COMPLETE not in received:
                received += client.recv(65_536)
            for word in (b"OVERLOADED", b"--sockets-per-address", b"--forwarded-allow-ips"):
                assert word in received
            raise TurnedAwayError
        yield


HELD: dict[str, Callable[..., AbstractContextManager[None]]] = {"sockets": held_socket, "streams": held_stream}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("http", ROADS)
def test_one_address_takes_its_share_and_another_goes_on(http: str, kind: str) -> None:
    held, other = HELD[kind], next(each for each in KINDS if each != kind)
    with serving(http=http, sockets_per_address=2) as address, ExitStack() as holding:
        for _ in range(2):
            holding.enter_context(held(address, "127.0.0.1"))
        with pytest.raises(TurnedAwayError), held(address, "127.0.0.1"):
            pass
        until_told(address, b"broadsheet_shed_total 1.0")
        for _ in range(2):
            holding.enter_context(held(address, "127.0.0.2"))
        holding.enter_context(HELD[other](address, "127.0.0.1"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_comes_back_to_its_address_when_what_held_it_ends(kind: str) -> None:
    with serving(sockets_per_address=1) as address:
        for _ in range(3):
            with HELD[kind](address, "127.0.0.1"):
                until_told(address, b"broadsheet_%b 1.0" % kind.encode())
            until_told(address, b"broadsheet_%b 0.0" % kind.encode())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("http", ROADS)
def test_two_clients_behind_a_trusted_proxy_have_a_share_each(http: str, kind: str) -> None:
    held = HELD[kind]
    with (
        serving(http=http, sockets_per_address=1, forwarded_allow_ips=(PROXY,)) as address,
        held(address, PROXY, "198.51.100.9, 192.0.2.1"),
        held(address, PROXY, "198.51.100.9, 192.0.2.2"),
        pytest.raises(TurnedAwayError),
        held(address, PROXY, "192.0.2.2, 192.0.2.1"),
    ):
        pass


@pytest.mark.parametrize("proxies", [(), ("127.0.0.9", "10.0.0.0/8")])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("http", ROADS)
def test_who_is_no_trusted_proxy_cannot_be_another_client(http: str, kind: str, proxies: tuple[str, ...]) -> None:
    held = HELD[kind]
    with (
        serving(http=http, sockets_per_address=1, forwarded_allow_ips=proxies) as address,
        held(address, "127.0.0.1", "192.0.2.1"),
        pytest.raises(TurnedAwayError),
        held(address, "127.0.0.1", "192.0.2.2"),
    ):
        pass


@pytest.mark.parametrize("http", ROADS)
@pytest.mark.parametrize(("proxies", "client"), [((), PROXY), ((PROXY,), "192.0.2.7"), (("*",), "198.51.100.9")])
def test_requests_are_recorded_with_their_clients_address(http: str, proxies: tuple[str, ...], client: str) -> None:
    records: list[RequestRecord] = []

    def made(settings: Settings) -> App:
        return small_app(settings, spans=records.append)

    forwarded = "x-forwarded-for: 198.51.100.9\r\nx-forwarded-for: 192.0.2.7\r\n"
    slow, quick = b'{"query": "{ slow(seconds: 0) }"}', b'{"query": "{ hello }"}'
    with serving(made, http=http, forwarded_allow_ips=proxies) as address:
        for body in (quick, quick, slow, b"{"):
            exchange(address, request(body, forwarded))
        in_trailer = request(b"", forwarded + "transfer-encoding: chunked\r\n").replace(b"content-length: 0\r\n", b"")
        exchange(address, in_trailer + b"%x\r\n%b\r\n0\r\nx-forwarded-for: 203.0.113.1\r\n\r\n" % (len(quick), quick))
        with connect(
            f"ws://{address[0]}:{address[1]}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers=[("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-For", "192.0.2.7")],
        ) as speaking:
            send(speaking, INIT)
            send(speaking, subscribe("a", "{ hello }"))
            until(lambda: len(records) == 6)
    assert [record.client for record in records] == [client] * 6


NEAR = "10.0.0.1"
FORMS = {
    "no header": ((), NEAR),
    "an empty header": (("",), NEAR),
    "one address": (("192.0.2.7",), "192.0.2.7"),
    "an address that the client wrote before": (("198.51.100.9, 192.0.2.7",), "192.0.2.7"),
    "a trusted proxy behind the client": (("198.51.100.9, 192.0.2.7, 10.1.2.3",), "192.0.2.7"),
    "several header lines": (("198.51.100.9", "192.0.2.7", "10.1.2.3"), "192.0.2.7"),
    "trusted addresses only": (("10.9.9.9, 10.1.2.3",), "10.9.9.9"),
    "empty elements": ((" , 192.0.2.7,, ,", ""), "192.0.2.7"),
    "no spaces": (("198.51.100.9,192.0.2.7",), "192.0.2.7"),
    "a port": (("192.0.2.7:4711, 10.1.2.3:80",), "192.0.2.7"),
    "IPv6": (("2001:db8::7",), "2001:db8::7"),
    "IPv6 written otherwise": (("2001:0DB8:0:0::0007",), "2001:db8::7"),
    "IPv6 in brackets": (("[2001:db8::7]",), "2001:db8::7"),
    "IPv6 in brackets with a port": (("[2001:db8::7]:4711",), "2001:db8::7"),
    "IPv6 with a zone": (("fe80::7%eth0",), "fe80::7"),
    "a trusted proxy of IPv6": (("192.0.2.7, fd00::3, [fd00::4]:80",), "192.0.2.7"),
    "IPv4 mapped to IPv6": (("198.51.100.9, ::ffff:192.0.2.7",), "192.0.2.7"),
    "a trusted proxy mapped to IPv6": (("192.0.2.7, ::ffff:10.1.2.3",), "192.0.2.7"),
    "a word": (("unknown",), NEAR),
    "a word before the client": (("unknown, 192.0.2.7",), "192.0.2.7"),
    "a word before a trusted proxy": (("192.0.2.7, unknown, 10.1.2.3",), "10.1.2.3"),
    "a name that hides what is before it": (("192.0.2.7, _hidden",), NEAR),
    "numbers that are none": (("192.0.2.7, 192.0.2.256",), NEAR),
    "a line that would begin in the log": (("192.0.2.7\n{",), NEAR),
    "letters beyond ASCII": (("192.0.2.\xb2",), NEAR),
    "a zone behind IPv4": (("192.0.2.7%eth0",), NEAR),
    "more hops than are read": (("192.0.2.7" + ", 10.1.2.3" * MOST_HOPS,), "10.1.2.3"),
    "as many hops as are read": (("192.0.2.7" + ", 10.1.2.3" * (MOST_HOPS - 1),), "192.0.2.7"),
}


def lines(values: tuple[str, ...]) -> Headers:
    return [(b"host", b"a"), *((b"x-forwarded-for", value.encode("latin-1")) for value in values)]


@pytest.mark.parametrize("peer", [NEAR, "::ffff:10.0.0.1"])
@pytest.mark.parametrize("form", FORMS)
def test_the_client_is_the_last_address_that_is_no_trusted_proxys(form: str, peer: str) -> None:
    values, client = FORMS[form]
    addresses = Addresses(Settings(forwarded_allow_ips=("::ffff:10.0.0.0/104", "fd00::/64")))
    assert addresses.of(peer, lines(values)) == (peer if client == NEAR else client)


@pytest.mark.parametrize("peer", ["192.0.2.9", "2001:db8::9", "testclient", None])
@pytest.mark.parametrize("form", FORMS)
def test_the_header_of_who_is_not_trusted_says_nothing(form: str, peer: str | None) -> None:
    assert Addresses(Settings(forwarded_allow_ips=("10.0.0.0/8",))).of(peer, lines(FORMS[form][0])) == peer


@pytest.mark.parametrize("peer", ["192.0.2.9", None])
def test_with_a_star_everybody_is_believed(peer: str | None) -> None:
    addresses = Addresses(Settings(forwarded_allow_ips=("*",)))
    assert addresses.of(peer, lines(("198.51.100.9, 192.0.2.7",))) == "198.51.100.9"


@pytest.mark.parametrize(
    "wrong", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.1:80", "[::1]", "**", "/run/a.sock"]
)
def test_a_proxy_that_is_no_address_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"BROADSHEET_FORWARDED_ALLOW_IPS: .*; it takes an address, a network"):
        Settings(forwarded_allow_ips=("127.0.0.1", wrong))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("testclient", "testclient", True),
    ],
)
def test_clients_of_one_network_of_ipv6_count_as_one(one: str, other: str, alike: bool) -> None:
    assert (share(one) == share(other)) == alike
    places = PlacesPerAddress(10, 1, "WebSockets")
    with places.held_by(one), ExitStack() as second:
        if alike:
            with pytest.raises(Refusal, match="One address has at most 1 WebSockets"):
                second.enter_context(places.held_by(other))
        else:
            second.enter_context(places.held_by(other))
    assert (places.held, places.taken, places.shed) == ({}, 0, int(alike))


def test_an_address_is_forgotten_once_it_holds_nothing_however_that_ended() -> None:
    places = PlacesPerAddress(10, 2, "event streams")
    for number in range(100):
        with pytest.raises(ZeroDivisionError), places.held_by(f"192.0.2.{number}"):
            raise ZeroDivisionError
    with places.held_by("192.0.2.1"), places.held_by("192.0.2.1"):
        assert places.held == {"192.0.2.1": 2}
    assert (places.held, places.taken) == ({}, 0)


def test_clients_without_an_address_share_the_places_of_all() -> None:
    places = PlacesPerAddress(3, 1, "WebSockets")
    with places.held_by(None), places.held_by(None), places.held_by("192.0.2.1"):
        with pytest.raises(Refusal, match="as much to do"), places.held_by(None):
            pass
        assert places.held == {"192.0.2.1": 1}


@pytest.mark.anyio
async def test_a_stream_beyond_the_share_of_its_address_is_refused_as_an_event() -> None:
    app = small_app(sockets_per_address=0)
    headers = {"content-type": "application/json", "accept": "text/event-stream", "host": "testserver"}
    reply = await ask(app, "POST", ENDLESS, headers)
    assert (reply.status, reply.code, app.admission.shed) == (200, "OVERLOADED", 1)
    assert reply.headers["content-type"].startswith("text/event-stream")
