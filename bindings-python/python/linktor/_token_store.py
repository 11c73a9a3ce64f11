"""A token store of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from contextlib import AbstractAsyncContextManager, AbstractContextManager


class TokenStore(Protocol):
    """Keeps sessions: one text per key, opaque and secret. Its methods may be sync or async.

    Encrypt the text, put it into a database; give back exactly what was saved. A new refresh token is saved before the
    access token that came with it is used. A failure to load or lock is a `TokenStoreError` of the calls that need a
    token; after a failure to save, calls go on from memory, and the log warns of it. What is not loaded or saved within
    the client's ``timeout`` has failed.

    Where several processes renew the same session, add ``lock(key)``, which returns a context manager, sync or async,
    that keeps the others from renewing it meanwhile: see `LockingTokenStore`.

    >>> class Records(dict[str, str]):
    ...     def load(self, key: str) -> str | None:
    ...         return self.get(key)
    ...
    ...     def save(self, key: str, record: str) -> None:
    ...         self[key] = record
    """

    def load(self, key: str, /) -> str | Awaitable[str | None] | None:
        """Return the text that was saved last under this key, or `None`."""

    def save(self, key: str, record: str, /) -> Awaitable[object] | None:
        """Save the text under this key, whole or not at all."""


Lock: TypeAlias = "AbstractContextManager[Any] | AbstractAsyncContextManager[Any]"


class LockingTokenStore(TokenStore, Protocol):
    """A `TokenStore` whose sessions are renewed by one process at a time."""

    def lock(self, key: str, /) -> Lock | None:
        """Return a context manager that holds the session's lock; `None` if it has none.

        A sync one is entered and left in one thread, an async one in one task.
        """
