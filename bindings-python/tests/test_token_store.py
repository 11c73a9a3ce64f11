"""Token stores of the user's own, sync and async, with locks and without."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from linktor import AsyncLinktor, ConfigError, Linktor, TokenStoreError
from sandbox import Sandbox


class Store(dict[str, str]):
    """Keeps what happened, and where."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.threads: set[str] = set()

    def note(self, what: str) -> None:
        self.happened.append(what)
        self.threads.add(threading.current_thread().name)

    def load(self, key: str) -> str | None:
        self.note("load")
        return self.get(key)

    def save(self, key: str, record: str) -> None:
        self.note("save")
        self[key] = record


class LockingStore(Store):
    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        entered = threading.get_ident()
        self.note("lock")
        yield
        assert threading.get_ident() == entered
        self.note("unlock")


class AsyncStore(Store):
    async def load(self, key: str) -> str | None:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().load(key)

    async def save(self, key: str, record: str) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().save(key, record)


class AsyncLockingStore(AsyncStore):
    @contextlib.asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        task = asyncio.current_task()
        self.note("lock")
        yield
        assert asyncio.current_task() is task
        self.note("unlock")


def user(sandbox: Sandbox) -> dict[str, Any]:
    known = sandbox.credentials["linktor"]
    return {"email": known["email"], "password": known["password"]}


def call(sandbox: Sandbox, is_async: bool, store: Any) -> int:
    """One call of a fresh client, as a process that was started anew makes it."""

    async def run(client: AsyncLinktor) -> int:
        status = (await client.get("/me")).status_code
        await asyncio.sleep(0.05)
        return status

    if is_async:
        return asyncio.run(run(sandbox.async_client(**user(sandbox), token_store=store)))
    return sandbox.client(**user(sandbox), token_store=store).get("/me").status_code


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", [Store, LockingStore, AsyncStore, AsyncLockingStore])
def test_a_session_goes_on_from_a_store(sandbox: Sandbox, kind: type[Store], is_async: bool) -> None:
    store = kind()
    assert call(sandbox, is_async, store) == call(sandbox, is_async, store) == 200
    paths = [entry.path.rsplit("/", 1)[1] for entry in sandbox.journal()]
    assert paths == ["login", "me", "me"]
    assert len(store) == 1
    if "lock" in store.happened:
        begun = store.happened.index("lock")
        assert begun < store.happened.index("save") < store.happened.index("unlock")
    if kind is AsyncLockingStore and is_async:
        assert store.threads == {"MainThread"}
    if not is_async:
        assert all(name.startswith("linktor-") for name in store.threads)


class Broken(Store):
    def __init__(self, method: str) -> None:
        super().__init__()
        self.method = method

    def load(self, key: str) -> str | None:
        if self.method == "load":
            raise OSError("the disk is gone")
        return super().load(key)

    def save(self, key: str, record: str) -> None:
        if self.method == "save":
            raise OSError("the disk is full")
        super().save(key, record)

    def lock(self, key: str) -> None:
        if self.method == "lock":
            raise OSError("no lock to be had")


@pytest.mark.parametrize("method", ["load", "lock"])
def test_a_store_that_fails_to_load_or_lock_is_a_token_store_error(sandbox: Sandbox, method: str) -> None:
    with pytest.raises(TokenStoreError) as caught:
        call(sandbox, False, Broken(method))
    assert isinstance(caught.value.__cause__, OSError)
    assert sandbox.journal() == []


def test_calls_go_on_after_a_failed_save_and_the_log_warns(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    assert call(sandbox, False, Broken("save")) == 200
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert {record.getMessage() for record in warned} == {
        "GET /linktor/api/v1/me: goes on with tokens that the token store could not save",
        "the token store of linktor has no locks: two processes may renew the same session",
    }
    with pytest.raises(TokenStoreError) as caught:
        sandbox.client(**user(sandbox), token_store=Broken("save")).auth.login()
    assert "disk is full" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("value", "said"), [(b"bytes", "not a bytes"), (7, "not a int"), ("no record", "not one of this library's")]
)
def test_what_is_no_record_is_named_and_not_shown(sandbox: Sandbox, value: Any, said: str) -> None:
    class Junk(Store):
        def load(self, key: str) -> Any:
            return value

    with pytest.raises(TokenStoreError) as caught:
        call(sandbox, False, Junk())
    assert said in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("store", [7, object(), type("Half", (), {"load": print})()])
def test_what_is_no_store_is_refused(store: Any) -> None:
    with pytest.raises(ConfigError, match="an object with load and save"):
        Linktor(email="ada@example.com", password="invented", token_store=store)


def test_a_store_that_is_left_waiting_is_left_alone(sandbox: Sandbox) -> None:
    """A call's deadline strikes while the lock is held elsewhere; it is taken, and given back."""
    store = LockingStore()
    gate = threading.Lock()

    @contextlib.contextmanager
    def lock(_key: str) -> Iterator[None]:
        with gate:
            store.note("lock")
            yield
        store.note("unlock")

    store.lock = lock  # type: ignore[assignment,method-assign]
    client = sandbox.client(**user(sandbox), token_store=store)
    with gate, pytest.raises(TimeoutError):
        client.get("/me", deadline=0.3)
    assert client.get("/me").status_code == 200
    for _ in range(100):
        if store.happened.count("unlock") == store.happened.count("lock"):
            break
        threading.Event().wait(0.01)
    assert store.happened.count("unlock") == store.happened.count("lock") == 1
