"""The client whose calls an event loop waits for."""

from __future__ import annotations

import os
import threading
from contextvars import Context, copy_context
from weakref import WeakKeyDictionary, WeakSet

from ._base import BaseClient, one_token
from ._call import encode_pages, taken, within
from ._configuration import ABSENT
from ._logging import is_logged
from ._native import Port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable, Coroutine
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self, Unpack

    from ._auth import AsyncAuth
    from ._credentials import CredentialOptions
    from ._native import Response
    from ._options import ClientOptions
    from ._pages import AsyncPaginator
    from ._request import PageOptions, RequestOptions


class Waiters:
    """The calls that one event loop waits for, by id, each in its context. It is called when there is something."""

    __slots__ = ("futures", "port")

    def __init__(self) -> None:
        self.port = Port()
        self.futures: dict[int, tuple[Future[Any], Context]] = {}

    def __call__(self) -> None:
        """Do what calls ask for, and settle those that are done."""
        due, done = self.port.drain()
        for call, function, arguments in due:
            known = None if call is None else self.futures.get(call)
            try:
                (Context() if known is None else known[1]).run(function, *arguments)
            except Exception as error:  # noqa: BLE001
                from asyncio import get_running_loop

                get_running_loop().call_exception_handler({"message": "linktor cannot go on", "exception": error})
        for call, outcome in done:
            known = self.futures.pop(call, None)
            if known is None or known[0].done():
                continue
            if isinstance(outcome, BaseException):
                known[0].set_exception(outcome)
            else:
                known[0].set_result(outcome)


_loops: WeakKeyDictionary[AbstractEventLoop, Waiters] = WeakKeyDictionary()
_parents: WeakSet[AbstractEventLoop] = WeakSet()
"""The loops of the process that this one is a fork of."""
_lock = threading.Lock()


def _begin_anew() -> None:
    """Leave behind what a fork has copied: another thread may hold the lock, and the parent drains the ports."""
    global _loops, _parents, _lock
    _parents = WeakSet([*_parents, *_loops])
    _loops = WeakKeyDictionary()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def _waiters(loop: AbstractEventLoop) -> Waiters:
    waiters = _loops.get(loop)
    return _watch(loop) if waiters is None else waiters


def _watch(loop: AbstractEventLoop) -> Waiters:
    if loop in _parents:
        raise RuntimeError("this event loop is the parent process's, which a fork cannot share: make a new one")
    waiters = Waiters()
    try:
        # In nobody's context: it would live as long as the loop.
        Context().run(loop.add_reader, waiters.port.fileno(), waiters)
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

    @property
    def auth(self) -> AsyncAuth:
        """The session's own calls: log in, refresh, forget, test, consent.

        >>> async with AsyncLinktor(email="agent@example.com", password="invented") as client:
        ...     (await client.auth.login()).organization
        """
        from ._auth import AsyncAuth

        return AsyncAuth(self._native, self._settle)

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

    def paginate(self, path: str, **options: Unpack[PageOptions]) -> AsyncPaginator[Any]:
        """Read a list, page by page: nothing is sent before its first item is asked for.

        >>> async for contact in client.paginate("/contacts", params={"limit": 50}):
        ...     print(contact["name"])

        Args:
            path: As in `request`.
            **options: See `PageOptions`. A page in ``params`` is the one to begin with.

        Raises:
            LinktorError: In the iteration: a call failed.
        """
        from ._pages import AsyncPaginator

        overrides = encode_pages(options)
        return AsyncPaginator(
            lambda page: self._settle(
                lambda port: self._native.submit(
                    port, "GET", path, b"", None, overrides, within.get(), is_logged(), page
                )
            )
        )

    def _call(self, method: str, path: str, options: RequestOptions) -> Coroutine[Any, Any, Response]:
        return self._settle(lambda port: self._native.submit(port, method, path, *taken(options)))

    async def _settle(self, submit: Callable[[Port], int]) -> Any:
        """Submit a call and wait for its end; a wait that is cancelled ends the call."""
        from asyncio import get_running_loop

        loop = get_running_loop()
        waiters = _waiters(loop)
        for desk in (self._desk, self._root_desk):
            if desk is not None:
                desk.serve(loop)
        call = submit(waiters.port)
        future: Future[Any] = loop.create_future()
        waiters.futures[call] = future, copy_context()
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

    def with_credentials(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, api_key: str = ABSENT, *, api_token: str = ABSENT, **options: Unpack[CredentialOptions]
    ) -> Self:
        """Make a handle for somebody else: see `AsyncLinktor.with_credentials`."""
        return super().with_credentials(one_token(api_key, api_token), **options)


class AsyncAPIClient(AsyncLinktor):
    """An async client of ``api_v2``, or with ``provider="api_v1"`` of that."""

    _families = ("api_v2", "api_v1")
