"""The extension: private, but for `Response`, which the package re-exports."""

from collections.abc import Callable, Sequence
from typing import Any, Final, final

from ._headers import Headers
from ._rate_limit import RateLimit
from ._request import Overrides

__all__ = ["VERSION", "Client", "Port", "Response", "answer", "fail", "forked", "jwt_sign", "jwt_verify", "shut"]

VERSION: Final[str]

@final
class Client:
    def __new__(cls, options: str, desk: Callable[[list[tuple[int, bool]]], None] | None = None) -> Client: ...
    def with_organization(self, id: str) -> Client: ...  # noqa: A002
    def with_credentials(
        self, options: str, desk: Callable[[list[tuple[int, bool]]], None] | None = None
    ) -> Client: ...
    @property
    def provider(self) -> str: ...
    def call(
        self,
        method: str,
        path: str,
        body: bytes,
        content_type: str | None,
        overrides: Overrides | None,
        within: int | None,
        page: int | None = None,
        /,
    ) -> Response: ...
    def submit(
        self,
        port: Port,
        method: str,
        path: str,
        body: bytes,
        content_type: str | None,
        overrides: Overrides | None,
        within: int | None,
        page: int | None = None,
        /,
    ) -> int: ...
    def call_auth(self, call: str, /) -> Any: ...
    def submit_auth(self, port: Port, call: str, /) -> int: ...
    def session(self) -> Any: ...
    def rate_limit(self, class_: str | None, /) -> RateLimit | None: ...
    def invalidate(self) -> None: ...
    def authorize_url(self, scopes: Sequence[str], redirect_uri: str) -> Any: ...
    def close(self) -> None: ...

@final
class Port:
    def __new__(cls) -> Port: ...
    def fileno(self) -> int: ...
    def drain(self) -> list[tuple[int, Any]]: ...
    def cancel(self, call: int) -> None: ...

@final
class Response:
    """A 2xx answer, whole."""

    @property
    def status_code(self) -> int:
        """The HTTP status, from 200 to 299."""

    @property
    def headers(self) -> Headers:
        """The headers, found by name in any case."""

    @property
    def content(self) -> bytes:
        """The body as it came, decompressed."""

    @property
    def text(self) -> str:
        """The body as text. Raises `DecodeError` if it is not UTF-8."""

    def json(self) -> Any:
        """The body as sent, parsed; `None` if it is empty. Raises `DecodeError` if it is not JSON."""

    def data(self) -> Any:
        """The payload under the family's envelope, parsed.

        `None` where there is none, ``[]`` for a list that the server wrote as ``null``. Raises
        `DecodeError` if the body is not JSON, `APIError` if the envelope reports a failure.
        """

    def _items(self) -> list[Any]: ...
    @property
    def _next_page(self) -> int | None: ...
    @property
    def request_id(self) -> str:
        """The request's id: the server's where it returns one, else the client's own."""

    @property
    def attempts(self) -> int:
        """How many times the request was sent."""

    @property
    def waited(self) -> float:
        """Seconds that the call waited in all: for rate limits, and between its attempts."""

    @property
    def rate_limit(self) -> RateLimit | None:
        """What this answer says of the rate limit; `None` if it tells no number."""

def answer(question: int, json: str) -> None: ...
def fail(question: int, message: str) -> None: ...
def forked() -> None: ...
def jwt_sign(json: str) -> str: ...
def jwt_verify(json: str) -> dict[str, Any]: ...
def shut() -> None: ...
