from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from linktor import AsyncLinktor, CallbackError, ConfigError, Linktor, LinktorError, RequestTimeoutError
from sandbox import Sandbox


class VaultClosedError(Exception):
    pass


def authorization(sandbox: Sandbox) -> list[str]:
    return [entry.headers["authorization"] for entry in sandbox.journal()]


@pytest.mark.parametrize(
    "token",
    ["t-1", ("t-1", 60), ("t-1", None), {"token": "t-1"}, {"token": "t-1", "expires_in": 60.5}],
    ids=["text", "pair", "pair_without_end", "dict", "dict_with_end"],
)
def test_every_form_of_a_token_is_sent(sandbox: Sandbox, token: Any) -> None:
    sandbox.script({"json": {}})
    sandbox.client(token_source=lambda: token).get("/me")
    assert authorization(sandbox) == ["Bearer t-1"]


def test_an_async_source_serves_a_sync_client(sandbox: Sandbox) -> None:
    sandbox.script({"json": {}})

    async def source() -> str:
        await asyncio.sleep(0.01)
        return "t-1"

    sandbox.client(token_source=source).get("/me")
    assert authorization(sandbox) == ["Bearer t-1"]


def test_a_lambda_that_returns_a_coroutine_is_awaited(sandbox: Sandbox) -> None:
    sandbox.script({"json": {}})

    async def source(token: str) -> str:
        return token

    sandbox.client(token_source=lambda: source("t-1")).get("/me")
    assert authorization(sandbox) == ["Bearer t-1"]


def test_an_async_source_of_an_async_client_runs_on_its_loop(sandbox: Sandbox) -> None:
    sandbox.script({"json": {}}, {"json": {}})
    seen: list[object] = []

    async def source() -> tuple[str, float]:
        seen.append(asyncio.get_running_loop())
        return "t-1", 0.001

    client = sandbox.async_client(token_source=source)

    async def run() -> object:
        await client.get("/me")
        await asyncio.sleep(0.02)  # longer than the token lives
        return asyncio.get_running_loop()

    assert [asyncio.run(run()), asyncio.run(run())] == seen


def test_one_renewal_serves_many_callers(sandbox: Sandbox) -> None:
    asked: list[int] = []

    async def source() -> str:
        asked.append(1)
        await asyncio.sleep(0.05)
        return sandbox.credentials["linktor"]["access_token"]

    async def run() -> None:
        client = sandbox.async_client(token_source=source)
        await asyncio.gather(*(client.get("/me") for _ in range(100)))

    asyncio.run(run())
    assert asked == [1]


def call(client: Linktor | AsyncLinktor) -> LinktorError:
    with pytest.raises(LinktorError) as raised:
        if isinstance(client, Linktor):
            client.get("/me")
        else:
            asyncio.run(client.get("/me"))
    return raised.value


def clients(sandbox: Sandbox, source: Callable[[], Any], **options: Any) -> list[Linktor | AsyncLinktor]:
    async def async_source() -> Any:
        return source()

    return [
        sandbox.client(token_source=source, **options),
        sandbox.client(token_source=async_source, **options),
        sandbox.async_client(token_source=source, **options),
        sandbox.async_client(token_source=async_source, **options),
    ]


def test_what_a_source_raises_is_the_cause(sandbox: Sandbox) -> None:
    thrown = VaultClosedError("the vault is closed")

    def source() -> str:
        raise thrown

    for client in clients(sandbox, source):
        error = call(client)
        assert type(error) is CallbackError
        assert error.__cause__ is thrown
        assert (error.kind, error.sent, error.attempts) == ("callback", "no", 0)
    assert sandbox.journal() == []


def test_a_source_that_exits_fails_its_callers_only(sandbox: Sandbox) -> None:
    def source() -> str:
        raise SystemExit(3)

    error = call(sandbox.client(token_source=source))
    assert isinstance(error.__cause__, SystemExit)


