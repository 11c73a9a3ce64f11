"""The session's own calls: log in, refresh, forget, test, consent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._call import finished, within
from ._errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ._native import Client, Port


@dataclass(frozen=True)
class Session:
    """What is known of a session. Its tokens stay in the core."""

    user: Any = field(repr=False)
    """The user, as the login's answer has it, parsed from JSON; `None` if it has none."""
    organization: str | None
    """The organization that the first login named."""
    expires_in: float | None
    """Seconds that the access token is still good; `None` if that is not known."""


@dataclass(frozen=True)
class AuthTest:
    """Whether a credential is good."""

    valid: bool
    """Whether the server accepts it."""
    data: Any = field(repr=False)
    """What the server said besides, parsed from JSON; `None` if it refused."""


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request for a user's consent: where to send the user, and what to keep until they come back.

    Its JSON holds it whole, so that another process can take it up: keep that where the user cannot read it, in a
    server-side session or an encrypted cookie. ``repr`` shows neither state nor verifier.
    """

    url: str = field(repr=False)
    """Where the user agrees."""
    state: str = field(repr=False)
    """What the user must bring back (RFC 6749, 10.12)."""
    verifier: str = field(repr=False)
    """The PKCE code verifier (RFC 7636, 4.1)."""
    redirect_uri: str
    """Where the user comes back to."""

    def to_json(self) -> str:
        """Write it as JSON, with the verifier."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> AuthorizationRequest:
        """Read what `to_json` wrote. Raises `InvalidRequestError` if it is something else."""
        try:
            request = cls(**json.loads(text))
        except (TypeError, ValueError):
            # The message of the parser is not shown: it may hold the verifier.
            request = None
        if request is None or not all(isinstance(value, str) for value in vars(request).values()):
            raise InvalidRequestError("the text is no request for consent as to_json wrote it")
        return request


class _Auth:
    def __init__(self, native: Client) -> None:
        self._native = native

    def session(self) -> Session | None:
        """Tell what is known of the session; sends nothing.

        `None` before the first token, and for a credential without a session.
        """
        known = self._native.session()
        return None if known is None else Session(**known)

    def invalidate(self) -> None:
        """Forget the access token, so that the next call renews it. The refresh token stays."""
        self._native.invalidate()

    def authorize_url(self, scopes: Sequence[str], redirect_uri: str) -> AuthorizationRequest:
        """Make a request for a user's consent, with PKCE and a fresh state; sends nothing.

        Args:
            scopes: What the user is to agree to, each scope by itself.
            redirect_uri: Where the user comes back to, as the provider knows it.

        Raises:
            ConfigError: The credential is not OAuth, or nobody knows the ``auth_url``.
            InvalidRequestError: A scope or the ``redirect_uri`` cannot be one.
        """
        return AuthorizationRequest(**self._native.authorize_url(scopes, redirect_uri))


class Auth(_Auth):
    """The session of a client: see `Linktor.auth`."""

    def login(self) -> Session:
        """Log in now, also after a login that was refused. Calls log in by themselves.

        Raises:
            AuthenticationError: The server refused, and says why in `code`.
            ConfigError: The credential has no login.
            TokenStoreError: The tokens cannot be saved, though calls go on with them.
        """
        return Session(**finished(self._native.call_auth(_call("login"))))

    def refresh(self) -> Session:
        """Renew the token now, by the refresh token or whatever else gives one; joins a renewal under way.

        Raises:
            AuthenticationError: The session has ended; `code` is ``session_expired``.
            ConfigError: The credential is never renewed.
            TokenStoreError: The tokens cannot be saved, though calls go on with them.
        """
        return Session(**finished(self._native.call_auth(_call("refresh"))))

    def test(self) -> AuthTest:
        """Ask the server whether the credential is good: a 401 is an answer, other failures are raised.

        Raises:
            ConfigError: The family has no endpoint that tells.
        """
        return AuthTest(**finished(self._native.call_auth(_call("test"))))

    def exchange_code(self, callback_url: str, request: AuthorizationRequest) -> Session:
        """Exchange the code that the user came back with for tokens, once; calls use them from here on.

        Args:
            callback_url: The URL that the user came to, or its path and query.
            request: What `authorize_url` gave.

        Raises:
            AuthenticationError: The callback does not answer the request (``state_mismatch``), brings no code
                (``missing_code``), or the user or the server refused.
            InvalidRequestError: The request is something else.
            TokenStoreError: The tokens cannot be saved, though calls go on with them.
        """
        return Session(**finished(self._native.call_auth(_exchange(callback_url, request))))


class AsyncAuth(_Auth):
    """The session of an async client: see `AsyncLinktor.auth`."""

    def __init__(self, native: Client, settle: Callable[[Callable[[Port], int]], Awaitable[Any]]) -> None:
        super().__init__(native)
        self._settle = settle

    async def login(self) -> Session:
        """Log in now: see `Auth.login`."""
        return Session(**await self._made(_call("login")))

    async def refresh(self) -> Session:
        """Renew the token now: see `Auth.refresh`."""
        return Session(**await self._made(_call("refresh")))

    async def test(self) -> AuthTest:
        """Ask the server whether the credential is good: see `Auth.test`."""
        return AuthTest(**await self._made(_call("test")))

    async def exchange_code(self, callback_url: str, request: AuthorizationRequest) -> Session:
        """Exchange the code that the user came back with for tokens: see `Auth.exchange_code`."""
        return Session(**await self._made(_exchange(callback_url, request)))

    def _made(self, call: str) -> Awaitable[Any]:
        return self._settle(lambda port: self._native.submit_auth(port, call))


def _call(name: str, **arguments: object) -> str:
    return json.dumps({"call": name, "within": within.get(), **arguments})


def _exchange(callback_url: str, request: Any) -> str:
    if not isinstance(request, AuthorizationRequest):
        raise InvalidRequestError("request must be an AuthorizationRequest; from_json reads one from its JSON")
    try:
        callback_url.encode()
    except (AttributeError, UnicodeEncodeError):
        # The message of the encoder is not shown: it may hold the code.
        raise InvalidRequestError("callback_url must be a text, in Unicode") from None
    return _call("exchange_code", callback=callback_url, request=vars(request))
