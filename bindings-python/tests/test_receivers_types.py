"""What a user writes of receivers, as mypy and pyright see it in strict mode; it is checked, and it runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Annotated, Any

import flask
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from fastapi import BackgroundTasks, Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typing_extensions import assert_type

from linktor import webhooks

receiver = webhooks.Receiver("linktor", os.environ.get("SECRET", "invented"), tolerance=timedelta(minutes=1))
flask_app = flask.Flask("acme")
api = FastAPI()


@flask_app.post("/webhooks/linktor")
@receiver.flask
def on_event(event: webhooks.Event) -> None:
    print(event.type, event.data())


@flask_app.post("/webhooks/<tenant>")
@receiver.flask
def on_event_of(event: webhooks.Event, tenant: str) -> tuple[dict[str, Any], int]:
    return {"id": event.id, "tenant": tenant}, 202


@flask_app.post("/webhooks/async")
@receiver.flask
async def on_event_async(event: webhooks.Event) -> str | None:
    return event.id


def database() -> str:
    return "database"


@api.post("/webhooks/{tenant}")
@receiver.fastapi
async def receive(
    event: webhooks.Event, tenant: str, tasks: BackgroundTasks, db: Annotated[str, Depends(database)]
) -> dict[str, str | None]:
    tasks.add_task(print, db)
    return {"id": event.id, "tenant": tenant}


@receiver.starlette
def receive_plainly(event: webhooks.Event, request: Request) -> JSONResponse:
    return JSONResponse({"id": event.id, "path": request.url.path})


starlette_app = Starlette(routes=[Route("/webhooks/linktor", receive_plainly, methods=["POST"])])


@receiver.django
def view(event: webhooks.Event, tenant: str) -> HttpResponse | None:
    return JsonResponse({"id": event.id}) if tenant else None


@receiver.django
async def async_view(event: webhooks.Event) -> None:
    await asyncio.sleep(0)


@receiver.aws_lambda
def handler(event: webhooks.Event) -> dict[str, Any]:
    return {"statusCode": 200, "body": event.id}


@receiver.aws_lambda
def quiet_handler(event: webhooks.Event) -> None: ...


class Store:
    """A deduplicator over Redis, of which a `dict` is enough here."""

    def __init__(self) -> None:
        self._events: dict[str, webhooks.Begun] = {}

    async def begin(self, id: str) -> webhooks.Begun:  # noqa: A002
        begun = self._events.get(id, "new")
        self._events.setdefault(id, "in_progress")
        return begun

    async def commit(self, id: str) -> None:  # noqa: A002
        self._events[id] = "done"

    async def release(self, id: str) -> None:  # noqa: A002
        del self._events[id]


class PlainStore:
    def begin(self, id: str) -> webhooks.Begun:  # noqa: A002
        return "new" if id else "done"

    def commit(self, id: str) -> bool:  # noqa: A002
        return bool(id)

    def release(self, id: str) -> int:  # noqa: A002
        return len(id)


class WrongStore(PlainStore):
    def begin(self, id: str) -> bool:  # type: ignore[override]  # noqa: A002
        return bool(id)


async def receive_anywhere(own: webhooks.Receiver, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    async with own.receive(body, headers) as delivery:
        if delivery.event is not None and delivery.event.type == "message.received":
            delivery.status = 202
    error: Exception | None = delivery.error
    assert error is None or delivery.event is None
    answered: dict[str, str] = delivery.headers
    return delivery.status, delivery.body or str(answered)


def mistype() -> None:
    """Run by nobody: a type checker that passes a mistake finds that its comment is of no use."""
    webhooks.Receiver("linktor")  # type: ignore[call-overload]
    webhooks.Receiver(webhooks.Verifier("linktor", "a"), "a")  # type: ignore[call-overload]
    webhooks.Receiver("linktor", "a", deduplicator=WrongStore())  # type: ignore[call-overload]
    receiver.aws_lambda(lambda event: event.id)  # type: ignore[arg-type, return-value]
    on_event("an argument")  # type: ignore[call-arg]
    view(HttpRequest(), 7)  # type: ignore[arg-type]


def check_types() -> None:
    assert_type(on_event(), flask.Response)
    assert_type(on_event_of("acme"), flask.Response)
    assert_type(view(HttpRequest(), "acme"), HttpResponseBase)
    awaited: Callable[[HttpRequest], Coroutine[Any, Any, HttpResponseBase]] = async_view
    endpoint: Callable[..., Coroutine[Any, Any, Any]] = receive
    assert_type(handler({"httpMethod": "GET"}, None), dict[str, Any])
    del awaited, endpoint


def test_what_is_typed_of_receivers_runs() -> None:
    body = b'{"id": "evt_1", "type": "message.received"}'
    headers = webhooks.sign("linktor", body, "invented")
    verifier = webhooks.Verifier("linktor", "invented")
    stores: list[webhooks.AnyDeduplicator] = [Store(), PlainStore(), webhooks.Deduplicator(10)]
    for store in stores:
        own = webhooks.Receiver(verifier, deduplicator=store)
        assert asyncio.run(receive_anywhere(own, body, headers))[0] == 202
    assert asyncio.run(receive_anywhere(receiver, b"", {})) == (401, "missing_signature")
    assert quiet_handler({"httpMethod": "POST", "headers": {}}, None)["body"] == "missing_signature"
    assert handler({"httpMethod": "POST", "headers": headers, "body": body.decode()}, None)["body"] == "evt_1"
