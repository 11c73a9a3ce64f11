"""What sync and async clients share: how they and their handles are made, shown and closed."""

from __future__ import annotations

import atexit
import os

from . import _native
from ._call import forget
from ._configuration import ABSENT, client_json, credentials_json
from ._errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    from typing_extensions import Self, Unpack

    from ._credentials import CredentialOptions
    from ._functions import Desk
    from ._options import ClientOptions
    from ._rate_limit import RateLimit

# No thread of the extension may reach an interpreter that is shutting down.
atexit.register(_native.shut)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_native.forked)


class BaseClient:
    """A client of one API with one credential. Safe for use by many threads."""

    _families: tuple[str, ...] = ()
    """The families that a preset speaks, its default first; any, if there are none."""
    _is_async = False

    def __init__(self, api_key: str = ABSENT, **options: Unpack[ClientOptions]) -> None:
        """Make a client.

        Args:
            api_key: The API key; `None` is refused. Without any credential, the family's environment variable is
                read (``LINKTOR_API_KEY``, ``LINKIT_API_KEY``, ``LIBROMI_API_TOKEN``, ``API_KEY``).
            **options: See `ClientOptions`. Times are in seconds.

        Raises:
            ConfigError: An option cannot be what it says; the message names it.
        """
        families = self._families or ("linktor",)
        provider = options.get("provider")
        if self._families and provider is not None and provider not in families:
            raise ConfigError(
                f"provider of {type(self).__name__} must be {' or '.join(families)}; use Linktor for another"
            )
        self._desk = self._desk_of(options)
        self._root_desk = self._desk
        self._base_url = options.get("base_url")
        written = [client_json(type(self).__name__, families[0], api_key, options)]
        api_key = ABSENT
        forget(options)
        self._native = _native.Client(written.pop(), self._desk)

    def with_organization(self, organization_id: str) -> Self:
        """Make a handle for another organization, with the same connections and session.

        It is cheap, and closing it does nothing. Raises `ConfigError` if the id cannot be one.
        """
        handle = self._copy()
        handle._native = self._native.with_organization(organization_id)
        return handle

    def with_credentials(self, api_key: str = ABSENT, **options: Unpack[CredentialOptions]) -> Self:
        """Make a handle for somebody else, with a session of its own over the same connections.

        For servers that act for many users: it is cheap, and closing it does nothing. All handles of one
        credential share its rate limits. It has this client's organization only if that was given as an option,
        never one that a login named.

        Args:
            api_key: The API key. Nothing is read from the environment.
            **options: See `CredentialOptions`.

        Raises:
            ConfigError: There is no credential, or several, or none that the family knows.
        """
        handle = self._copy()
        handle._desk = self._desk_of(options)
        written = [credentials_json(api_key, options)]
        api_key = ABSENT
        forget(options)
        handle._native = self._native.with_credentials(written.pop(), handle._desk)
        return handle

    def rate_limit(self, class_: str | None = None) -> RateLimit | None:
        """Tell what is known of a rate limit; sends nothing, and is not awaited.

        `None` as long as no answer told a number.

        >>> client.rate_limit("messages")

        Args:
            class_: The class of requests, by the provider's name for it. Default: that of the last answer.

        Raises:
            ConfigError: The provider has no such class.
        """
        return self._native.rate_limit(class_)

    def close(self) -> None:
        """End all calls in flight, and later ones, with `ClientClosedError`, those of handles too.

        On a handle it does nothing.
        """
        self._native.close()

    def _copy(self) -> Self:
        handle = object.__new__(type(self))
        handle.__dict__.update(self.__dict__)
        return handle

    def _desk_of(self, options: Mapping[str, Any]) -> Desk | None:
        source, store, transport = options.get("token_source"), options.get("token_store"), options.get("transport")
        if isinstance(store, (str, os.PathLike)):
            store = None
        if source is None and store is None and transport is None:
            return None
        from ._functions import Desk

        return Desk(source, store, transport, on_loop=self._is_async)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or pickled: a client holds credentials and connections."""
        raise TypeError(
            f"a {type(self).__name__} cannot be copied or pickled: make one from its options in each process"
        )

    def __repr__(self) -> str:
        if not hasattr(self, "_native"):
            return f"<{type(self).__name__} that was not made>"
        base_url = "" if self._base_url is None else f", base_url={self._base_url!r}"
        return f"{type(self).__name__}(provider={self._native.provider!r}{base_url})"


def one_token(api_key: str, api_token: str) -> str:
    """Take Libromi's name for the key, or the common one."""
    if api_key is not ABSENT and api_token is not ABSENT:
        raise ConfigError("api_key and api_token are the same: give one")
    return api_key if api_token is ABSENT else api_token
