"""What each framework has of its own: its parameters, its bodies, its sockets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import flask
import pytest
import uvicorn
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import RequestFactory
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException
from fastapi import Request as FastAPIRequest
from fastapi import Response as FastAPIResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope
from werkzeug.serving import make_server

from linktor.webhooks import Deduplicator, Receiver, sign
from receivers import (
    SECRET,
    Handler,
    Pairs,
    delivery,
    fastapi_app,
    flask_app,
    repeating,
    single,
    starlette_app,
    v1,
    v2,
)
from sandbox import Sandbox

if TYPE_CHECKING:
    from linktor.webhooks import Event


@contextlib.contextmanager
def werkzeug(app: flask.Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def uvicorned(app: ASGIApp) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


SERVERS: dict[str, Callable[[Receiver, Handler], contextlib.AbstractContextManager[str]]] = {
    "flask": lambda receiver, handler: werkzeug(flask_app(receiver, handler)),
    "fastapi": lambda receiver, handler: uvicorned(fastapi_app(receiver, handler)),
    "starlette": lambda receiver, handler: uvicorned(starlette_app(receiver, handler)),
}
PATHS = [(name, at) for name in SERVERS for at in ("/hook", "/async")]


def deliver(sandbox: Sandbox, url: str, **more: Any) -> list[tuple[int | None, str | None]]:
    return [(one.status, one.body) for one in sandbox.deliver(url, "message.received", **more).deliveries]


@pytest.mark.parametrize(("name", "at"), PATHS)
def test_what_the_sandbox_delivers_is_handled_once(sandbox: Sandbox, name: str, at: str) -> None:
    handler = Handler([ZeroDivisionError(), 400, 201])
    receiver = Receiver("linktor", sandbox.credentials["linktor"]["webhook_secret"])
    with SERVERS[name](receiver, handler) as url:
        statuses = [status for status, _ in deliver(sandbox, url + at, times=3)]
        assert statuses == [500, 400, 201, 200, 200]
        for tamper, code in (
            ("body", "signature_mismatch"),
            ("unsigned", "missing_signature"),
            ("stale", "timestamp_out_of_tolerance"),
        ):
            assert set(deliver(sandbox, url + at, tamper=tamper)) == {(401, code)}
    assert len(handler.events) == 3


FAMILIES = ["linktor", "libromi", "api_v1", "api_v2", "standard_webhooks", "x_hub_signature_256"]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_received(sandbox: Sandbox, family: str) -> None:
    handler, data = Handler(), {"content": "Olá / 1", "n": 1.5}
    receiver = Receiver(family, sandbox.credentials[family]["webhook_secret"])
    with werkzeug(flask_app(receiver, handler)) as url:
        statuses = [status for status, _ in deliver(sandbox, f"{url}/hook", family=family, data=data, times=2)]
    assert statuses == [200, 200]
    assert [event.data() for event in handler.events] == [data] * (2 if family == "libromi" else 1)


def connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)


@pytest.mark.parametrize("name", SERVERS)
def test_a_body_that_is_announced_as_too_long_is_not_waited_for(name: str) -> None:
    with SERVERS[name](Receiver("linktor", SECRET), Handler()) as url:
        connection = connect(url)
        connection.putrequest("POST", "/hook")
        for header, value in [("Content-Length", "1048577"), *delivery()[1]]:
            connection.putheader(header, value)
        connection.endheaders()
        with contextlib.closing(connection), connection.getresponse() as response:
            assert (response.status, response.read()) == (413, b"payload_too_large")


@pytest.mark.parametrize("name", SERVERS)
def test_a_body_of_unknown_length_is_read_up_to_the_limit(name: str) -> None:
    endless = (b"x" * 1000 for _ in range(50))
    handler = Handler()
    with SERVERS[name](Receiver("linktor", SECRET, size_limit=20_000), handler) as url:
        connection = connect(url)
        connection.request("POST", "/hook", iter(endless), dict(delivery()[1]), encode_chunked=True)
        with contextlib.closing(connection), connection.getresponse() as response:
            assert (response.status, response.read()) == (413, b"payload_too_large")
        body, headers = delivery()
        connection = connect(url)
        connection.request("POST", "/hook", iter([body[:9], body[9:]]), dict(headers), encode_chunked=True)
        with contextlib.closing(connection), connection.getresponse() as response:
            assert (response.status, response.read()) == (200, b"")
    assert len(handler.events) == 1


def test_what_ends_too_early_is_refused_in_flask() -> None:
    body, headers = delivery()
    with werkzeug(flask_app(Receiver("linktor", SECRET), Handler())) as url:
        host, port = url.removeprefix("http://").split(":")
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"POST /hook HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
            connection.shutdown(socket.SHUT_WR)
            assert b" 400 " in connection.makefile("rb").readline()


def test_variables_of_a_flask_route_are_passed_on() -> None:
    app = flask.Flask(__name__)
    receiver = Receiver("linktor", SECRET)

    @app.post("/hook/<tenant>/<int:n>")
    @receiver.flask
    def on_event(event: Event, tenant: str, n: int) -> flask.typing.ResponseReturnValue:
        return {"id": event.id, "tenant": tenant, "n": n, "json": flask.request.get_json()["id"]}, 202, {"X-A": "b"}

    body, headers = delivery()
    response = app.test_client().post("/hook/acme/7", data=body, headers=headers)
    assert (response.status_code, response.headers["X-A"]) == (202, "b")
    assert response.get_json() == {"id": "evt_1", "tenant": "acme", "n": 7, "json": "evt_1"}
    assert app.test_client().get("/hook/acme/7").status_code == 405


def test_what_flask_cannot_answer_with_releases_the_event() -> None:
    app = flask.Flask(__name__)
    answers: list[Any] = [object(), flask.abort, "done"]

    @app.before_request
    def read() -> None:
        flask.request.get_data()

    @app.post("/hook")
    @Receiver("linktor", SECRET).flask
    def on_event(event: Event) -> Any:
        answer = answers.pop(0)
        return answer(409) if answer is flask.abort else answer

    body, headers = delivery()
    statuses = [app.test_client().post("/hook", data=body, headers=headers).status_code for _ in range(4)]
    assert statuses == [500, 409, 200, 200]


def tenant_of(x_tenant: str) -> str:
    return x_tenant.upper()


def test_parameters_of_fastapi_work() -> None:
    app, done = FastAPI(), list[str]()

    @app.post("/hook/{name}")
    @Receiver("linktor", SECRET).fastapi
    async def on_event(
        event: Event,
        name: str,
        n: int,
        tenant: Annotated[str, Depends(tenant_of)],
        tasks: BackgroundTasks,
        request: FastAPIRequest,
        page: int = 1,
    ) -> dict[str, Any]:
        """Receive it."""
        tasks.add_task(done.append, name)
        raw = await request.body()
        return {"id": event.id, "all": [name, n, tenant, page], "raw": raw == event.content, "path": request.url.path}

    body, headers = delivery()
    client = TestClient(app)
    response = client.post("/hook/acme", params={"n": "2", "x_tenant": "a"}, content=body, headers=headers)
    assert response.json() == {"id": "evt_1", "all": ["acme", 2, "A", 1], "raw": True, "path": "/hook/acme"}
    assert done == ["acme"]
    assert (
        client.post("/hook/acme", params={"n": "x", "x_tenant": "a"}, content=body, headers=headers).status_code == 422
    )
    operation = client.get("/openapi.json").json()["paths"]["/hook/{name}"]["post"]
    assert [one["name"] for one in operation["parameters"]] == ["name", "n", "page", "x_tenant"]
    assert "requestBody" not in operation
    assert operation["description"] == "Receive it."
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["type"] == "object"


def test_a_plain_function_of_fastapi_runs_in_a_thread() -> None:
    app, threads = FastAPI(), set[str]()

    @app.post("/hook")
    @Receiver("linktor", SECRET).fastapi
    def on_event(event: Event, tasks: BackgroundTasks) -> None:
        threads.add(threading.current_thread().name)
        tasks.add_task(threads.add, "task")
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()

    body, headers = delivery()
    assert TestClient(app).post("/hook", content=body, headers=headers).status_code == 200
    assert "task" in threads
    assert any("worker" in name.lower() for name in threads)
    assert TestClient(app).get("/openapi.json").status_code == 200


def test_what_fastapi_answers_with_decides() -> None:
    app, answers = FastAPI(), [HTTPException(429), 507, {"a": 1}]

    @app.post("/hook")
    @Receiver("linktor", SECRET).fastapi
    async def on_event(event: Event, response: FastAPIResponse) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            response.status_code = answer
            return {"retry": True}
        return answer

    body, headers = delivery()
    client = TestClient(app)
    given = [client.post("/hook", content=body, headers=headers) for _ in range(4)]
    assert [one.status_code for one in given] == [429, 507, 200, 200]
    assert [one.text for one in given[1:]] == ['{"retry":true}', '{"a":1}', ""]


def test_a_request_may_be_asked_for_in_starlette() -> None:
    receiver = Receiver("linktor", SECRET)

    @receiver.starlette
    async def on_event(event: Event, request: Request) -> Response:
        return JSONResponse(
            [event.id, request.path_params["tenant"], await request.json() == json.loads(event.content)]
        )

    app = Starlette(routes=[Route("/hook/{tenant}", on_event, methods=["POST"])])
    body, headers = delivery()
    client = TestClient(app)
    assert client.post("/hook/acme", content=body, headers=headers).json() == ["evt_1", "acme", True]
    assert client.get("/hook/acme").status_code == 405


def asgi(messages: list[Message], headers: Pairs) -> tuple[Scope, Receive]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": "POST", "path": "/hook", "headers": raw, "query_string": b""}

    async def receive() -> Message:
        return messages.pop(0)

    return scope, receive


def run(app: ASGIApp, messages: list[Message], headers: Pairs) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(dict(message))

    async def deliver() -> None:
        scope, receive = asgi(messages, headers)
        await app(scope, receive, send)

    asyncio.run(deliver())
    return sent


def test_what_ends_too_early_is_refused_in_starlette() -> None:
    body, headers = delivery()
    app, handler = starlette_app, Handler()
    part = {"type": "http.request", "body": body[:-1], "more_body": True}
    start, content = run(app(Receiver("linktor", SECRET), handler), [part, {"type": "http.disconnect"}], headers)
    assert (start["status"], content["body"]) == (400, b"truncated")
    assert not handler.events


def test_no_more_than_the_limit_is_read_in_starlette() -> None:
    messages: list[Message] = [{"type": "http.request", "body": b"x" * 600, "more_body": True}] * 10
    app = starlette_app(Receiver("linktor", SECRET, size_limit=1000), Handler())
    start, _ = run(app, messages, delivery()[1])
    assert (start["status"], len(messages)) == (413, 8)


def test_a_request_that_is_cancelled_releases_its_event() -> None:
    """As a middleware or a timeout of the server cancels it: again wherever it waits."""
    import anyio

    class Slow:
        def __init__(self) -> None:
            self.inner = Deduplicator()

        async def begin(self, id: str) -> Any:  # noqa: A002
            await asyncio.sleep(0.01)
            return self.inner.begin(id)

        async def commit(self, id: str) -> None:  # noqa: A002
            await asyncio.sleep(0.01)
            self.inner.commit(id)

        async def release(self, id: str) -> None:  # noqa: A002
            await asyncio.sleep(0.01)
            self.inner.release(id)

    async def cancel(seen: Slow | Deduplicator) -> str:
        body, headers = delivery()
        scope, receive = asgi([{"type": "http.request", "body": body, "more_body": False}], headers)
        scope["path"] = "/async"
        app = starlette_app(Receiver("linktor", SECRET, deduplicator=seen), Handler(seconds=5))

        async def send(message: Message) -> None: ...

        with anyio.move_on_after(0.1) as scope_:
            await app(scope, receive, send)
        assert scope_.cancelled_caught
        await asyncio.sleep(0.1)
        begun: str = (seen.inner if isinstance(seen, Slow) else seen).begin("evt_1")
        return begun

    assert asyncio.run(cancel(Slow())) == asyncio.run(cancel(Deduplicator())) == "new"


def django_request(body: bytes, headers: Pairs) -> HttpRequest:
    given: Any = dict(headers)
    request: HttpRequest = RequestFactory().generic("POST", "/", body, headers=given)
    return request


def test_what_a_django_url_captures_is_passed_on() -> None:
    @Receiver("linktor", SECRET).django
    def on_event(event: Event, tenant: str, *, n: int) -> HttpResponse:
        return JsonResponse({"all": [event.id, tenant, n]}, status=201)

    response: Any = on_event(django_request(*delivery()), "acme", n=7)
    assert (response.status_code, json.loads(response.content)) == (201, {"all": ["evt_1", "acme", 7]})


def test_a_django_view_is_exempt_from_csrf_and_stays_async() -> None:
    receiver = Receiver("linktor", SECRET)

    @receiver.django
    def on_event(event: Event) -> None: ...

    @receiver.django
    async def on_event_async(event: Event) -> None: ...

    views: list[Any] = [on_event, on_event_async]
    assert [view.csrf_exempt for view in views] == [True, True]
    assert [asyncio.iscoroutinefunction(view) for view in views] == [False, True]


def test_what_django_cannot_read_is_refused() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    @Receiver("linktor", SECRET).django
    def on_event(event: Event) -> None: ...

    body, headers = delivery()
    environment: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}
    environment |= {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)), "wsgi.input": Broken()}
    response: Any = on_event(WSGIRequest(environment))
    assert (response.status_code, response.content) == (400, b"truncated")


def test_what_is_no_response_of_django_releases_the_event() -> None:
    answers: list[Any] = [{"a": 1}, HttpResponse()]

    @Receiver("linktor", SECRET).django
    def on_event(event: Event) -> Any:
        return answers.pop(0)

    request = django_request(*delivery())
    view: Any = on_event
    with pytest.raises(AttributeError):
        view(request)
    assert view(request).status_code == 200
    assert not answers


@pytest.mark.parametrize(
    ("shape", "key"), [(v1, "headers"), (v2, "headers"), (single, "headers"), (repeating, "multiValueHeaders")]
)
def test_lambda_answers_in_the_shape_it_was_asked_in(shape: Callable[..., dict[str, Any]], key: str) -> None:
    receiver = Receiver("linktor", SECRET)
    calls: list[str | None] = []

    @receiver.aws_lambda
    def on_event(event: Event) -> dict[str, Any]:
        calls.append(event.id)
        return {"statusCode": 202, "cookies": ["a=b"]}

    body, headers = delivery()
    event = shape("POST", base64.b64encode(body).decode(), headers, is_base64=True)
    assert on_event(event, None) == {"statusCode": 202, "cookies": ["a=b"]}
    assert on_event(event, None) == {"statusCode": 200, key: {}, "body": "", "isBase64Encoded": False}
    refused = on_event(shape("GET", None, headers, is_base64=False), None)
    assert (refused["statusCode"], refused[key]) == (405, {"allow": "POST" if key == "headers" else ["POST"]})
    assert calls == ["evt_1"]


@pytest.mark.parametrize("shape", [v1, v2, single, repeating])
def test_a_lambda_event_may_have_no_body(shape: Callable[..., dict[str, Any]]) -> None:
    @Receiver("linktor", SECRET).aws_lambda
    def on_event(event: Event) -> dict[str, Any]:
        return {"statusCode": 200, "body": event.content.decode()}

    signed = list(sign("linktor", b"", SECRET).items())
    assert on_event(shape("POST", None, signed, is_base64=False), None)["body"] == ""
    assert on_event(shape("POST", None, [], is_base64=False), None)["body"] == "missing_signature"
    long = shape("POST", "a" * 2**21, signed, is_base64=True)
    assert on_event(long, None)["statusCode"] == 413


@pytest.mark.parametrize("said", [1, "ok", {"status": 200}, [200]])
def test_what_lambda_cannot_answer_with_releases_the_event(said: Any) -> None:
    answers: list[Any] = [said, {"statusCode": 200}]

    @Receiver("linktor", SECRET).aws_lambda
    def on_event(event: Event) -> Any:
        return answers.pop(0)

    body, headers = delivery()
    event = single("POST", body.decode(), headers, is_base64=False)
    with pytest.raises(TypeError, match="a dict that has a statusCode"):
        on_event(event, None)
    assert on_event(event, None)["statusCode"] == 200
    assert not answers


class AsyncCallable:
    async def __call__(self, event: Event) -> None: ...


@pytest.mark.parametrize("function", [AsyncCallable(), AsyncCallable().__call__, functools.partial(asyncio.sleep, 0)])
def test_lambda_refuses_an_async_function_at_once(function: Any) -> None:
    with pytest.raises(TypeError, match=r"takes no async function: make it a plain one, which calls asyncio\.run"):
        Receiver("linktor", SECRET).aws_lambda(function)


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"requestContext": {"http": {}}}, {"httpMethod": None}])
def test_what_is_no_event_of_http_is_said_to_be(event: dict[str, Any]) -> None:
    @Receiver("linktor", SECRET).aws_lambda
    def on_event(event: Event) -> None: ...

    with pytest.raises(TypeError, match="has no method"):
        on_event(event, None)
