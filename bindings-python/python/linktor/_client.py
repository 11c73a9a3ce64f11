"""The client whose calls a thread waits for."""

from __future__ import annotations

from ._base import BaseClient, one_token
from ._call import encode_pages, finished, taken, within
from ._configuration import ABSENT
from ._logging import is_logged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self, Unpack

    from ._auth import Auth
    from ._credentials import CredentialOptions
    from ._native import Response
    from ._options import ClientOptions
    from ._pages import Paginator
    from ._request import PageOptions, RequestOptions


class Linktor(BaseClient):
    """A client of one API with one credential, for threads.

    Safe for use by many threads, and after a fork. As a context manager it is closed at
    the end; otherwise it needs no closing.

    >>> client = Linktor(api_key="YOUR_API_KEY")
    >>> me = client.get("/me").data()
    """

    @property
    def auth(self) -> Auth:
        """The session's own calls: log in, refresh, forget, test, consent.

        >>> client = Linktor(email="agent@example.com", password="invented")
        >>> client.auth.login().organization
        """
        from ._auth import Auth

        return Auth(self._native)

    def get(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a GET request. See `request`."""
        return self._call("GET", path, options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a POST request. See `request`."""
        return self._call("POST", path, options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PUT request. See `request`."""
        return self._call("PUT", path, options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PATCH request. See `request`."""
        return self._call("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a DELETE request. See `request`."""
        return self._call("DELETE", path, options)

    def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a request and wait for the answer; Ctrl-C ends the wait and the call.

        Args:
            method: GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE, in any case.
            path: The path under the base URL, with ``{name}`` where a path parameter goes; or
                an absolute URL under the base URL.
            **options: See `RequestOptions`. Times are in seconds.

        Raises:
            LinktorError: The call failed; the class says how.
        """
        return self._call(method, path, options)

    def paginate(self, path: str, **options: Unpack[PageOptions]) -> Paginator[Any]:
        """Read a list, page by page: nothing is sent before its first item is asked for.

        >>> for contact in client.paginate("/contacts", params={"limit": 50}):
        ...     print(contact["name"])

        Args:
            path: As in `request`.
            **options: See `PageOptions`. A page in ``params`` is the one to begin with.

        Raises:
            LinktorError: In the iteration: a call failed.
        """
        from ._pages import Paginator

        overrides = encode_pages(options)
        return Paginator(
            lambda page: finished(self._native.call("GET", path, b"", None, overrides, within.get(), is_logged(), page))
        )

    def _call(self, method: str, path: str, options: RequestOptions) -> Response:
        return finished(self._native.call(method, path, *taken(options)))  # type: ignore[no-any-return]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Linkit(Linktor):
    """A client of Linkit."""

    _families = ("linkit",)


class LibromiConnect(Linktor):
    """A client of Libromi Connect, which calls its key an API token: ``api_token`` is the same as ``api_key``."""

    _families = ("libromi",)

    def __init__(self, api_key: str = ABSENT, *, api_token: str = ABSENT, **options: Unpack[ClientOptions]) -> None:
        super().__init__(one_token(api_key, api_token), **options)

    def with_credentials(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, api_key: str = ABSENT, *, api_token: str = ABSENT, **options: Unpack[CredentialOptions]
    ) -> Self:
        """Make a handle for somebody else: see `Linktor.with_credentials`."""
        return super().with_credentials(one_token(api_key, api_token), **options)


class APIClient(Linktor):
    """A client of ``api_v2``, or with ``provider="api_v1"`` of that."""

    _families = ("api_v2", "api_v1")