@pytest.mark.parametrize("junk", [None, 42, b"t-1", object(), [], {}, ("t", "soon"), ("t", -1), {"token": 1}, ""])
def test_junk_is_an_error_that_shows_none_of_it(sandbox: Sandbox, junk: Any) -> None:
    for client in clients(sandbox, lambda: junk):
        error = call(client)
        assert error.kind in {"callback", "config"}
        assert error.sent == "no"
        if junk != "":
            assert "token" in str(error.__cause__ or error.reason) or "expires_in" in str(error.reason)
    assert sandbox.journal() == []


def test_a_source_that_hangs_meets_the_deadline(sandbox: Sandbox) -> None:
    release = threading.Event()
    client = sandbox.client(token_source=lambda: str(release.wait(20)))
    started = time.perf_counter()
    with pytest.raises(RequestTimeoutError) as raised:
        client.get("/me", deadline=0.3)
    assert 0.25 < time.perf_counter() - started < 0.6
    assert raised.value.sent == "no"
    release.set()


def test_a_source_that_hangs_on_the_loop_meets_the_deadline(sandbox: Sandbox) -> None:
    async def source() -> str:
        await asyncio.sleep(20)
        return "late"

    async def run() -> None:
        with pytest.raises(RequestTimeoutError):
            await sandbox.async_client(token_source=source).get("/me", deadline=0.3)

    asyncio.run(run())


def test_an_abandoned_task_is_cancelled(sandbox: Sandbox) -> None:
    ended: list[str] = []

    async def source() -> str:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return "late"

    async def run() -> None:
        # The client's timeout bounds the renewal itself.
        with pytest.raises(RequestTimeoutError):
            await sandbox.async_client(token_source=source, timeout=0.2).get("/me")
        await asyncio.sleep(0.1)

    asyncio.run(run())
    assert ended == ["cancelled"]

    ended.clear()
    with pytest.raises(RequestTimeoutError):
        sandbox.client(token_source=source, timeout=0.2).get("/me")
    time.sleep(0.2)
    assert ended == ["cancelled"]


def test_a_source_that_calls_its_own_client_is_refused(sandbox: Sandbox) -> None:
    def ask() -> str:
        return str(sync_client.get("/me").data())

    sync_client = sandbox.client(token_source=ask)

    async def ask_async() -> str:
        return str((await async_client.get("/me")).data())

    async_client = sandbox.async_client(token_source=ask_async)

    for client in (sync_client, async_client):
        started = time.perf_counter()
        error = call(client)
        assert time.perf_counter() - started < 1
        assert type(error) is CallbackError
        assert type(error.__cause__) is ConfigError
        assert error.__cause__.code == "recursive_token_source"
    assert sandbox.journal() == []


def test_a_source_may_call_another_client(sandbox: Sandbox) -> None:
    sandbox.script({"json": {"data": "t-1"}}, {"json": {}})
    broker = sandbox.client()
    sandbox.client(token_source=lambda: broker.get("/token").json()["data"]).get("/me")
    assert authorization(sandbox)[-1] == "Bearer t-1"


def test_a_loop_that_is_closed_fails_the_question(sandbox: Sandbox) -> None:
    async def source() -> tuple[str, float]:
        return sandbox.credentials["linktor"]["access_token"], 0.001

    client = sandbox.async_client(token_source=source)
    asyncio.run(client.get("/me"))
    asyncio.run(client.get("/me"))


def test_a_client_that_its_own_source_refers_to_is_collected(sandbox: Sandbox) -> None:
    class Broker:
        def __init__(self) -> None:
            self.client = sandbox.client(token_source=self.token)

        def token(self) -> str:
            return sandbox.credentials["linktor"]["access_token"]

    broker = Broker()
    broker.client.get("/me")
    gone = weakref.ref(broker)
    del broker
    gc.collect()
    assert gone() is None


def test_a_source_must_be_callable(sandbox: Sandbox) -> None:
    sources: tuple[Any, ...] = ("t-1", None)
    for source in sources:
        with pytest.raises(ConfigError, match="token_source"):
            sandbox.client(token_source=source)


def test_a_source_that_is_missing_is_not_replaced_by_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKTOR_API_KEY", "k")
    for kind in (Linktor, AsyncLinktor):
        with pytest.raises(ConfigError, match="token_source"):
            kind(token_source=None)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="token_source"):
            kind().with_credentials(token_source=None)  # type: ignore[arg-type]
