"""What sync and async clients share: how they are made, shown and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from . import _native
from ._errors import ConfigError
from ._options import ABSENT, ClientOptions, to_json
from ._source import Desk

if TYPE_CHECKING:
    from typing_extensions import Unpack


class BaseClient:
    """A client of one API with one credential. Safe for use by many threads."""

    _families: ClassVar[tuple[str, ...]] = ()
    """The families that a preset speaks, its default first; any, if there are none."""
    _is_async: ClassVar[bool] = False

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
        text = to_json(type(self).__name__, families[0], api_key, options)
        source = options.get("token_source")
        self._desk = None if source is None else Desk(source, on_loop=self._is_async)
        self._native = _native.Client(text, self._desk)
        self._base_url = options.get("base_url")

    def close(self) -> None:
        """End all calls in flight, and later ones, with `ClientClosedError`."""
        self._native.close()

    def __repr__(self) -> str:
        base_url = "" if self._base_url is None else f", base_url={self._base_url!r}"
        return f"{type(self).__name__}(provider={self._native.provider!r}{base_url})"


def one_token(api_key: str, api_token: str) -> str:
    """Take Libromi's name for the key, or the common one."""
    if api_key is not ABSENT and api_token is not ABSENT:
        raise ConfigError("api_key and api_token are the same: give one")
    return api_key if api_token is ABSENT else api_token
