"""Transports of one's own: one that records what is sent, and one that plays it again without a server.

Run: python examples/python/own_transport.py
"""

import http.client
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

from linktor import CallbackError, Linktor, TransportRequest, TransportResponse
from linktor.testing import Sandbox

Tape = list[tuple[str, TransportResponse]]
"""Calls and their answers; the credential is in the request's headers, which are not on it."""


def record(tape: Tape, request: TransportRequest) -> TransportResponse:
    url = urlsplit(request.url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    with closing(kind(url.netloc, timeout=request.timeout)) as connection:
        target = f"{url.path}?{url.query}" if url.query else url.path
        connection.request(request.method, target, request.content or None, dict(request.headers))
        answer = connection.getresponse()
        response = TransportResponse(answer.status, answer.getheaders(), answer.read())
    tape.append((f"{request.method} {url.path}", response))
    return response


def play(tape: Iterator[tuple[str, TransportResponse]], request: TransportRequest) -> TransportResponse:
    call = f"{request.method} {urlsplit(request.url).path}"
    recorded, response = next(tape, ("nothing", TransportResponse(500)))
    assert call == recorded, f"{call} was called, and {recorded} recorded"
    return response


def main() -> None:
    tape: Tape = []
    with Sandbox() as sandbox:
        sandbox.script({"status": 503})
        base_url = sandbox.base_urls["linktor"]
        live = sandbox.client(transport=partial(record, tape)).get("/me")
    print(f"recorded: {[(call, response.status_code) for call, response in tape]}")

    # The sandbox is gone; retries, envelopes and errors are still the client's.
    client = Linktor("lk_invented", base_url=base_url, transport=partial(play, iter(tape)))
    played = client.get("/me")
    print(f"played: {played.status_code} after {played.attempts} attempts, as it was {live.attempts} then")
    assert (played.data(), played.attempts) == (live.data(), 2)
    try:
        client.get("/contacts")
        raise AssertionError("the tape had more")
    except CallbackError as error:
        cause = error.__cause__
    print(f"CallbackError: {cause}")
    assert isinstance(cause, AssertionError)


if __name__ == "__main__":
    main()
