"""The options of a client, as types and as the JSON that crosses into the core."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypedDict, cast

from ._errors import ConfigError

Token: TypeAlias = "str | tuple[str, float] | Mapping[str, object]"
"""What a token source returns: a token, ``(token, expires_in)`` or ``{"token": …, "expires_in": …}``.

``expires_in`` is in seconds; without it the token is used until the server refuses it.
"""

TokenSource: TypeAlias = "Callable[[], Token | Awaitable[Token]]"
"""A function, sync or async, that returns the next token."""


class _Absent:
    def __repr__(self) -> str:
        return "<absent>"


ABSENT: Any = _Absent()
"""A key that is not given, so that its variable of the environment is read. `None` is one that is missing."""

_CREDENTIALS = frozenset({"api_key", "access_token"})


class ClientOptions(TypedDict, total=False):
    """The options of a client, all of them keywords. What is left out, or `None`, has its default."""

    provider: str | Mapping[str, object] | None
    """The API family: ``linktor``, ``linkit``, ``libromi``, ``api_v1``, ``api_v2``, or one of your own."""
    access_token: str
    """An access token that the client sends and never renews."""
    anonymous: bool | None
    """Send no credential at all."""
    token_source: TokenSource | None
    """Asked for a token when there is none, when the last one expired, and once after a 401 worth it."""
    base_url: str | None
    """Where the API is. Default: ``<FAMILY>_BASE_URL`` from the environment, else the family's own."""
    organization: str | None
    """The organization of all calls that name none."""
    timeout: float | None
    """Seconds that one attempt may take. Default: 30."""
    connect_timeout: float | None
    """Seconds that a connection may take to be made. Default: 10."""
    deadline: float | None
    """Seconds that a whole call may take, renewals and waits included. Default: no limit."""
    max_connections: int | None
    """How many attempts may be under way at once; the rest queue in order. Default: 128."""
    headers: Mapping[str, str] | None
    """Headers of every call, besides the client's own."""
    client_version: str | None
    """What families that ask for the client's version are told. Default: this package's."""
    proxy: str | None
    """A proxy for everything but loopback. Default: from the environment, for https only."""
    root_certificates: str | None
    """Certificates in PEM that are trusted besides the machine's own."""
    allow_insecure_http: bool | None
    """Allow plain http to hosts that are not loopback, in a network of your own."""


_NAMES = frozenset(ClientOptions.__annotations__)


def to_json(client: str, family: str, api_key: str, options: ClientOptions) -> str:
    """Write a client's options as the core reads them."""
    given: dict[str, Any] = {
        name: value for name, value in options.items() if value is not None or name in _CREDENTIALS
    }
    unknown = given.keys() - _NAMES
    if unknown:
        names = ", ".join(sorted(unknown))
        raise TypeError(f"{client}() got an unexpected option: {names}; there are {', '.join(sorted(_NAMES))}")
    given.setdefault("provider", family)
    if api_key is not ABSENT:
        given["api_key"] = api_key
    if given.get("anonymous") is False:
        del given["anonymous"]
    if "token_source" in given:
        if not callable(given["token_source"]):
            raise ConfigError("token_source must be callable")
        given["token_source"] = True
    if isinstance(given["provider"], Mapping):
        given["provider"] = dict(cast("Mapping[str, object]", given["provider"]))
    if isinstance(given.get("headers"), Mapping):
        given["headers"] = list(given["headers"].items())
    for name, value in given.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            # The message of the encoder is not shown: it may hold a secret.
            raise ConfigError(f"{name} cannot be what it is: a {type(value).__name__}") from None
    return json.dumps(given)
