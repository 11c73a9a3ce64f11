"""Where the user's own functions are asked: token source, token store and transport."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast

from . import _native
from ._call import within
from ._errors import ConfigError, raised
from ._transport import answer, network_failure

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Coroutine

    from ._credentials import TokenSource
    from ._token_store import TokenStore
    from ._transport import Transport

_ends: dict[int, Callable[[], object]] = {}
"""What is to be done when nobody waits for the answer to a question any more."""


def abandon(question: int) -> None:
    """End what answers a question, or holds its lock. The extension calls it."""
    end = _ends.pop(question, None)
    if end is not None:
        try:
            end()
        except RuntimeError:
            # The loop is closed, and its tasks are gone.
            return


class Desk:
    """Answers the questions of one client: in the thread that waits, on the event loop, or in threads of its own."""

    def __init__(
        self,
        source: TokenSource | None = None,
        store: TokenStore | None = None,
        transport: Transport | None = None,
        *,
        on_loop: bool,
    ) -> None:
        functions: dict[str, Any] = {}
        if source is not None:
            functions["token"] = source
        if store is not None:
            functions["load"], functions["save"] = _methods(store)
            functions["lock"] = getattr(store, "lock", _no_lock)
        if transport is not None:
            functions["send"] = transport
        self._functions = functions
        self._async = frozenset(name for name in functions if on_loop and _is_async(functions[name]))
        if "load" in self._async:
            # What a lock is shows only when it is taken.
            self._async |= {"lock"}
        self._loops: weakref.WeakSet[AbstractEventLoop] = weakref.WeakSet()

    def serve(self, loop: AbstractEventLoop) -> None:
        """Remember a loop that makes calls."""
        if self._async and loop not in self._loops:
            self._loops.add(loop)

    def ask(self, question: int, name: str, arguments: tuple[Any, ...]) -> None:
        """Take a question of all calls together. The extension calls it, in a thread that is to be back soon."""
        try:
            loop = next((loop for loop in list(self._loops) if loop.is_running()), None)
            if loop is not None and name in self._async:
                # Without arguments, which the loop may show.
                loop.call_soon_threadsafe(lambda: self._begin_task(loop, question, name, arguments))
                return
        except RuntimeError:
            # The loop was closed in this very moment.
            pass
        try:
            self._begin_thread(question, name, arguments)
        except RuntimeError as error:
            # No thread can be started any more.
            _fail(question, name, error)

    def ask_here(self, question: int, name: str, arguments: tuple[Any, ...]) -> None:
        """Take a question of the call that this thread waits for."""
        if _is_async(self._functions[name]):
            self._begin_thread(question, name, arguments)
            return
        before = within.set(question)
        try:
            value = self._called(name, arguments)
            if isinstance(value, Awaitable):
                self._begin_thread(question, name, arguments, cast("Awaitable[object]", value))
            else:
                _answer(question, name, value)
        except Exception as error:  # noqa: BLE001
            _fail(question, name, error)
        except BaseException as error:
            _fail(question, name, error)
            raise
        finally:
            within.reset(before)

    def ask_on_loop(self, question: int, name: str, arguments: tuple[Any, ...]) -> None:
        """Take a question of a call that this thread's event loop waits for, in that call's context."""
        if name in self._async:
            from asyncio import get_running_loop

            self._begin_task(get_running_loop(), question, name, arguments)
        else:
            self._begin_thread(question, name, arguments)

    def _called(self, name: str, arguments: tuple[Any, ...]) -> Any:
        return self._functions[name](*(one.text if isinstance(one, Veiled) else one for one in arguments))

    def _begin_thread(self, question: int, name: str, arguments: tuple[Any, ...], begun: Any = None) -> None:
        run = (copy_context().run, self._run, question, name, arguments, begun)
        threading.Thread(target=run[0], args=run[1:], name=f"linktor-{name}-{question}", daemon=True).start()

    def _run(self, question: int, name: str, arguments: tuple[Any, ...], value: Any) -> None:
        within.set(question)
        try:
            value = self._called(name, arguments) if value is None else value
            if name == "lock" and isinstance(value, AbstractContextManager):
                _hold(question, cast("AbstractContextManager[object]", value))
            elif isinstance(value, Awaitable) or (name == "lock" and value is not None):
                import asyncio

                asyncio.run(_finish_cancellable(question, name, cast("Any", value)))
            else:
                _answer(question, name, value)
        except BaseException as error:  # noqa: BLE001
            value = None
            _fail(question, name, error)
        finally:
            _ends.pop(question, None)

    def _begin_task(self, loop: AbstractEventLoop, question: int, name: str, arguments: tuple[Any, ...]) -> None:
        task = loop.create_task(self._task(question, name, arguments), name=f"linktor-{name}-{question}")
        if not task.done():
            _ends.setdefault(question, lambda: loop.call_soon_threadsafe(task.cancel))
            task.add_done_callback(lambda _task: _over(question))

    async def _task(self, question: int, name: str, arguments: tuple[Any, ...]) -> None:
        within.set(question)
        try:
            await _finish(question, name, self._called(name, arguments))
        except Exception as error:  # noqa: BLE001
            _fail(question, name, error)
        except BaseException as error:
            _fail(question, name, error)
            raise
        finally:
            _ends.pop(question, None)


def _over(question: int) -> None:
    """End what a task leaves behind that was cancelled before it began; an answer that was given stays."""
    _ends.pop(question, None)
    _native.fail(question, "CancelledError")


async def _finish(question: int, name: str, value: Any) -> None:
    if name == "lock" and isinstance(value, AbstractAsyncContextManager):
        await _hold_async(question, cast("AbstractAsyncContextManager[object]", value))
    elif name == "lock" and isinstance(value, AbstractContextManager):
        import asyncio

        await asyncio.to_thread(_hold, question, cast("AbstractContextManager[object]", value))
    else:
        _answer(question, name, await cast("Any", value) if isinstance(value, Awaitable) else value)


def _finish_cancellable(question: int, name: str, value: Any) -> Coroutine[Any, Any, None]:
    async def finish() -> None:
        import asyncio

        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(_finish(question, name, value))
        _ends.setdefault(question, lambda: loop.call_soon_threadsafe(task.cancel))
        await task

    return finish()


def _hold(question: int, lock: AbstractContextManager[object]) -> None:
    """Hold a lock in one thread from its begin to its end, as many locks want it."""
    released = threading.Event()
    _ends[question] = released.set
    with lock:
        _native.answer(question, "true")
        released.wait()


async def _hold_async(question: int, lock: AbstractAsyncContextManager[object]) -> None:
    import asyncio

    loop, released = asyncio.get_running_loop(), asyncio.Event()
    _ends[question] = lambda: loop.call_soon_threadsafe(released.set)
    async with lock:
        _native.answer(question, "true")
        await released.wait()


class Veiled:
    """A secret text in our frames, which tracebacks show. The extension makes it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def _no_lock(_key: str) -> None:
    return None


