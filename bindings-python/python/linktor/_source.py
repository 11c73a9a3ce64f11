"""Where a client's questions for tokens are answered by the user's own function."""

from __future__ import annotations

import atexit
import json
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, cast

from . import _native
from ._errors import raised
from ._request import within

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ._credentials import Token, TokenSource

# No thread of the extension may reach an interpreter that is shutting down.
atexit.register(_native.shut)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_native.forked)


class Desk:
    """Runs a token source: one thread a question, or a task on the event loop that makes the calls."""

    def __init__(self, source: TokenSource, *, on_loop: bool) -> None:
        import inspect

        is_async = inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(
            getattr(source, "__call__", None)  # noqa: B004
        )
        self._source = source
        self._on_loop = on_loop and is_async
        self._loop: weakref.ref[AbstractEventLoop] | None = None
        self._cancels: dict[int, Callable[[], object]] = {}

    def serve(self, loop: AbstractEventLoop) -> None:
        """Remember the loop that makes calls."""
        if self._on_loop and (self._loop is None or self._loop() is not loop):
            self._loop = weakref.ref(loop)

    def __call__(self, questions: list[tuple[int, bool]]) -> None:
        """Take questions: each with whether a token is wanted, or nobody waits for it any more."""
        for question, is_wanted in questions:
            try:
                if is_wanted:
                    self._ask(question)
                else:
                    self._cancels.pop(question, _nothing)()
            except RuntimeError as error:
                # The loop is closed, or no thread can be started any more.
                _fail(question, error)

    def _ask(self, question: int) -> None:
        loop = self._loop() if self._loop is not None else None
        if loop is not None:
            loop.call_soon_threadsafe(self._start, loop, question)
            return
        name = f"linktor-token-source-{question}"
        threading.Thread(target=self._run, args=(question,), name=name, daemon=True).start()

    def _start(self, loop: AbstractEventLoop, question: int) -> None:
        source = cast("Callable[[], Coroutine[Any, Any, Token]]", self._source)
        task = loop.create_task(self._answer(question, source), name=f"linktor-token-source-{question}")
        self._cancels[question] = lambda: loop.call_soon_threadsafe(task.cancel)

    async def _answer(self, question: int, source: Callable[[], Awaitable[Token]]) -> None:
        within.set(question)
        try:
            _answer(question, await source())
        except Exception as error:  # noqa: BLE001
            _fail(question, error)
        except BaseException as error:
            _fail(question, error)
            raise
        finally:
            self._cancels.pop(question, None)

    def _run(self, question: int) -> None:
        within.set(question)
        try:
            token = self._source()
            if isinstance(token, Awaitable):
                import asyncio

                token = asyncio.run(self._wait(question, token))
            _answer(question, token)
        except BaseException as error:  # noqa: BLE001
            _fail(question, error)
        finally:
            self._cancels.pop(question, None)

    async def _wait(self, question: int, token: Awaitable[Token]) -> Token:
        import asyncio

        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(token)
        self._cancels[question] = lambda: loop.call_soon_threadsafe(task.cancel)
        return await task


def _nothing() -> None:
    pass


def _answer(question: int, token: object) -> None:
    if isinstance(token, tuple):
        pair = cast("tuple[object, ...]", token)
        token = {"token": pair[0], "expires_in": pair[1]} if len(pair) == 2 else pair
    elif isinstance(token, Mapping):
        token = dict(cast("Mapping[object, object]", token))
    try:
        text = json.dumps(token, allow_nan=False)
    except (TypeError, ValueError):
        # The encoder's own message may hold the token.
        raise TypeError(
            "the token source must return a token as str, (token, expires_in) or a dict of the two, "
            f"not a {type(token).__name__} that JSON cannot express"
        ) from None
    _native.answer(question, text)


def _fail(question: int, error: BaseException) -> None:
    raised.add(question, error)
    _native.fail(question, type(error).__name__)
