"""Views of Django."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.http import HttpResponse, UnreadablePostError

from .. import _native
from .._errors import WebhookVerificationError
from ._delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from .._native import Event
    from ._receiver import Receiver

P = ParamSpec("P")


def view(
    receiver: Receiver, function: Callable[Concatenate[Event, P], Any]
) -> Callable[Concatenate[HttpRequest, P], Any]:
    """Make a view of a function."""
    view = _async_view(receiver, function) if inspect.iscoroutinefunction(function) else _view(receiver, function)
    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view


def _view(
    receiver: Receiver, function: Callable[Concatenate[Event, P], Any]
) -> Callable[Concatenate[HttpRequest, P], Any]:
    @functools.wraps(function)
    def receive(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with _delivery(receiver, request) as delivery:
            if delivery.event is not None:
                response: HttpResponseBase | None = function(delivery.event, *args, **kwargs)
                if response is not None:
                    delivery.status = response.status_code
                    return response
        return _answer(delivery)

    return receive


def _async_view(
    receiver: Receiver, function: Callable[Concatenate[Event, P], Any]
) -> Callable[Concatenate[HttpRequest, P], Any]:
    @functools.wraps(function)
    async def receive(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        async with _delivery(receiver, request) as delivery:
            if delivery.event is not None:
                response: HttpResponseBase | None = await function(delivery.event, *args, **kwargs)
                if response is not None:
                    delivery.status = response.status_code
                    return response
        return _answer(delivery)

    return receive


def _delivery(receiver: Receiver, request: HttpRequest) -> Delivery:
    received: bytes | WebhookVerificationError
    try:
        receiver._verifier._admit(request.method or "", request.headers)
        received = request.body
    except WebhookVerificationError as error:
        received = error
    except UnreadablePostError:
        received = _native.webhook_truncated()
    return Delivery(receiver, received, request.headers)


def _answer(delivery: Delivery) -> HttpResponse:
    return HttpResponse(delivery.body, status=delivery.status, headers=delivery.headers, content_type="text/plain")
