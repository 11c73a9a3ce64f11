"""Handlers of AWS Lambda: events of API Gateway (REST and HTTP), function URLs and load balancers."""

from __future__ import annotations

import base64
import functools
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from .._errors import WebhookVerificationError
from ._delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._native import Event
    from ._receiver import Receiver
    from ._verifier import Headers, Verifier


def handler(
    receiver: Receiver, function: Callable[[Event], Mapping[str, Any] | None]
) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """Make a handler of a function."""
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        raise TypeError("aws_lambda takes no async function: make it a plain one, which calls asyncio.run")

    @functools.wraps(function)
    def receive(event: Mapping[str, Any], context: object) -> dict[str, Any]:
        # Where names may repeat, `headers` has the last of each alone, or is not there.
        headers = cast("Headers", event.get("multiValueHeaders") or event.get("headers") or {})
        received = _read(receiver._verifier, event, headers)
        with Delivery(receiver, received, headers) as delivery:
            if delivery.event is not None:
                returned = function(delivery.event)
                if returned is not None:
                    delivery.status = _status(returned)
                    return dict(returned)
        answer = {"statusCode": delivery.status, "body": delivery.body, "isBase64Encoded": False}
        if event.get("headers") is None and event.get("multiValueHeaders") is not None:
            return {**answer, "multiValueHeaders": {name: [value] for name, value in delivery.headers.items()}}
        return {**answer, "headers": delivery.headers}

    return receive


def _read(verifier: Verifier, event: Mapping[str, Any], headers: Headers) -> bytes | str | WebhookVerificationError:
    method = event.get("httpMethod") or event.get("requestContext", {}).get("http", {}).get("method")
    if method is None:
        raise TypeError("this is no event of API Gateway, a function URL or a load balancer: it has no method")
    try:
        verifier._admit(method, headers)
    except WebhookVerificationError as error:
        return error
    body: str = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body


def _status(returned: object) -> int:
    if not isinstance(returned, Mapping) or "statusCode" not in returned:
        raise TypeError("the function must return None, or a response: a dict that has a statusCode")
    return cast("int", returned["statusCode"])
