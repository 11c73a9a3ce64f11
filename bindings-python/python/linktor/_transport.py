"""A transport of the user's own: what mocks and recorders hang on."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping  # noqa: TC003
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

from ._headers import Headers


class TransportRequest:
    """A request, ready to be sent once: signed, and with all headers but those of the transport itself.

    Its ``repr`` shows neither query, header values nor body.
    """

    __slots__ = ("content", "headers", "method", "timeout", "url")

    method: str
    """The method, in capitals."""
    url: str
    """The absolute URL, with its query."""
    headers: Headers
    """The headers, found by name in any case; the credential is among them."""
    content: bytes
    """The body; empty for none."""
    timeout: float
    """Seconds that the answer is waited for. What a sync transport sends in the caller's thread it must end itself."""

    def __init__(self, method: str, url: str, headers: list[tuple[str, str]], content: bytes, timeout: float) -> None:
        self.method, self.url, self.content, self.timeout = method, url, content, timeout
        self.headers = Headers(headers)

    def __repr__(self) -> str:
        from urllib.parse import urlsplit

        return f"<TransportRequest {self.method} {urlsplit(self.url).path}>"


class _MultiItems(Protocol):
    def items(self) -> Iterable[tuple[str, str]]: ...


class AnyResponse(Protocol):
    """What a transport returns: a `TransportResponse`, or that of ``httpx`` or ``requests``."""

    @property
    def status_code(self) -> int:
        """The HTTP status. A redirect is returned as it is: the client decides whether to follow it."""
        ...

    @property
    def headers(self) -> _MultiItems | Iterable[tuple[str, str]]:
        """The headers."""
        ...

    @property
    def content(self) -> bytes:
        """The whole body, decompressed."""
        ...


@dataclass(frozen=True)
class TransportResponse:
    """An answer, as a transport returns it.

    >>> TransportResponse(200, {"Content-Type": "application/json"}, b'{"success": true}')
    TransportResponse(status_code=200)
    """

    status_code: int
    """The HTTP status, from 100 to 599."""
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default=(), repr=False)
    """The headers: a mapping, or pairs of name and value. Default: none."""
    content: bytes = field(default=b"", repr=False)
    """The whole body, decompressed. Default: empty."""


Transport: TypeAlias = "Callable[[TransportRequest], AnyResponse | Awaitable[AnyResponse]]"
"""A function, sync or async, that sends a request once and returns the answer.

It follows no redirect, repeats nothing and adds no credential: all that is the client's. Of what it raises, a
`ConnectionError`, a `TimeoutError`, and the like of ``http.client``, ``httpx``, ``requests`` and ``aiohttp`` are
failures of the network, which are tried again as such; anything else is a `CallbackError` at once.
"""


def answer(response: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    """Take a response apart. Raises `TypeError` if it is none."""
    try:
        status, headers, content = response.status_code, response.headers, response.content
    except AttributeError:
        raise TypeError(
            "the transport must return a TransportResponse, or what has its status_code, headers and content, "
            f"not a {type(response).__name__}"
        ) from None
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        raise TypeError("status_code of the transport's response must be a number from 100 to 599")
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError(f"content of the transport's response must be bytes, not a {type(content).__name__}")
    return status, _pairs(headers), bytes(cast("bytes", content))


def _pairs(headers: Any) -> list[tuple[str, str]]:
    # Where there is `multi_items`, as in httpx, `items` joins what is repeated.
    items = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
    try:
        pairs: list[tuple[object, object]] = list(cast("Any", items)() if callable(items) else headers)
        if all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
            return cast("list[tuple[str, str]]", pairs)
    except (TypeError, ValueError):
        pass
    raise TypeError("headers of the transport's response must be texts by name, or pairs of two texts")


class NetworkFailure(NamedTuple):
    """How the network failed."""

    is_timeout: bool
    is_unsent: bool


def network_failure(error: BaseException) -> NetworkFailure | None:
    """Tell a failure of the network from one of the transport's own code."""
    for kind, failure in _BUILT_IN:
        if isinstance(error, kind):
            return failure
    for module, name, failure in _LIBRARIES:
        # Who raises it has imported it.
        known = getattr(sys.modules.get(module), name, None)
        if isinstance(known, type) and isinstance(error, known):
            return failure
    return None


_REFUSED, _BROKEN = NetworkFailure(False, True), NetworkFailure(False, False)
_UNREACHED, _LATE = NetworkFailure(True, True), NetworkFailure(True, False)

_LIBRARIES = (
    ("socket", "gaierror", _REFUSED),
    ("http.client", "HTTPException", _BROKEN),
    ("httpx", "ConnectTimeout", _UNREACHED),
    ("httpx", "TimeoutException", _LATE),
    ("httpx", "ConnectError", _REFUSED),
    ("httpx", "TransportError", _BROKEN),
    ("requests", "ConnectTimeout", _UNREACHED),
    ("requests", "Timeout", _LATE),
    ("requests", "ConnectionError", _BROKEN),
    ("requests.exceptions", "ChunkedEncodingError", _BROKEN),
    ("aiohttp", "ClientConnectorError", _REFUSED),
    ("aiohttp", "ClientConnectionError", _BROKEN),
)
_BUILT_IN: tuple[tuple[type[BaseException], NetworkFailure], ...] = (
    (ConnectionRefusedError, _REFUSED),
    (TimeoutError, _LATE),
    (ConnectionError, _BROKEN),
)
