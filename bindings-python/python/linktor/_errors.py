"""The exceptions, and the one table that maps the core's kinds to them."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set
    from typing import Any, ClassVar, TypedDict

    class ErrorRecord(TypedDict, total=False):
        """A failure as the core tells it."""

        kind: str
        display: str
        message: str
        status: int
        code: str
        details: Any
        request_id: str
        retry_after: float
        attempts: int
        waited: float
        sent: str
        method: str
        path: str
        body: str
        cause: ErrorRecord
        reason: str
        upcall: int


class LinktorError(Exception):
    """The base of all errors of this package.

    ``str()`` is one line with everything that helps to find the failure: neither credential nor query string, and
    of the answer's body only message and code; a short plain text is the message.
    """

    _kind: ClassVar[str] = "internal"

    kind: str
    """What went wrong, as one word that is the same in every language."""
    message: str
    """What happened, in words: the server's own where it gave any."""
    status_code: int | None
    """The HTTP status, if the server answered."""
    code: str | None
    """The provider's code (``TOKEN_INVALID``), or the client's own (``truncated``)."""
    details: Any
    """What the server says besides, parsed from JSON: fields that failed, for example."""
    request_id: str | None
    """The request's id: the server's where it returns one, else the client's own."""
    retry_after: float | None
    """Seconds that the server asks to wait before another try."""
    attempts: int
    """How many times the request was sent, or begun to be sent."""
    waited: float
    """Seconds that the call waited in all: for rate limits, and between its attempts."""
    sent: str
    """May the server have acted on the request? ``no``, ``maybe`` or ``yes``."""
    method: str | None
    """The request's method."""
    path: str | None
    """The request's path, without its query."""
    body: str
    """The first 4 KiB of the answer's body, as text."""
    reason: str | None
    """What it comes from, in words, where that is no exception of its own."""

    def __init__(self, message: str = "", *, record: ErrorRecord | None = None) -> None:
        """Make an error from a message, or from the core's record."""
        if record is None:
            record = {"kind": self._kind, "message": message, "display": f"{self._kind}: {message}"}
        super().__init__(record.get("display", message))
        self._record: ErrorRecord = record
        self.kind = record.get("kind", self._kind)
        self.message = record.get("message", message)
        self.status_code = record.get("status")
        self.code = record.get("code")
        self.details = record.get("details")
        self.request_id = record.get("request_id")
        self.retry_after = record.get("retry_after")
        self.attempts = record.get("attempts", 0)
        self.waited = record.get("waited", 0.0)
        self.sent = record.get("sent", "no")
        self.method = record.get("method")
        self.path = record.get("path")
        self.body = record.get("body", "")
        self.reason = record.get("reason")

    @property
    def status(self) -> int | None:
        """The same as `status_code`."""
        return self.status_code

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the record, and what was added since; a cause that is no error of this package is left behind."""
        record = _portable(self._record)
        return _restore, (type(self), record), {**vars(self), "_record": record}


class APIError(LinktorError):
    """The server answered with a failure: a status, or an envelope that reports one."""

    _kind = "api"


class ValidationError(APIError):
    """HTTP 400 or 422: the server refused the request's content."""

    _kind = "validation"


class AuthenticationError(APIError):
    """HTTP 401: the credential was refused."""

    _kind = "authentication"


class QuotaExceededError(APIError):
    """HTTP 402: the plan's quota is used up."""

    _kind = "quota_exceeded"


class PermissionDeniedError(APIError):
    """HTTP 403: the credential may not do this."""

    _kind = "permission"


class NotFoundError(APIError):
    """HTTP 404: there is no such thing."""

    _kind = "not_found"


class ConflictError(APIError):
    """HTTP 409: it contradicts what is stored."""

    _kind = "conflict"


class RateLimitError(APIError):
    """HTTP 429: too many requests. See `retry_after`.

    With ``attempts`` 0 nothing was sent, and ``status_code`` is `None`: the wait for room would be longer than
    ``max_retry_wait`` or the deadline.
    """

    _kind = "rate_limited"


class ServerError(APIError):
    """HTTP 5xx."""

    _kind = "server"


class RequestTimeoutError(LinktorError, TimeoutError):
    """An attempt's timeout or the call's deadline struck. Also a `TimeoutError`."""

    _kind = "timeout"


class APIConnectionError(LinktorError, ConnectionError):
    """The connection could not be made, or broke. Also a `ConnectionError`."""

    _kind = "connection"


