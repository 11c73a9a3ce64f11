"""The client whose calls an event loop waits for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ._base import BaseClient, one_token
from ._native import Port, Response
from ._options import ABSENT
from ._request import RequestOptions, encode

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self, Unpack

    from ._options import ClientOptions


class Waiters:
    """The calls that one event loop waits for, by id. It is called when some are done."""

    __slots__ = ("futures", "port")

    def __init__(self) -> None:
        self.port = Port()
        self.futures: dict[int, Future[Response]] = {}

    def __call__(self) -> None:
        """Settle what is done."""
        for call, outcome in self.port.drain():
            future = self.futures.pop(call, None)
            if future is None or future.done():
                continue
            if isinstance(outcome, Response):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)


_loops: WeakKeyDictionary[AbstractEventLoop, Waiters] = WeakKeyDictionary()
_lock = threading.Lock()


def _waiters(loop: AbstractEventLoop) -> Waiters:
    waiters = _loops.get(loop)
    return _watch(loop) if waiters is None else waiters


def _watch(loop: AbstractEventLoop) -> Waiters:
    waiters = Waiters()
    try:
        loop.add_reader(waiters.port.fileno(), waiters)
    except NotImplementedError:
        raise RuntimeError(
            f"the event loop {type(loop).__name__} has no add_reader, which AsyncLinktor needs; use a selector loop"
        ) from None
    with _lock:
        # What a closed loop never settled would keep it alive.
        for known in list(_loops):
            if known.is_closed():
                del _loops[known]
        _loops[loop] = waiters
    return waiters


class AsyncLinktor(BaseClient):
    """A client of one API with one credential, for asyncio.

    Safe for use by many event loops, one after the other or in several threads. As an
    async context manager it is closed at the end; otherwise it needs no closing.
    Cancelling a call's task, or leaving its ``asyncio.timeout``, ends the call at once.

    >>> async with AsyncLinktor(api_key="YOUR_API_KEY") as client:
    ...     me = (await client.get("/me")).data()
    """

    _is_async = True

    def get(self, path: str, **options: Unpack[RequestOptions]) -> Coroutine[Any, Any, Response]:
        """Send a GET request. See `request`."""
        return self._call("GET", path, options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> Coroutine[Any, Any, Response]:
        """Send a POST request. See `request`."""
        return self._call("POST", path, options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> Coroutine[Any, Any, Response]:
        """Send a PUT request. See `request`."""
        return self._call("PUT", path, options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> Coroutine[Any, Any, Response]:
        """Send a PATCH request. See `request`."""
        return self._call("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> Coroutine[Any, Any, Response]:
        """Send a DELETE request. See `request`."""
        return self._call("DELETE", path, options)

    def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Coroutine[Any, Any, Response]:
        """Send a request; nothing is sent before it is awaited.

        Args:
            method: GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE, in any case.
            path: The path under the base URL, with ``{name}`` where a path parameter goes; or
                an absolute URL under the base URL.
            **options: See `RequestOptions`. Times are in seconds.

        Raises:
            LinktorError: The call failed; the class says how.
            RuntimeError: No event loop runs, or it has no ``add_reader``.
        """
        return self._call(method, path, options)

    async def _call(self, method: str, path: str, options: RequestOptions) -> Response:
        from asyncio import get_running_loop

        loop = get_running_loop()
        waiters = _waiters(loop)
        if self._desk is not None:
            self._desk.serve(loop)
        call = self._native.submit(waiters.port, method, path, *encode(**options))
        future: Future[Response] = loop.create_future()
        waiters.futures[call] = future
        try:
            return await future
        finally:
            if waiters.futures.pop(call, None) is not None:
                waiters.port.cancel(call)

    async def aclose(self) -> None:
        """End all calls in flight, and later ones, with `ClientClosedError`."""
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncLinkit(AsyncLinktor):
    """An async client of Linkit."""

    _families = ("linkit",)


class AsyncLibromiConnect(AsyncLinktor):
    """An async client of Libromi Connect: ``api_token`` is the same as ``api_key``."""

    _families = ("libromi",)

    def __init__(self, api_key: str = ABSENT, *, api_token: str = ABSENT, **options: Unpack[ClientOptions]) -> None:
        super().__init__(one_token(api_key, api_token), **options)


class AsyncAPIClient(AsyncLinktor):
    """An async client of ``api_v2``, or with ``provider="api_v1"`` of that."""

    _families = ("api_v2", "api_v1")
