"""One delivery: its event claimed before it is handled, and the claim ended as the handling did."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from .. import _native
from .._errors import ConfigError, WebhookVerificationError

if TYPE_CHECKING:
    import logging
    from asyncio import Task
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType

    from typing_extensions import Self

    from ._receiver import Receiver
    from ._verifier import Body, Headers

Begun: TypeAlias = Literal["new", "in_progress", "done"]
"""What is known of an event: it is now claimed, another delivery of it is being handled, or it was handled."""


class AnyDeduplicator(Protocol):
    """Remembers events by their keys, as `Deduplicator` does: over a store that your receivers share, for example.

    Its methods are plain functions or ``async`` ones. Frameworks that are not async run an async one in an event loop
    of its own for each call; async ones run a plain one in a thread. What it raises is logged, and the sender asked to
    deliver again.
    """

    def begin(self, id: str, /) -> Begun | Awaitable[Begun]:  # noqa: A002
        """Claim an event, unless it is claimed or done; of several that ask at once, one gets it.

        Let a claim end by itself some time after the longest handling, so that no event is lost with its receiver.
        """
        ...

    def commit(self, id: str, /) -> object:  # noqa: A002
        """The event was handled: remember it for as long as its sender redelivers."""  # noqa: D401
        ...

    def release(self, id: str, /) -> object:  # noqa: A002
        """Forget the claim, so that the redelivery is handled. An event that is done stays so."""
        ...


def usable(deduplicator: AnyDeduplicator) -> AnyDeduplicator:
    """Return a deduplicator if it is one; else every delivery would be refused, as if its store were down."""
    if isinstance(deduplicator, type):
        name = deduplicator.__name__
        raise ConfigError(f"deduplicator must be an object, not the class {name}: make one, {name}(…)")
    missing = [name for name in ("begin", "commit", "release") if not callable(getattr(deduplicator, name, None))]
    if missing:
        raise ConfigError(
            "deduplicator must be an object with the methods begin, commit and release: "
            f"{type(deduplicator).__name__} has no {' and no '.join(missing)}"
        )
    return deduplicator


class Delivery:
    """A delivery that is being received, from `Receiver.receive`; for one ``with``, or ``async with``."""

    __slots__ = ("_headers", "_key", "_received", "_seen", "_verifier", "body", "error", "event", "headers", "status")

    event: _native.Event | None
    """The event to handle; `None` where there is none: the delivery was refused, or its event is known."""
    status: int
    """The HTTP status for the sender. Set your own: one that is no 2xx releases the claim."""
    headers: dict[str, str]
    """Headers for the sender."""
    body: str
    """Text for the sender; empty, or the code of why the delivery was refused."""
    error: Exception | None
    """Why there is no event, where it is an error: that of the verification, or of the deduplicator."""

    def __init__(self, receiver: Receiver, received: Body | WebhookVerificationError, headers: Headers) -> None:
        self._verifier = receiver._verifier
        self._seen = receiver._seen
        self._received = received
        self._headers = headers
        self._key: str | None = None
        self.event = None
        self.error = None

    def __enter__(self) -> Self:
        if (key := self._verify()) is not None:
            try:
                self._answer(_result(self._seen.begin(key)), key)
            except Exception as error:  # noqa: BLE001
                self._fail(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if (key := self._key) is not None:
            try:
                _result(self._end(kind)(key))
            except Exception as failure:  # noqa: BLE001
                _log_end(failure)

    async def __aenter__(self) -> Self:
        if isinstance(self._seen, _native.Deduplicator):
            return self.__enter__()
        if (key := self._verify()) is not None:
            try:
                self._answer(await self._begin(key), key)
            except Exception as error:  # noqa: BLE001
                self._fail(error)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(self._seen, _native.Deduplicator):
            self.__exit__(kind, error, traceback)
        elif (key := self._key) is not None:
            import asyncio

            await asyncio.shield(_task(_finish(self._end(kind), key)))

    def _verify(self) -> str | None:
        """Return what a deduplicator knows the event by; `None` where there is nothing to ask one."""
        try:
            if isinstance(self._received, WebhookVerificationError):
                raise self._received
            self.event, key = self._verifier._receive(self._received, self._headers)
        except WebhookVerificationError as error:
            self._refuse(error, error.code)
            _logger().info("webhook delivery refused: %s", error.code)
            return None
        if key is None:
            self._answer("new", None)
        return key

    def _answer(self, begun: object, key: str | None) -> None:
        self.status, headers, self.body = _native.webhook_answer(begun)
        self.headers = dict(headers)
        if begun == "new":
            self._key = key
        else:
            self.event = None

    def _fail(self, error: Exception) -> None:
        self._refuse(error, None)
        _logger().error("the webhook deduplicator failed: the sender is asked to deliver again", exc_info=error)

    def _refuse(self, error: Exception, code: str | None) -> None:
        self.event, self.error = None, error
        self.status, headers, self.body = _native.webhook_refusal(code)
        self.headers = dict(headers)

    def _end(self, kind: type[BaseException] | None) -> Callable[[str], object]:
        is_handled = kind is None and _native.webhook_is_handled(self.status)
        return self._seen.commit if is_handled else self._seen.release

    async def _begin(self, key: str) -> object:
        import asyncio

        begun = _task(_ask(self._seen.begin, key))
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            _task(_abandon(begun, self._seen.release, key))
            raise


_tasks: set[Task[Any]] = set()
"""The event loop itself holds its tasks weakly."""


def _task(work: Coroutine[Any, Any, Any]) -> Task[Any]:
    import asyncio

    task = asyncio.create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def _ask(question: Callable[[str], object], key: str) -> object:
    import asyncio

    if inspect.iscoroutinefunction(question):
        return await question(key)
    answer = await asyncio.to_thread(question, key)
    return await answer if inspect.isawaitable(answer) else answer


async def _finish(end: Callable[[str], object], key: str) -> None:
    try:
        await _ask(end, key)
    except Exception as error:  # noqa: BLE001
        _log_end(error)


async def _abandon(begun: Task[Any], release: Callable[[str], object], key: str) -> None:
    """Release what was claimed for somebody who no longer waits for it."""
    try:
        is_claimed = await begun == "new"
    except Exception:  # noqa: BLE001
        is_claimed = False
    if is_claimed:
        await _finish(release, key)


def _result(answer: object) -> object:
    if not inspect.isawaitable(answer):
        return answer
    import asyncio

    async def wait() -> object:
        return await answer

    return asyncio.run(wait())


def _log_end(error: Exception) -> None:
    _logger().error(
        "the webhook deduplicator failed to end a claim: the answer is the handler's nevertheless", exc_info=error
    )


def _logger() -> logging.Logger:
    import logging

    return logging.getLogger("linktor.webhooks")