class ProtocolError(LinktorError):
    """The server broke the rules of HTTP or of this client: `code` says which."""

    _kind = "protocol"


class DecodeError(LinktorError, ValueError):
    """The body is not what it was to be read as. Also a `ValueError`."""

    _kind = "decode"


class ConfigError(LinktorError, ValueError):
    """The client cannot be made, or used, as it is configured. Also a `ValueError`."""

    _kind = "config"


class InvalidRequestError(LinktorError, ValueError):
    """The request cannot be sent as it is written; nothing was sent. Also a `ValueError`."""

    _kind = "invalid_request"


class TokenStoreError(LinktorError):
    """The token store cannot be locked, read or written.

    Where it was the saving that failed, calls go on with the tokens in memory.
    """

    _kind = "token_store"


class CallbackError(LinktorError):
    """A function of your own failed: token source or transport. `__cause__` is what it raised."""

    _kind = "callback"


class ClientClosedError(LinktorError):
    """The client was closed."""

    _kind = "closed"


class WebhookVerificationError(LinktorError):
    """A webhook delivery is not what its sender signed, or not of now: answer it with a 4xx, and do not act on it.

    `code` says why, whichever comes first of: ``payload_too_large``, the body is longer than the ``size_limit``;
    ``missing_signature``, a header that the scheme reads is not there, or empty; ``malformed_signature``, one is there
    more than once, or not written as the scheme says; ``signature_mismatch``, the signature is not of this body and
    any of the secrets; ``timestamp_out_of_tolerance``, the delivery was signed too long ago, or for later.
    """

    _kind = "webhook_verification"


_CLASSES: dict[str, type[LinktorError]] = {
    cls._kind: cls
    for cls in (
        APIError,
        ValidationError,
        AuthenticationError,
        QuotaExceededError,
        PermissionDeniedError,
        NotFoundError,
        ConflictError,
        RateLimitError,
        ServerError,
        RequestTimeoutError,
        APIConnectionError,
        ProtocolError,
        DecodeError,
        ConfigError,
        InvalidRequestError,
        TokenStoreError,
        CallbackError,
        ClientClosedError,
        WebhookVerificationError,
    )
}


def unexpected(function: str, names: Set[str], known: Set[str]) -> TypeError:
    """Make the exception of options that there are not."""
    return TypeError(
        f"{function}() got an unexpected option: {', '.join(sorted(names))}; there are {', '.join(sorted(known))}"
    )


def from_record(record: ErrorRecord) -> LinktorError:
    """Make the exception of a record. The extension calls it."""
    return _restore(_CLASSES.get(record.get("kind", ""), LinktorError), record)


def _restore(cls: type[LinktorError], record: ErrorRecord) -> LinktorError:
    # Without the initializer of a subclass, which may want other arguments.
    error = cls.__new__(cls)
    LinktorError.__init__(error, record=record)
    cause = record.get("cause")
    upcall = record.get("upcall")
    if cause is not None:
        error.__cause__ = from_record(cause)
    elif upcall is not None:
        error.__cause__ = raised.get(upcall)
    if error.__cause__ is None and error.reason is not None and sys.version_info >= (3, 11):
        error.add_note(error.reason)
    return error


def _portable(record: ErrorRecord) -> ErrorRecord:
    """Leave the question out: in another process its number means another one."""
    portable = record.copy()
    portable.pop("upcall", None)
    if "cause" in portable:
        portable["cause"] = _portable(portable["cause"])
    return portable


class Raised:
    """What functions of the user's raised, by question, as long as an error may be made of it."""

    _KEPT = 256

    def __init__(self) -> None:
        self._errors: dict[int, BaseException] = {}

    def add(self, question: int, error: BaseException) -> None:
        """Keep an error, and let go of those that nobody can ask for any more."""
        self._let_go()
        self._errors[question] = error
        # Without a lock, which a fork could copy while it is held: each step by itself is whole.
        for oldest in list(self._errors)[: -self._KEPT]:
            self._errors.pop(oldest, None)

    def get(self, question: int) -> BaseException | None:
        """Find what a question's function raised."""
        self._let_go()
        return self._errors.get(question)

    def _let_go(self) -> None:
        from ._native import forgotten

        for question in forgotten(list(self._errors)):
            self._errors.pop(question, None)


raised = Raised()
