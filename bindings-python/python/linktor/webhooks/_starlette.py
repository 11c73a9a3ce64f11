"""Endpoints of Starlette, and path operations of FastAPI."""

from __future__ import annotations

import functools
import inspect
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Concatenate

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from .. import _native
from .._errors import WebhookVerificationError
from ._delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .._native import Event
    from ._receiver import Receiver
    from ._verifier import Verifier

REQUEST = inspect.Parameter("linktor_request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)


def endpoint(
    receiver: Receiver, function: Callable[Concatenate[Event, ...], Any]
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Make an endpoint of a function."""
    signature = inspect.signature(function)
    own = [_resolved(parameter, function) for parameter in list(signature.parameters.values())[1:]]
    is_async = inspect.iscoroutinefunction(function)

    @functools.wraps(function)
    async def receive(*args: Request, **arguments: Any) -> Any:
        if args:
            # Starlette passes the request alone; FastAPI, what the signature asks for.
            (request,) = args
            arguments = {parameter.name: request for parameter in own}
        else:
            # FastAPI fills one parameter with the request, the last that asks for it.
            request = next(arguments[name] for name in arguments if isinstance(arguments[name], Request))
            arguments.pop(REQUEST.name, None)
        body = await _read(receiver._verifier, request)
        async with Delivery(receiver, body, request.headers.raw) as delivery:
            if delivery.event is not None:
                if is_async:
                    returned = await function(delivery.event, **arguments)
                else:
                    returned = await run_in_threadpool(function, delivery.event, **arguments)
                for response in (*arguments.values(), returned):
                    if isinstance(response, Response):
                        # One that FastAPI passes has no status until it is given one.
                        delivery.status = response.status_code or delivery.status
                if returned is not None:
                    return returned
        return PlainTextResponse(delivery.body, delivery.status, delivery.headers)

    receive.__signature__ = signature.replace(parameters=[REQUEST, *own])  # type: ignore[attr-defined]
    return receive


def _resolved(parameter: inspect.Parameter, function: Callable[..., Any]) -> inspect.Parameter:
    """Evaluate an annotation that is a text: FastAPI would look for its names here."""
    annotation = parameter.annotation
    if isinstance(annotation, str):
        with suppress(NameError):
            annotation = eval(annotation, getattr(inspect.unwrap(function), "__globals__", {}))  # noqa: S307
    return parameter.replace(annotation=annotation)


async def _read(verifier: Verifier, request: Request) -> bytes | WebhookVerificationError:
    body = bytearray()
    try:
        verifier._admit(request.method, request.headers.raw)
        async with aclosing(request.stream()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > verifier._size_limit:
                    break
    except WebhookVerificationError as error:
        return error
    except ClientDisconnect:
        return _native.webhook_truncated()
    # For a function that asks for the request's body, as `Request.body` keeps it.
    request._body = bytes(body)
    return request._body
