"""What a client identifies itself with, as types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypedDict

from ._json import Writable

Token: TypeAlias = str | tuple[str, float] | Mapping[str, object]
"""What a token source returns: a token, ``(token, expires_in)`` or ``{"token": …, "expires_in": …}``.

``expires_in`` is in seconds; without it the token is used until the server refuses it.
"""

TokenSource: TypeAlias = Callable[[], Token | Awaitable[Token]]
"""A function, sync or async, that returns the next token."""


@dataclass(frozen=True, kw_only=True)
class OAuth(Writable):
    """An OAuth 2.0 client and the tokens it has, if it has any yet; ``repr`` shows neither them nor its secret.

    Without a refresh token, get one by ``client.auth.authorize_url`` and ``exchange_code``.
    """

    client_id: str
    """The client's id, as the provider gave it."""
    client_secret: str = field(repr=False)
    """The client's secret."""
    refresh_token: str | None = field(default=None, repr=False)
    """The refresh token of a session that exists."""
    access_token: str | None = field(default=None, repr=False)
    """An access token to begin with, used until a 401 refuses it."""
    account: str | None = None
    """Whose tokens these are, as the token store keeps them: a name that each user has alone.

    Default: told from the refresh token; without that too, a token store is refused.
    """


@dataclass(frozen=True, kw_only=True)
class JWT(Writable):
    """What a client mints its tokens from: HS256, once per lifetime; ``repr`` shows neither secret nor claims."""

    secret: str = field(repr=False)
    """The secret that the server shares."""
    subject: str
    """The ``sub`` claim."""
    issuer: str | None = None
    """The ``iss`` claim. Default: the provider's."""
    claims: Mapping[str, object] | None = field(default=None, repr=False)
    """More claims; ``sub``, ``iss``, ``iat`` and ``exp`` are the client's."""
    ttl: float | None = None
    """Seconds that a token lives. Default: 3600."""


class CredentialOptions(TypedDict, total=False):
    """The credentials, besides an API key: a client takes one. One that is `None` is missing, which is an error."""

    access_token: str
    """An access token that the client sends and never renews."""
    email: str
    """Whom to log in, with ``password``: at the first call, and when no refresh token renews the session."""
    password: str
    """The password of ``email``."""
    oauth: OAuth
    """An OAuth 2.0 client."""
    jwt: JWT
    """JSON Web Tokens that the client mints itself."""
    anonymous: bool | None
    """Send no credential at all. A switch, not a credential: `None` is `False`, which is the default."""
    token_source: TokenSource
    """Asked for a token when there is none, when the last one expired, and once after a 401 worth it."""
