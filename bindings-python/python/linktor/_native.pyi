"""The extension: private, but for `Response`, `Event` and `Deduplicator`, which the package re-exports."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, final

from typing_extensions import Self, disjoint_base

from . import webhooks
from ._errors import WebhookVerificationError
from ._functions import Desk
from ._headers import Headers
from ._rate_limit import RateLimit
from ._request import Overrides
from ._scheme import EventType

__all__ = [
    "VERSION",
    "Client",
    "Deduplicator",
    "Event",
    "Port",
    "Response",
    "Unfinished",
    "Verifier",
    "answer",
    "answer_response",
    "fail",
    "fail_sending",
    "forgotten",
    "forked",
    "jwt_sign",
    "jwt_verify",
    "provider",
    "shut",
    "webhook_answer",
    "webhook_is_handled",
    "webhook_refusal",
    "webhook_sign",
    "webhook_truncated",
]

VERSION: Final[str]

@final
class Client:
    def __new__(cls, options: str, desk: Desk | None = None) -> Client: ...
    def with_organization(self, id: str) -> Client: ...  # noqa: A002
    def with_credentials(self, options: str, desk: Desk | None = None) -> Client: ...
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
        is_logged: bool,
        page: int | None = None,
        /,
    ) -> Response | Unfinished: ...
    def submit(
        self,
        port: Port,
        method: str,
        path: str,
        body: bytes,
        content_type: str | None,
        overrides: Overrides | None,
        within: int | None,
        is_logged: bool,
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
    def drain(
        self,
    ) -> tuple[list[tuple[int | None, Callable[..., object], tuple[Any, ...]]], list[tuple[int, Any]]]: ...
    def cancel(self, call: int) -> None: ...

@final
class Unfinished:
    @property
    def due(self) -> list[tuple[Callable[..., object], tuple[Any, ...]]]: ...
    def wait(self) -> Any: ...
    def end(self) -> None: ...

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

@final
class Event:
    """What a verified delivery says. Immutable; its ``repr`` shows id and type, and no data."""

    @property
    def id(self) -> str | None:
        """The event's id, the same in every redelivery; `None` where the sender gives none, or a blank one."""

    @property
    def type(self) -> EventType | str | None:
        """Its type: one of `EventType`, or any other as it came; `None` where there is none."""

    @property
    def timestamp(self) -> datetime | None:
        """When it happened, as the sender says, in UTC; `None` where there is no time, or none of a `datetime`."""

    @property
    def organization(self) -> str | None:
        """The organization or tenant that it belongs to; `None` where the sender does not say."""

    @property
    def content(self) -> bytes:
        """The body as it came."""

    def data(self) -> Any:
        """Its data, parsed; `None` where there is none. Raises `DecodeError` if the body is not JSON."""

@disjoint_base
class Verifier:
    def __new__(cls, options: str, secret: webhooks.Secret) -> Self: ...
    def verify(self, body: webhooks.Body, headers: webhooks.Headers) -> Event:
        """Return the event of a delivery, if it is what the sender signed, and of now.

        ``body`` is the raw one, as it was received: see `Body`; ``headers`` are the request's: see `Headers`. Raises
        `WebhookVerificationError` if it is not, whose `code` says why, and `TypeError` if the body is not the raw one
        or the headers are none. Whether the body is JSON matters only to `Event.data`.
        """

    def verify_signature(self, body: webhooks.Body, headers: webhooks.Headers) -> None:
        """Return if a delivery is what the sender signed, and of now; its body is not read.

        The same as `verify` otherwise.
        """

    def _receive(self, body: webhooks.Body, headers: webhooks.Headers) -> tuple[Event, str | None]: ...
    def _admit(self, method: str, headers: webhooks.Headers) -> None: ...
    @property
    def _size_limit(self) -> int: ...

@final
class Deduplicator:
    """Remembers which events were handled, for 24 hours, in this process; threads may share it.

    Senders deliver again what was not answered in time. Claim each event before it is handled, commit it after, and
    release it if its handling failed, so that it is handled again.

    >>> from linktor import webhooks
    >>> seen = webhooks.Deduplicator()
    >>> seen.begin("evt_1"), seen.begin("evt_1")
    ('new', 'in_progress')
    >>> seen.commit("evt_1")
    >>> seen.begin("evt_1")
    'done'

    ``capacity`` is how many events it remembers, the newest: by default 100,000, each of which takes about 150 bytes.
    Raises `ConfigError` if that is no number of events.
    """

    def __new__(cls, capacity: int | None = None) -> Deduplicator: ...
    def begin(self, id: str, /) -> Literal["new", "in_progress", "done"]:  # noqa: A002
        """Claim an event, for 24 hours at most: of several that ask at once, one is told that it is ``new``.

        ``in_progress``: another delivery of it is being handled. ``done``: it was handled. Raises
        `InvalidRequestError` if the id is blank or `None`: every event without one would be a redelivery.
        """

    def commit(self, id: str, /) -> None:  # noqa: A002
        """Remember an event as handled, for 24 hours from now. Raises as `begin` does."""

    def release(self, id: str, /) -> None:  # noqa: A002
        """Forget the claim of an event whose handling failed; one that is done stays so. Raises as `begin` does."""

def answer(question: int, json: str) -> None: ...
def answer_response(question: int, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...
def fail(question: int, message: str) -> None: ...
def fail_sending(question: int, message: str, is_timeout: bool, is_unsent: bool) -> None: ...
def forgotten(questions: list[int]) -> list[int]: ...
def forked() -> None: ...
def jwt_sign(json: str) -> str: ...
def jwt_verify(json: str) -> dict[str, Any]: ...
def provider(json: str) -> str: ...
def shut() -> None: ...
def webhook_answer(begun: object) -> tuple[int, list[tuple[str, str]], str]: ...
def webhook_is_handled(status: object) -> bool: ...
def webhook_refusal(code: str | None) -> tuple[int, list[tuple[str, str]], str]: ...
def webhook_sign(options: str, body: webhooks.Body, secret: str | bytes) -> dict[str, str]: ...
def webhook_truncated() -> WebhookVerificationError: ...