def _methods(store: object) -> tuple[object, object]:
    load, save = getattr(store, "load", None), getattr(store, "save", None)
    if not callable(load) or not callable(save):
        raise ConfigError("token_store must be a file's path, or an object with load and save")
    return load, save


def _is_async(function: object) -> bool:
    import inspect

    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004
    )


def _answer(question: int, name: str, value: object) -> None:
    if name == "send":
        _native.answer_response(question, *answer(value))
    elif name == "token":
        _native.answer(question, _token(value))
    elif name == "load":
        if value is not None and not isinstance(value, str):
            raise TypeError(f"load must return the text that was saved, or None, not a {type(value).__name__}")
        _native.answer(question, json.dumps(value))
    elif name == "lock":
        if value is not None:
            raise TypeError(f"lock must return a context manager, not a {type(value).__name__}")
        _native.answer(question, "false")
    else:
        _native.answer(question, "null")


def _token(token: object) -> str:
    if isinstance(token, tuple):
        pair = cast("tuple[object, ...]", token)
        token = {"token": pair[0], "expires_in": pair[1]} if len(pair) == 2 else pair
    elif isinstance(token, Mapping):
        token = dict(cast("Mapping[object, object]", token))
    try:
        return json.dumps(token, allow_nan=False)
    except (TypeError, ValueError):
        # The encoder's own message may hold the token.
        raise TypeError(
            "the token source must return a token as str, (token, expires_in) or a dict of the two, "
            f"not a {type(token).__name__} that JSON cannot express"
        ) from None


def _fail(question: int, name: str, error: BaseException) -> None:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None and trace.tb_frame.f_globals is globals():
        # It was ours to refuse the value, which our frames hold.
        error = error.with_traceback(None)
    raised.add(question, error)
    message = type(error).__name__
    failure = network_failure(error) if name == "send" else None
    if failure is None:
        _native.fail(question, message)
    else:
        _native.fail_sending(question, message, failure.is_timeout, failure.is_unsent)
