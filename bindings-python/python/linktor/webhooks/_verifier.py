"""Verifying deliveries, and signing as a sender does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from .. import _native
from .._json import number, written
from .._time import epoch, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from typing_extensions import Self

    from .._native import Event
    from .._scheme import AnyScheme

Body: TypeAlias = "bytes | bytearray | memoryview | str"
"""A delivery's raw body, just as it was received; a text is taken as its UTF-8.

It is ``await request.body()`` in FastAPI and Starlette, ``request.get_data()`` in Flask, ``request.body`` in Django.
JSON that was parsed and written again is another text, and its signature another one.
"""

_Text: TypeAlias = "str | bytes"
_Value: TypeAlias = "_Text | list[_Text] | list[str] | list[bytes] | tuple[_Text, ...] | None"


class _Items(Protocol):
    def items(self) -> Iterable[tuple[_Text, _Value]]: ...


Headers: TypeAlias = "_Items | Iterable[tuple[_Text, _Value]]"
"""A delivery's headers: what the framework calls ``request.headers``, a `dict`, or pairs of name and value.

Names are found in any case. A value is text, bytes, a list of those if the header was sent repeatedly, or `None` if it
was not sent. Where ``items()`` joins what was sent repeatedly, give the pairs: Tornado's ``request.headers.get_all()``.
"""

Secret: TypeAlias = "str | bytes | Sequence[str | bytes]"
"""One secret, or several of which any may have signed: while it is being changed, the old and the new one.

Bytes, or a text's UTF-8. Those of Standard Webhooks are base64, ``whsec_…``, or for ``standard_webhooks_v1a`` a key:
``whpk_…`` verifies, ``whsk_…`` signs.
"""


class Verifier(_native.Verifier):
    """Verifies the deliveries of one sender. Its keys are made once, so keep it; threads may share it.

    >>> from linktor import WebhookVerificationError, webhooks
    >>> verifier = webhooks.Verifier("linktor", ["the new secret", "the old secret"])
    >>> headers = webhooks.sign("linktor", '{"id": "evt_1"}', "the old secret")
    >>> verifier.verify('{"id": "evt_1"}', headers).id
    'evt_1'
    >>> try:
    ...     verifier.verify('{"id": "evt_2"}', headers)
    ... except WebhookVerificationError as error:
    ...     print(error.code)
    signature_mismatch
    """

    __slots__ = ()

    def __new__(
        cls,
        scheme: AnyScheme,
        secret: Secret,
        *,
        tolerance: timedelta | float | None = None,
        size_limit: int | None = None,
        now: datetime | float | None = None,
    ) -> Self:
        """Make a verifier.

        Args:
            scheme: How the sender signs: see `AnyScheme`.
            secret: The secret, or several: see `Secret`.
            tolerance: Seconds, or a `timedelta`, that a delivery's signed time may be from now, before or after.
                Default: 300.
            size_limit: Bytes that a body may have. Default: 1,048,576 (1 MiB).
            now: The time to verify at, for tests; a number is in seconds since 1970. Default: the machine's clock.

        Raises:
            ConfigError: There is no such scheme, a secret is missing, empty or not of this scheme, or an option cannot
                be what it says; ``tolerance`` neither, for a scheme that signs no time.
        """
        return super().__new__(cls, _options(scheme, tolerance, size_limit, now), secret)


def verify(
    scheme: AnyScheme,
    body: Body,
    headers: Headers,
    secret: Secret,
    *,
    tolerance: timedelta | float | None = None,
    size_limit: int | None = None,
    now: datetime | float | None = None,
) -> Event:
    """Return the event of a delivery, if it is what the sender signed, and of now: see `Verifier`, which is faster.

    >>> headers = sign("libromi", '{"type": "chatbot.triggered"}', "invented-secret")
    >>> verify("libromi", '{"type": "chatbot.triggered"}', headers, "invented-secret")
    <Event id=None, type="chatbot.triggered">

    Args:
        scheme: How the sender signs, as in `Verifier`.
        body: The raw body, as it was received: see `Body`.
        headers: The request's headers: see `Headers`.
        secret: The secret, or several: see `Secret`.
        tolerance: As in `Verifier`. Default: 300 seconds.
        size_limit: As in `Verifier`. Default: 1 MiB.
        now: As in `Verifier`. Default: the machine's clock.

    Raises:
        WebhookVerificationError: It is not; `code` says why.
        ConfigError: The scheme, a secret or an option is wrong, as in `Verifier`.
        TypeError: The body is not the raw one, or the headers are none.
    """
    return Verifier(scheme, secret, tolerance=tolerance, size_limit=size_limit, now=now).verify(body, headers)


def verify_signature(
    scheme: AnyScheme,
    body: Body,
    headers: Headers,
    secret: Secret,
    *,
    tolerance: timedelta | float | None = None,
    size_limit: int | None = None,
    now: datetime | float | None = None,
) -> None:
    """Return if a delivery is what the sender signed, and of now; its body is not read. The same as `verify` otherwise.

    >>> verify_signature("libromi", b"no JSON", sign("libromi", b"no JSON", "invented-secret"), "invented-secret")
    """
    Verifier(scheme, secret, tolerance=tolerance, size_limit=size_limit, now=now).verify_signature(body, headers)


def sign(
    scheme: AnyScheme,
    body: Body,
    secret: str | bytes,
    *,
    id: str | None = None,  # noqa: A002
    timestamp: datetime | float | None = None,
) -> dict[str, str]:
    """Return the headers with which a sender would deliver this body: for tests, and to try a receiver out.

    >>> list(sign("linktor", b"{}", "invented-secret"))
    ['X-Linktor-Signature', 'X-Linktor-Timestamp']

    Args:
        scheme: How the sender signs, as in `Verifier`.
        body: The body, as it will be sent.
        secret: The secret, as in `Secret`; one.
        id: The event's id, of schemes that sign one. Default: a new one.
        timestamp: The time of the delivery, of schemes that sign one; a number is in seconds since 1970, of which whole
            ones are written. Default: now.

    Raises:
        ConfigError: The scheme or the secret is wrong; an ``id`` or ``timestamp`` cannot be written, or is not signed.
        InvalidRequestError: The body is a text that has no UTF-8.
        TypeError: The body is neither bytes nor text.
    """
    given = {"scheme": scheme, "id": id, "timestamp": epoch("timestamp", timestamp)}
    return _native.webhook_sign(written(given), body, secret)


def _options(
    scheme: object, tolerance: timedelta | float | None, size_limit: int | None, now: datetime | float | None
) -> str:
    return written(
        {
            "scheme": scheme,
            "tolerance": seconds("tolerance", tolerance),
            "size_limit": number("size_limit", size_limit, "a whole number of bytes"),
            "now": epoch("now", now),
        }
    )
