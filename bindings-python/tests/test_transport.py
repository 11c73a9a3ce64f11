"""A transport of the user's own: what mocks and recorders hang on."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from linktor import (
    APIConnectionError,
    AsyncLinktor,
    CallbackError,
    ClientClosedError,
    ConfigError,
    Linktor,
    NotFoundError,
    ProtocolError,
    RequestTimeoutError,
    TransportRequest,
    TransportResponse,
)
from sandbox import Sandbox
from transport import AsyncRecorder, Recorder

OK = TransportResponse(200, {"Content-Type": "application/json"}, b'{"success": true, "data": {"id": 1}}')


def client(transport: Any, **options: Any) -> Linktor:
    return Linktor("lk_invented", transport=transport, base_url="https://api.example.com/v1", **options)


def test_a_mock_sees_the_signed_request_and_answers_it() -> None:
    seen: list[TransportRequest] = []

    def mock(request: TransportRequest) -> TransportResponse:
        seen.append(request)
        return OK

    response = client(mock).post("/contacts", json={"name": "Ada"}, params={"page": 2}, timeout=3)
    assert (response.status_code, response.data(), response.attempts) == (200, {"id": 1}, 1)
    (request,) = seen
    assert (request.method, request.url) == ("POST", "https://api.example.com/v1/contacts?page=2")
    assert request.headers["authorization"] == "Bearer lk_invented"
    assert (json.loads(request.content), request.timeout) == ({"name": "Ada"}, 3.0)
    assert repr(request) == "<TransportRequest POST /v1/contacts>"


def test_a_sync_transport_runs_in_the_thread_that_calls() -> None:
    threads: list[threading.Thread] = []

    def mock(_request: TransportRequest) -> TransportResponse:
        threads.append(threading.current_thread())
        return OK

    client(mock).get("/me")
    assert threads == [threading.current_thread()]


def test_the_pipeline_retries_and_reads_errors_around_a_transport() -> None:
    answers = [TransportResponse(503, {"Retry-After": "0"}), OK, TransportResponse(404, {}, b'{"error": "gone"}')]
    mocked = client(lambda _request: answers.pop(0))
    assert mocked.get("/me").attempts == 2
    with pytest.raises(NotFoundError, match="gone"):
        mocked.get("/me")


@pytest.mark.parametrize(
    ("raised", "kind", "sent", "attempts"),
    [
        (ConnectionRefusedError("no"), APIConnectionError, "no", 2),
        (ConnectionResetError("cut"), APIConnectionError, "maybe", 2),
        (TimeoutError("late"), RequestTimeoutError, "maybe", 2),
        (FileNotFoundError("cassette"), CallbackError, "maybe", 1),
        (AssertionError("a mock's own"), CallbackError, "maybe", 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_what_a_transport_raises_is_the_cause(
    raised: Exception, kind: type[Exception], sent: str, attempts: int, is_async: bool
) -> None:
    def mock(_request: TransportRequest) -> TransportResponse:
        raise raised

    async def mock_async(request: TransportRequest) -> TransportResponse:
        return mock(request)

    async def call() -> None:
        await AsyncLinktor("lk_invented", transport=mock_async, max_retries=1).get("/me")

    with pytest.raises(kind) as caught:
        if is_async:
            asyncio.run(call())
        else:
            client(mock, max_retries=1).get("/me")
    error: Any = caught.value
    assert (error.__cause__, error.sent, error.attempts) == (raised, sent, attempts)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "not a NoneType"),
        ({"status_code": 200}, "not a dict"),
        (TransportResponse(42), "from 100 to 599"),
        (TransportResponse("200"), "from 100 to 599"),  # type: ignore[arg-type]
        (TransportResponse(200, {}, "text"), "must be bytes, not a str"),  # type: ignore[arg-type]
        (TransportResponse(200, {"a": 1}), "must be texts by name"),  # type: ignore[arg-type]
        (TransportResponse(200, 7), "must be texts by name"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_response_is_named(answer: Any, said: str) -> None:
    with pytest.raises(CallbackError) as caught:
        client(lambda _request: answer).get("/me")
    assert isinstance(caught.value.__cause__, TypeError)
    assert said in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "headers", [{"bad name": "x"}, {"a": "x\ny"}, {"a": "\N{SNOWMAN}"}], ids=["name", "break", "wide"]
)
def test_a_header_that_cannot_be_one_is_a_callback_error(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackError) as caught:
        client(lambda _request: TransportResponse(200, headers)).get("/me")
    assert caught.value.reason == "the transport answered with a header that cannot be one"


def test_headers_in_latin_1_and_repeated_ones_come_through() -> None:
    headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "\u00e9")]
    response = client(lambda _request: TransportResponse(200, headers)).get("/me")
    assert (response.headers.get_list("set-cookie"), response.headers["x-name"]) == (["a=1", "b=2"], "\u00e9")


def test_a_redirect_of_a_transport_is_the_pipelines() -> None:
    with pytest.raises(ProtocolError) as caught:
        client(lambda _request: TransportResponse(302, {"Location": "https://elsewhere.example"})).get("/me")
    assert caught.value.code == "redirect_refused"


def test_a_login_goes_through_the_transport_too(sandbox: Sandbox) -> None:
    recorder = Recorder()
    known = sandbox.credentials["linktor"]
    client = sandbox.client(email=known["email"], password=known["password"], transport=recorder)
    assert client.get("/me").status_code == 200
    assert [request.url.rsplit("/", 1)[1] for request in recorder.requests] == ["login", "me"]


def test_handles_send_through_their_roots_transport(sandbox: Sandbox) -> None:
    recorder = Recorder()
    root = sandbox.client(transport=recorder)
    root.with_organization("org_1").get("/me")
    root.with_credentials(token_source=lambda: sandbox.credentials["linktor"]["api_key"]).get("/me")
    assert len(recorder.requests) == 2


def test_many_tasks_share_an_async_transport(sandbox: Sandbox) -> None:
    async def run() -> int:
        recorder = AsyncRecorder()
        client = sandbox.async_client(transport=recorder)
        await asyncio.gather(*(client.get("/me") for _ in range(50)))
        return len(recorder.requests)

    assert asyncio.run(run()) == 50


def test_many_threads_share_a_sync_transport(sandbox: Sandbox) -> None:
    recorder = Recorder()
    client = sandbox.client(transport=recorder)
    threads = [threading.Thread(target=client.get, args=("/me",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder.requests) == 20


@pytest.mark.parametrize("kind", [Recorder, AsyncRecorder])
def test_sync_and_async_clients_take_either_transport(sandbox: Sandbox, kind: type[Recorder]) -> None:
    async def run(client: AsyncLinktor) -> int:
        return (await client.get("/me")).status_code

    transport = kind()
    assert sandbox.client(transport=transport).get("/me").status_code == 200
    assert asyncio.run(run(sandbox.async_client(transport=transport))) == 200
    assert len(transport.requests) == 2


@pytest.mark.parametrize("end", ["cancel", "timeout", "close"])
def test_an_async_transport_ends_with_its_call(end: str) -> None:
    ended: list[str] = []

    async def run() -> None:
        begun = asyncio.Event()

        async def mock(_request: TransportRequest) -> TransportResponse:
            begun.set()
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise
            return OK

        client = AsyncLinktor("lk_invented", transport=mock, max_retries=0, timeout=0.2 if end == "timeout" else 5)
        task = asyncio.ensure_future(client.get("/me"))
        await begun.wait()
        if end == "cancel":
            task.cancel()
        elif end == "close":
            client.close()
        with pytest.raises((asyncio.CancelledError, RequestTimeoutError, ClientClosedError)):
            await task
        await asyncio.sleep(0.05)

    asyncio.run(run())
    assert ended == ["cancelled"]


def test_a_transport_may_return_what_is_awaited() -> None:
    async def send(_request: TransportRequest) -> TransportResponse:
        return OK

    assert client(lambda request: send(request)).get("/me").status_code == 200


def test_a_keyboard_interrupt_in_a_transport_ends_the_call() -> None:
    def mock(_request: TransportRequest) -> TransportResponse:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client(mock).get("/me")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"transport": 7}, "transport must be callable"),
        ({"transport": print, "proxy": "http://proxy.example:8080"}, "proxy is not for a transport of your own"),
        ({"transport": print, "root_certificates": "pem"}, "root_certificates is not for a transport of your own"),
    ],
)
def test_options_that_do_not_go_with_a_transport_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Linktor("lk_invented", **options)


def test_a_transport_that_calls_its_own_client_can(sandbox: Sandbox) -> None:
    """Whoever does that for other paths than its own may."""
    calls: list[str] = []
    inner: Callable[[TransportRequest], TransportResponse] = Recorder()

    def mock(request: TransportRequest) -> TransportResponse:
        calls.append(request.url.rsplit("/", 1)[1])
        if request.url.endswith("/me"):
            outer.get("/contacts")
        return inner(request)

    outer = sandbox.client(transport=mock)
    assert outer.get("/me").status_code == 200
    assert calls == ["me", "contacts"]
