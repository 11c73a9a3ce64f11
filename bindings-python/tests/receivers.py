"""One function behind every framework's receiver, and how a test delivers to each."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import django
import flask
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from linktor.webhooks import Event, Receiver, sign

SECRET = "invented-secret"
Pairs = list[tuple[str, str]]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Handler:
    """What the user's function does, delivery by delivery: raises, answers with a status, or says nothing."""

    outcomes: list[int | Exception | None] = field(default_factory=list[int | Exception | None])
    seconds: float = 0
    events: list[Event] = field(default_factory=list[Event])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: Event) -> int | None:
        outcome = self._next(event)
        threading.Event().wait(self.seconds)
        return self._say(outcome)

    async def later(self, event: Event) -> int | None:
        outcome = self._next(event)
        await asyncio.sleep(self.seconds)
        return self._say(outcome)

    def _next(self, event: Event) -> int | Exception | None:
        with self._lock:
            self.events.append(event)
            return self.outcomes.pop(0) if self.outcomes else None

    def _say(self, outcome: int | Exception | None) -> int | None:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


Send = Callable[[str, bytes, Pairs], Answer]
"""Sends a request: its method, body and headers."""


def flask_app(receiver: Receiver, handler: Handler) -> flask.Flask:
    app = flask.Flask(__name__)

    @app.route("/hook", methods=["GET", "POST", "PUT"])
    @receiver.flask
    def on_event(event: Event) -> tuple[str, int] | None:
        status = handler(event)
        return None if status is None else ("", status)

    @app.route("/async", methods=["GET", "POST", "PUT"])
    @receiver.flask
    async def on_event_async(event: Event) -> tuple[str, int] | None:
        status = await handler.later(event)
        return None if status is None else ("", status)

    return app


def over_flask(at: str) -> Callable[[Receiver, Handler], Send]:
    def make(receiver: Receiver, handler: Handler) -> Send:
        app = flask_app(receiver, handler)

        def send(method: str, body: bytes, headers: Pairs) -> Answer:
            response = app.test_client().open(at, method=method, data=body, headers=headers)
            return answer(response.status_code, response.headers.items(), response.get_data())

        return send

    return make


def starlette_app(receiver: Receiver, handler: Handler) -> Starlette:
    return starlette_routes(Starlette(), receiver, handler)


def fastapi_app(receiver: Receiver, handler: Handler) -> Starlette:
    return starlette_routes(FastAPI(), receiver, handler)


def starlette_routes(app: Starlette, receiver: Receiver, handler: Handler) -> Starlette:
    @receiver.fastapi
    def on_event(event: Event) -> Any:
        status = handler(event)
        return None if status is None else Response(status_code=status)

    @receiver.fastapi
    async def on_event_async(event: Event) -> Any:
        status = await handler.later(event)
        return None if status is None else Response(status_code=status)

    for at, endpoint in (("/hook", on_event), ("/async", on_event_async)):
        methods = ["GET", "POST", "PUT"]
        if isinstance(app, FastAPI):
            app.api_route(at, methods=methods)(endpoint)
        else:
            app.router.routes.append(Route(at, endpoint, methods=methods))
    return app


def over_asgi(app: Callable[[Receiver, Handler], Starlette], at: str) -> Callable[[Receiver, Handler], Send]:
    def make(receiver: Receiver, handler: Handler) -> Send:
        made = app(receiver, handler)

        def send(method: str, body: bytes, headers: Pairs) -> Answer:
            client = TestClient(made, raise_server_exceptions=False)
            response = client.request(method, at, content=body, headers=headers)
            return answer(response.status_code, response.headers.multi_items(), response.content)

        return send

    return make


