"""Views of Flask."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from flask import Response, current_app, request
from werkzeug.exceptions import ClientDisconnected

from .. import _native
from .._errors import WebhookVerificationError
from ._delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._native import Event
    from ._receiver import Receiver
    from ._verifier import Verifier

P = ParamSpec("P")


def view(receiver: Receiver, function: Callable[Concatenate[Event, P], Any]) -> Callable[P, Response]:
    """Make a view of a function."""

    @functools.wraps(function)
    def receive(*args: P.args, **kwargs: P.kwargs) -> Response:
        with Delivery(receiver, _read(receiver._verifier), request.headers) as delivery:
            if delivery.event is not None:
                returned = current_app.ensure_sync(function)(delivery.event, *args, **kwargs)
                if returned is not None:
                    response = current_app.make_response(returned)
                    delivery.status = response.status_code
                    return response
        return Response(delivery.body, delivery.status, delivery.headers, mimetype="text/plain")

    return receive


def _read(verifier: Verifier) -> bytes | WebhookVerificationError:
    try:
        verifier._admit(request.method, request.headers)
        if request.content_length is not None:
            return request.get_data()
        body = bytearray()
        while len(body) <= verifier._size_limit and (chunk := request.stream.read(64 * 1024)):
            body += chunk
        return bytes(body)
    except WebhookVerificationError as error:
        return error
    except ClientDisconnected:
        return _native.webhook_truncated()
