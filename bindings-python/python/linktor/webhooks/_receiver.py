"""Receiving: a function that is called with verified events only, and with none of them twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, overload

from .. import _native
from ._delivery import Delivery, usable
from ._verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from datetime import timedelta

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from flask import Response as FlaskResponse
    from flask.typing import ResponseReturnValue

    from .._native import Event
    from .._scheme import AnyScheme
    from ._delivery import AnyDeduplicator
    from ._verifier import Body, Headers, Secret

P = ParamSpec("P")


class Receiver:
    """Receives the deliveries of one sender: verifies each, and lets no event be handled twice.

    Keep it; threads may share it. In a framework it decorates a function that takes the verified `Event`:

        receiver = webhooks.Receiver("linktor", secret)

        @app.post("/webhooks/linktor")
        @receiver.flask
        def on_event(event: webhooks.Event) -> None: ...

    What the function returns is the framework's response, and `None` a 200 without a body. If it raises, or responds
    with anything but a 2xx, its event is new again when it is redelivered; what it raises goes on to the framework.

    What the sender gets otherwise: 200 for an event that is done; 503 with ``Retry-After`` for one that is being
    handled, and where the deduplicator fails; 401 for a delivery that does not verify, 413 for one that is too long,
    400 for one that ends too early, and 405 for anything but a POST, with the code as the body. Why it was, the logger
    ``linktor.webhooks`` says: refusals at ``INFO``, failures of the deduplicator at ``ERROR``.

    An event without an id is handled whenever it is delivered.
    """

    @overload
    def __init__(self, verifier: Verifier, /, *, deduplicator: AnyDeduplicator | None = None) -> None: ...

    @overload
    def __init__(
        self,
        scheme: AnyScheme,
        /,
        secret: Secret,
        *,
        deduplicator: AnyDeduplicator | None = None,
        tolerance: timedelta | float | None = None,
        size_limit: int | None = None,
    ) -> None: ...

    def __init__(
        self,
        scheme: AnyScheme | Verifier,
        /,
        secret: Secret | None = None,
        *,
        deduplicator: AnyDeduplicator | None = None,
        tolerance: timedelta | float | None = None,
        size_limit: int | None = None,
    ) -> None:
        """Make a receiver.

        Args:
            scheme: How the sender signs: see `AnyScheme`; or a `Verifier`, which has all but the deduplicator.
            secret: The secret, or several: see `Secret`.
            deduplicator: Where events are remembered: see `AnyDeduplicator`. Two senders may give the same id, so each
                needs one of its own. Default: a new `Deduplicator`, which is of this process alone.
            tolerance: As in `Verifier`. Default: 300 seconds.
            size_limit: As in `Verifier`. Default: 1 MiB.

        Raises:
            ConfigError: As in `Verifier`; or the deduplicator is a class, or lacks a method.
            TypeError: There is a verifier, and what it has already.
        """
        if not isinstance(scheme, Verifier):
            # `None` is said to be no secret.
            given: Any = secret
            scheme = Verifier(scheme, given, tolerance=tolerance, size_limit=size_limit)
        elif (secret, tolerance, size_limit) != (None, None, None):
            raise TypeError("secret, tolerance and size_limit are those of the verifier: give them to it")
        self._verifier: Verifier = scheme
        self._seen: AnyDeduplicator = _native.Deduplicator() if deduplicator is None else usable(deduplicator)

    def receive(self, body: Body, headers: Headers) -> Delivery:
        """Receive a delivery in any other framework: a POST, whose body is read up to some limit.

        >>> from linktor import webhooks
        >>> receiver = webhooks.Receiver("linktor", "invented-secret")
        >>> body = b'{"id": "evt_1"}'
        >>> headers = webhooks.sign("linktor", body, "invented-secret")
        >>> with receiver.receive(body, headers) as delivery:  # or `async with`
        ...     if delivery.event is not None:
        ...         print(delivery.event.id)
        evt_1
        >>> delivery.status, delivery.headers, delivery.body  # to be answered
        (200, {}, '')

        An exception in the block, or a `Delivery.status` that is set there and is no 2xx, releases the event.

        Args:
            body: The raw body, as it was received: see `Body`.
            headers: The request's headers: see `Headers`.

        Raises:
            TypeError: In the ``with``: the body is not the raw one, or the headers are none.
        """
        return Delivery(self, body, headers)

    def flask(
        self,
        function: Callable[Concatenate[Event, P], ResponseReturnValue | Awaitable[ResponseReturnValue | None] | None],
    ) -> Callable[P, FlaskResponse]:
        """Make a view of Flask, whose variables of the route are passed on; an async function is one as in Flask."""
        from ._flask import view

        return view(self, function)

    def fastapi(self, function: Callable[Concatenate[Event, ...], Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Make a path operation of FastAPI, or an endpoint of Starlette.

            @app.post("/webhooks/linktor/{tenant}")
            @receiver.fastapi
            async def on_event(event: webhooks.Event, tenant: str, tasks: BackgroundTasks) -> None: ...

        All parameters but the first are FastAPI's; in Starlette there may be a second, for the ``Request``. A function
        that is not async runs in the thread pool. Declare no parameter of the body: it would be read before it is
        verified.
        """
        from ._starlette import endpoint

        return endpoint(self, function)

    starlette = fastapi

    @overload
    def django(
        self, function: Callable[Concatenate[Event, P], Coroutine[Any, Any, HttpResponseBase | None]]
    ) -> Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponseBase]]: ...

    @overload
    def django(
        self, function: Callable[Concatenate[Event, P], HttpResponseBase | None]
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]: ...

    def django(self, function: Callable[Concatenate[Event, P], Any]) -> Callable[Concatenate[HttpRequest, P], Any]:
        """Make a view of Django, async if the function is; what the URL captures is passed on.

        It is exempt from the protection against CSRF, which a sender's signature is too.
        """
        from ._django import view

        return view(self, function)

    def aws_lambda(
        self, function: Callable[[Event], Mapping[str, Any] | None]
    ) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
        """Make a handler of AWS Lambda, behind API Gateway (REST and HTTP), a function URL, or a load balancer.

        The function returns `None`, or the response as a `dict` with its ``statusCode``. The next container remembers
        nothing of what this one handled: give a deduplicator that they share.

        Raises:
            TypeError: The function is async: Lambda would not await it.
        """
        from ._aws_lambda import handler

        return handler(self, function)