settings.configure(
    ROOT_URLCONF="receivers",
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="invented",
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
django.setup()
views: dict[str, Callable[..., Any]] = {}
"""Of the test that runs: the URLs of Django are those of the process."""


def dispatch(request: HttpRequest, name: str) -> Any:
    return views[name](request)


async def dispatch_async(request: HttpRequest, name: str) -> Any:
    return await views[name](request)


dispatch.csrf_exempt = True  # type: ignore[attr-defined]
dispatch_async.csrf_exempt = True  # type: ignore[attr-defined]
urlpatterns = [path("sync/<name>", dispatch), path("async/<name>", dispatch_async)]


def over_django(receiver: Receiver, handler: Handler) -> Send:
    @receiver.django
    def on_event(event: Event) -> HttpResponse | None:
        status = handler(event)
        return None if status is None else HttpResponse(status=status)

    name = f"view-{len(views)}"
    views[name] = on_event

    def send(method: str, body: bytes, headers: Pairs) -> Answer:
        client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        joined: Any = dict(headers)
        response = client.generic(method, f"/sync/{name}", body, headers=joined)
        return answer(response.status_code, response.headers.items(), response.content)

    return send


def over_async_django(receiver: Receiver, handler: Handler) -> Send:
    @receiver.django
    async def on_event(event: Event) -> HttpResponse | None:
        status = await handler.later(event)
        return None if status is None else HttpResponse(status=status)

    name = f"view-{len(views)}"
    views[name] = on_event

    def send(method: str, body: bytes, headers: Pairs) -> Answer:
        client = AsyncClient(raise_request_exception=False, enforce_csrf_checks=True)
        joined: Any = dict(headers)

        async def deliver() -> Any:
            return await client.generic(method, f"/async/{name}", body, headers=joined)

        response = asyncio.run(deliver())
        return answer(response.status_code, response.headers.items(), response.content)

    return send


def v1(method: str, body: str | None, headers: Pairs, *, is_base64: bool) -> dict[str, Any]:
    """An event of API Gateway's REST APIs: `headers` has the last of what is repeated."""
    return {"httpMethod": method, "headers": dict(headers), **repeating(method, body, headers, is_base64=is_base64)}


def v2(method: str, body: str | None, headers: Pairs, *, is_base64: bool) -> dict[str, Any]:
    """An event of API Gateway's HTTP APIs and of function URLs: what is repeated is joined, and no body is none."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name.lower()] = f"{joined[name.lower()]},{value}" if name.lower() in joined else value
    context = {"http": {"method": method}}
    event = {"version": "2.0", "headers": joined, "requestContext": context, "isBase64Encoded": is_base64}
    return event | ({} if body is None else {"body": body})


def repeating(method: str, body: str | None, headers: Pairs, *, is_base64: bool) -> dict[str, Any]:
    """An event of a load balancer whose target group has multi-value headers."""
    several: dict[str, list[str]] = {}
    for name, value in headers:
        several.setdefault(name, []).append(value)
    return {"httpMethod": method, "multiValueHeaders": several, "body": body, "isBase64Encoded": is_base64}


def single(method: str, body: str | None, headers: Pairs, *, is_base64: bool) -> dict[str, Any]:
    """One of a load balancer whose target group has none."""
    return {"httpMethod": method, "headers": dict(headers), "body": body, "isBase64Encoded": is_base64}


def over_lambda(shape: Callable[..., dict[str, Any]], *, is_base64: bool) -> Callable[[Receiver, Handler], Send]:
    def make(receiver: Receiver, handler: Handler) -> Send:
        @receiver.aws_lambda
        def on_event(event: Event) -> dict[str, Any] | None:
            status = handler(event)
            return None if status is None else {"statusCode": status}

        def send(method: str, body: bytes, headers: Pairs) -> Answer:
            text = base64.b64encode(body).decode() if is_base64 else body.decode()
            try:
                said = on_event(shape(method, text, headers, is_base64=is_base64), None)
            except Exception:  # noqa: BLE001
                return Answer(500, {}, "")
            several = cast("dict[str, list[str]]", said.get("multiValueHeaders", {}))
            pairs = [(name, value) for name, values in several.items() for value in values]
            return answer(said["statusCode"], [*pairs, *said.get("headers", {}).items()], said.get("body", "").encode())

        return send

    return make


def over_nothing(receiver: Receiver, handler: Handler) -> Send:
    def send(method: str, body: bytes, headers: Pairs) -> Answer:
        try:
            with receiver.receive(body, headers) as delivery:
                if delivery.event is not None:
                    delivery.status = handler(delivery.event) or delivery.status
        except Exception:  # noqa: BLE001
            return Answer(500, {}, "")
        return answer(delivery.status, delivery.headers.items(), delivery.body.encode())

    return send


def over_nothing_async(receiver: Receiver, handler: Handler) -> Send:
    async def deliver(body: bytes, headers: Pairs) -> Answer:
        async with receiver.receive(body, headers) as delivery:
            if delivery.event is not None:
                delivery.status = await handler.later(delivery.event) or delivery.status
        return answer(delivery.status, delivery.headers.items(), delivery.body.encode())

    def send(method: str, body: bytes, headers: Pairs) -> Answer:
        try:
            return asyncio.run(deliver(body, headers))
        except Exception:  # noqa: BLE001
            return Answer(500, {}, "")

    return send


def answer(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers}, body.decode())


FRAMEWORKS: dict[str, Callable[[Receiver, Handler], Send]] = {
    "flask": over_flask("/hook"),
    "flask async": over_flask("/async"),
    "starlette": over_asgi(starlette_app, "/hook"),
    "starlette async": over_asgi(starlette_app, "/async"),
    "fastapi": over_asgi(fastapi_app, "/hook"),
    "fastapi async": over_asgi(fastapi_app, "/async"),
    "django": over_django,
    "django async": over_async_django,
    "lambda v1": over_lambda(v1, is_base64=False),
    "lambda v2": over_lambda(v2, is_base64=True),
    "lambda v2 text": over_lambda(v2, is_base64=False),
    "lambda alb": over_lambda(single, is_base64=True),
    "lambda alb repeating": over_lambda(repeating, is_base64=False),
    "none": over_nothing,
    "none async": over_nothing_async,
}


def delivery(id: str | None = "evt_1", more: str = "") -> tuple[bytes, Pairs]:  # noqa: A002
    """A signed delivery of Linktor's."""
    named = f'"id":"{id}",' if id is not None else ""
    body = f'{{{named}"type":"message.received","data":{{"text":"é{more}"}}}}'.encode()
    return body, [("Content-Type", "application/json"), *sign("linktor", body, SECRET).items()]
