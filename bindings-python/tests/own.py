"""Functions of the caller's own, as a case tells of them: a token store, and a transport. Each sync and async."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from linktor import TransportRequest, TransportResponse
from transport import AsyncRecorder, Recorder

NETWORK_FAILURES = {"connect": ConnectionRefusedError, "timeout": TimeoutError, "interrupted": ConnectionResetError}
HANGS_FOR = 10


class Store:
    """A token store in memory, which does wrong what it is told."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.faults, self.saved = told, told.get("saved")
        self.records: dict[str, str] = {}
        self.calls: list[str] = []
        self.is_over = threading.Event()

    def load(self, key: str) -> str | None:
        self._call("load")
        return self.records.get(key, self.saved)

    def save(self, key: str, record: str) -> None:
        self._call("save")
        self.records[key] = record

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.faults.get("hang") == name:
            self.is_over.wait(HANGS_FOR)
            raise TimeoutError("nobody waits any more")
        self._fail(name)

    def _fail(self, name: str) -> None:
        if self.faults.get("fail") == name:
            raise OSError(f"it cannot {name}")


class LockingStore(Store):
    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        self._call("lock")
        try:
            yield
        finally:
            self.calls.append("unlock")


class AsyncStore(Store):
    async def load(self, key: str) -> str | None:  # type: ignore[override]
        await self._call_async("load")
        return self.records.get(key, self.saved)

    async def save(self, key: str, record: str) -> None:  # type: ignore[override]
        await self._call_async("save")
        self.records[key] = record

    async def _call_async(self, name: str) -> None:
        self.calls.append(name)
        if self.faults.get("hang") == name:
            await asyncio.sleep(HANGS_FOR)
            raise TimeoutError("nobody waits any more")
        self._fail(name)


class AsyncLockingStore(AsyncStore):
    @contextlib.asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        await self._call_async("lock")
        try:
            yield
        finally:
            self.calls.append("unlock")


def store(told: dict[str, Any], *, is_async: bool) -> Store:
    kinds = (AsyncStore, AsyncLockingStore) if is_async else (Store, LockingStore)
    return kinds[told.get("locks", False)](told)


class Wire:
    """A transport that has a result for each request, or sends it."""

    _send: Callable[[TransportRequest], Any] = staticmethod(Recorder())

    def __init__(self, results: list[dict[str, Any]]) -> None:
        self.client: Any = None
        self._results = list(results)

    def __call__(self, request: TransportRequest) -> TransportResponse:
        result = self._next()
        if "get" in result:
            self.client.get(result["get"])
        response: TransportResponse = answer(result) or self._send(request)
        return response

    def _next(self) -> dict[str, Any]:
        return self._results.pop(0) if self._results else {}


class AsyncWire(Wire):
    _send = staticmethod(AsyncRecorder())

    async def __call__(self, request: TransportRequest) -> TransportResponse:  # type: ignore[override]
        result = self._next()
        if "get" in result:
            await self.client.get(result["get"])
        response: TransportResponse = answer(result) or await self._send(request)
        return response


def answer(result: dict[str, Any]) -> TransportResponse | None:
    if "error" in result:
        raise RuntimeError(result["error"])
    if "fail" in result:
        raise NETWORK_FAILURES[result["fail"]]("the network is said to have failed")
    if "status" in result:
        return TransportResponse(result["status"], result.get("headers", {}), result.get("text", "").encode())
    return None
