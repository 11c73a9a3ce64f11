"""The keywords of a call, as types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypedDict

Scalar: TypeAlias = str | int | float | bool
"""A value that is written as text: booleans are ``true`` and ``false``, numbers as in Python."""

Several: TypeAlias = Scalar | Iterable[Scalar | None] | None
Values: TypeAlias = Mapping[str, Several] | Sequence[tuple[str, Several]]
"""Values by name: `None` is left out, a list repeats its name."""

Pairs: TypeAlias = list[tuple[str, str]]


class Overrides(TypedDict):
    """What few calls say, by keyword."""

    path_params: Pairs
    params: Pairs
    headers: Pairs
    organization_id: str | None
    request_id: str | None
    timeout: float | None
    deadline: float | None
    max_retries: int | None
    max_retry_wait: float | None
    idempotent: bool | None
    idempotency_key: str | None


class PageOptions(TypedDict, total=False):
    """The keywords of all calls of a list. What is left out, or `None`, says nothing."""

    params: Values | None
    """The query: `None` is left out, booleans are ``true`` and ``false``, a list repeats its name."""
    headers: Mapping[str, str] | None
    """Headers besides the client's own."""
    path_params: Mapping[str, Scalar] | None
    """Values of the path's ``{placeholders}``, percent-encoded."""
    organization_id: str | None
    """The organization of the call, before the client's."""
    timeout: float | None
    """Seconds that one attempt may take, before the client's."""
    deadline: float | None
    """Seconds that the whole call may take, renewals and waits included, before the client's.

    A wait that would pass it is not begun: the server's error comes at once.
    """
    max_retries: int | None
    """How often the call is tried again at most, before the client's; 0 sends it at most once."""
    max_retry_wait: float | None
    """Seconds that the wait for a server's hint, or in the queue for a rate limit, may take, before the client's.

    What asks for longer is an error at once. A wait without a hint is no longer either.
    """
    idempotent: bool | None
    """Whether sending it twice is as good as once, so that it is tried again also where the server may have acted.

    Default: GET, HEAD, OPTIONS, PUT and DELETE are so (RFC 9110, 9.2.2), but for what the provider knows better, and
    whatever has an ``idempotency_key``.
    """


class RequestOptions(PageOptions, total=False):
    """The keywords of a call. What is left out, or `None`, says nothing."""

    json: object
    """The body, written as JSON. For a JSON ``null`` use ``content=b"null"``."""
    content: bytes | bytearray | memoryview | str | None
    """The body as it is; text is sent as UTF-8. Say its media type with ``content_type``."""
    content_type: str | None
    """The media type of the body."""
    form: Values | None
    """The body, written as a form (``application/x-www-form-urlencoded``)."""
    request_id: str | None
    """The id of this call, before a fresh UUIDv7."""
    idempotency_key: str | None
    """Sent as ``Idempotency-Key`` with every attempt, for servers that know a call again by it.

    The call is then tried again also where the server may have acted.
    """
