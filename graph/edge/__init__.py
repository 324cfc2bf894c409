"""Speaks HTTP and WebSocket: reads requests, finds out who asks, admits them, and writes responses.

Here belong a lost or slow client, a header, a status code, a new limit on how much may be under way, what a key opens,
and what is cached of whole responses. What an operation may cost is counted in `graph.document`.

A client that left: `websocket`, `sse`, or `asgi` and `in_place`, by how it came; what it left running: `endpoint` and
`admission`. A client that is slow: `deadlines` (HTTP), `backpressure` (WebSocket).

    asgi, in_place              the two roads of HTTP: an ASGI application with a task for each request, or an
                                answer at once, from the protocol of every connection
    endpoint                    a request to its response, for both roads
    websocket, socket_operations    answers that go on: graphql-transport-ws, and its operations
    sse, events                 answers that go on: event streams, and how an answer is an event
    key_holders                 which of these end because their key was removed
    addresses                   which client a request came from, behind a proxy too
    admission, workload         who may start: how many, and how much they may have to do
    deadlines, backpressure     which connections are ended
    caller, auth, negotiation   what headers decide: rights, media type, encoding, origin
    parameters, persisted       what is asked for, and where its document comes from
    responses, compression, etag, answer_cache      what is sent, and what need not be made or sent again
    pages, playground           the reader, GraphiQL, and pictures
"""
