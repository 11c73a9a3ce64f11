"""What stays behind in memory, contexts and tracebacks after the user's own functions were asked."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import pickle
import threading
import weakref
from types import TracebackType
from typing import Any

import pytest

from linktor import (
    APIConnectionError,
    AsyncLinktor,
    CallbackError,
    ConfigError,
    Linktor,
    LinktorError,
    TokenStoreError,
    TransportRequest,
    TransportResponse,
)
from sandbox import Sandbox

OK = TransportResponse(200, {}, b"{}")
user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_call_of_a_loop_is_sent_and_told_in_its_own_context(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, is_async: bool
) -> None:
    sent: list[tuple[str, str]] = []
    told: list[tuple[str, str]] = []

    def send(request: TransportRequest) -> TransportResponse:
        sent.append((request.url.rsplit("/", 1)[1], user.get()))
        return OK

    async def send_async(request: TransportRequest) -> TransportResponse:
        return send(request)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append((record.linktor["path"].rsplit("/", 1)[1], user.get()))  # type: ignore[attr-defined]

    async def call(client: AsyncLinktor, name: str) -> None:
        user.set(name)
        await client.get(f"/{name}")

    async def run() -> None:
        client = AsyncLinktor("lk_invented", transport=send_async if is_async else send)
        for name in ("alice", "bob"):
            await asyncio.create_task(call(client, name))
        await asyncio.gather(*(call(client, name) for name in ("carol", "dave")))

    caplog.set_level(logging.INFO, "linktor")
    handler = Handler()
    logging.getLogger("linktor").addHandler(handler)
    try:
        asyncio.run(run())
    finally:
        logging.getLogger("linktor").removeHandler(handler)
    names = [(name, name) for name in ("alice", "bob", "carol", "dave")]
    assert sorted(sent) == sorted(told) == names


def test_a_loop_keeps_the_context_of_no_call() -> None:
    class Tenant: ...

    tenant: contextvars.ContextVar[Tenant | None] = contextvars.ContextVar("tenant", default=None)

    async def call(client: AsyncLinktor) -> weakref.ref[Tenant]:
        own = Tenant()
        tenant.set(own)
        await client.get("/me")
        return weakref.ref(own)

    async def run() -> bool:
        client = AsyncLinktor("lk_invented", transport=lambda _request: OK)
        own = await asyncio.create_task(call(client))
        await asyncio.sleep(0.05)
        gc.collect()
        return own() is None

    assert asyncio.run(run())


def test_what_a_transport_raised_is_let_go_of() -> None:
    class Held: ...

    def send(_request: TransportRequest) -> TransportResponse:
        raise ConnectionResetError

    client = Linktor("lk_invented", transport=send, max_retries=1, max_retry_wait=0.01)
    kept: list[weakref.ref[Held]] = []

    def call() -> None:
        held = Held()
        kept.append(weakref.ref(held))
        with pytest.raises(APIConnectionError):
            client.get("/me")

    for _ in range(20):
        call()
    gc.collect()
    assert sum(one() is not None for one in kept) <= 1


def test_a_source_is_asked_on_a_loop_that_runs(sandbox: Sandbox) -> None:
    async def source() -> tuple[str, float]:
        return sandbox.credentials["linktor"]["api_key"], 0.01

    client = sandbox.async_client(token_source=source)

    async def call() -> int:
        return (await client.get("/me")).status_code

    async def run() -> int:
        await call()
        for end in (True, False):
            other = asyncio.new_event_loop()
            thread = threading.Thread(target=other.run_until_complete, args=(call(),))
            thread.start()
            await asyncio.to_thread(thread.join)
            if end:
                other.close()
            assert await asyncio.wait_for(call(), 5) == 200
        other.close()
        return await call()

    assert asyncio.run(run()) == 200


def frames(trace: TracebackType | None) -> str:
    """What the frames of the package hold, as a reporter of crashes would show it."""
    shown = ""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith("linktor"):
            shown += repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return shown


def held(error: BaseException) -> str:
    return frames(error.__traceback__) + (frames(error.__cause__.__traceback__) if error.__cause__ else "")


def refused(_request: TransportRequest) -> TransportResponse:
    raise ConnectionRefusedError


async def refused_later(_request: TransportRequest) -> TransportResponse:
    raise ConnectionRefusedError


@pytest.mark.parametrize("transport", [refused, refused_later])
def test_no_frame_of_ours_holds_a_body_or_a_credential(transport: Any) -> None:
    client = Linktor("lk_hidden", transport=transport, max_retries=0)
    with pytest.raises(APIConnectionError) as caught:
        client.post("/contacts", json={"password": "lk_hidden"}, headers={"X-Own": "lk_hidden"})
    assert "lk_hidden" not in held(caught.value)


def test_no_frame_of_ours_holds_an_option_that_was_refused_or_a_session() -> None:
    for options in ({"api_key": "lk_hidden"}, {"email": "a@example.com", "password": "lk_hidden"}):
        with pytest.raises(ConfigError) as caught:
            Linktor(**options, timeout=-1)  # type: ignore[arg-type]
        assert "lk_hidden" not in held(caught.value)
    with pytest.raises(CallbackError) as failed:
        Linktor(token_source=lambda: {"token": "lk_hidden", "expires_in": object()}).get("/me")
    assert "lk_hidden" not in held(failed.value)


def test_no_frame_of_ours_holds_a_record_that_cannot_be_saved(sandbox: Sandbox) -> None:
    class Full:
        def load(self, _key: str) -> None:
            return None

        def save(self, _key: str, _record: str) -> None:
            raise OSError("full")

    known = sandbox.credentials["linktor"]
    client = sandbox.client(email=known["email"], password=known["password"], token_store=Full())
    with pytest.raises(TokenStoreError) as caught:
        client.auth.login()
    assert isinstance(caught.value.__cause__, OSError)
    assert "access_token" not in held(caught.value)


class OwnError(LinktorError):
    def __init__(self, order: int) -> None:
        super().__init__(f"order {order}")
        self.order = order


def test_pickled_errors_keep_what_was_added() -> None:
    copy = pickle.loads(pickle.dumps(OwnError(7)))
    assert (type(copy), str(copy), copy.order) == (OwnError, "internal: order 7", 7)
    with pytest.raises(ConfigError) as caught:
        Linktor("k", timeout=-1)
    caught.value.__dict__["__notes__"] = ["by the importer"]
    assert pickle.loads(pickle.dumps(caught.value)).__notes__ == ["by the importer"]
