from __future__ import annotations

import asyncio
import threading
import time

import pytest

from linktor import ClientClosedError, Linktor, RateLimitError, RequestTimeoutError
from linktor.testing import Answer
from sandbox import Sandbox

SLOW: Answer = {"delay_ms": 10_000, "json": {}}
HOUR, TWO_HOURS = {"Retry-After": "3600"}, 7200


def test_a_cancelled_task_ends_its_call_at_once(sandbox: Sandbox) -> None:
    sandbox.script(SLOW)

    async def run() -> float:
        async with sandbox.async_client() as client:
            task = asyncio.create_task(client.get("/me"))
            await asyncio.to_thread(sandbox.wait_for_arrival)
            started = time.perf_counter()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            elapsed = time.perf_counter() - started
            await asyncio.to_thread(sandbox.wait_for_abort)
            return elapsed

    assert asyncio.run(run()) < 0.05
    entries = sandbox.journal()
    assert [entry.aborted for entry in entries] == [True]


def test_a_timeout_around_a_call_ends_it(sandbox: Sandbox) -> None:
    sandbox.script(SLOW)

    async def run() -> None:
        client = sandbox.async_client()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get("/me"), 0.2)

    asyncio.run(run())
    assert [entry.aborted for entry in sandbox.wait_for_abort()] == [True]


def test_a_loop_that_ends_with_a_call_in_flight_ends_the_call(sandbox: Sandbox) -> None:
    sandbox.script(SLOW)
    client = sandbox.async_client()

    async def run() -> None:
        task = asyncio.create_task(client.get("/me"))
        await asyncio.to_thread(sandbox.wait_for_arrival)
        assert not task.done()

    asyncio.run(run())
    assert [entry.aborted for entry in sandbox.wait_for_abort()] == [True]


def test_a_cancelled_task_ends_the_wait_for_a_hint_at_once(sandbox: Sandbox) -> None:
    sandbox.script({"status": 503, "headers": HOUR})

    async def run() -> float:
        client = sandbox.async_client(max_retry_wait=TWO_HOURS)
        task = asyncio.create_task(client.get("/me"))
        await asyncio.to_thread(sandbox.wait_for_arrival)
        return await cancelled(task)

    assert asyncio.run(run()) < 0.05
    assert_nothing_follows(sandbox)


def test_a_cancelled_task_ends_its_wait_at_the_gate_at_once(sandbox: Sandbox) -> None:
    sandbox.script({"status": 429, "headers": HOUR})

    async def run() -> float:
        client = sandbox.async_client()
        with pytest.raises(RateLimitError):
            await client.get("/me", max_retries=0)
        return await cancelled(asyncio.create_task(client.get("/me", max_retry_wait=TWO_HOURS)))

    assert asyncio.run(run()) < 0.05
    assert_nothing_follows(sandbox)


async def cancelled(task: asyncio.Task[object]) -> float:
    """How long it took to be back."""
    await asyncio.sleep(0.2)
    assert not task.done()
    started = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.perf_counter() - started


def assert_nothing_follows(sandbox: Sandbox) -> None:
    time.sleep(0.2)
    assert len(sandbox.journal()) == 1


def test_close_ends_all_waits_at_once(sandbox: Sandbox) -> None:
    sandbox.script({"status": 503, "headers": HOUR})
    sandbox.script({"status": 429, "headers": HOUR, "match": {"method": "POST"}})
    client = sandbox.client(max_retry_wait=TWO_HOURS)
    back: list[float] = []

    def wait(client: Linktor, path: str) -> None:
        with pytest.raises(ClientClosedError):
            client.get(path)
        back.append(time.perf_counter())

    hinted = threading.Thread(target=wait, args=(client, "/me"))
    hinted.start()
    sandbox.wait_for_arrival()
    with pytest.raises(RateLimitError):
        client.post("/contacts", json={}, max_retries=0)
    queued = threading.Thread(target=wait, args=(client.with_organization("org_1"), "/contacts"))
    queued.start()
    time.sleep(0.2)
    assert back == []
    started = time.perf_counter()
    client.close()
    for thread in (hinted, queued):
        thread.join(2)
    assert max(back) - started < 0.05
    assert len(back) == len(sandbox.journal()) == 2


def test_close_ends_a_waiting_thread_at_once(sandbox: Sandbox) -> None:
    sandbox.script(SLOW)
    client = sandbox.client()
    ended: list[tuple[BaseException, float]] = []

    def wait() -> None:
        try:
            client.get("/me")
        except ClientClosedError as error:
            ended.append((error, time.perf_counter()))

    thread = threading.Thread(target=wait)
    thread.start()
    sandbox.wait_for_arrival()
    started = time.perf_counter()
    client.close()
    thread.join(2)
    assert ended[0][1] - started < 0.05
    assert [entry.aborted for entry in sandbox.wait_for_abort()] == [True]
    with pytest.raises(ClientClosedError):
        client.get("/me")


def test_close_ends_the_calls_of_a_loop(sandbox: Sandbox) -> None:
    sandbox.script(SLOW, SLOW)

    async def run() -> list[object]:
        client = sandbox.async_client()
        calls = asyncio.gather(client.get("/me"), client.get("/me"), return_exceptions=True)
        await asyncio.to_thread(sandbox.wait_for_arrival, 2)
        await client.aclose()
        return list(await calls)

    assert all(isinstance(error, ClientClosedError) for error in asyncio.run(run()))


def test_the_timeout_of_an_attempt_is_a_timeout_error(sandbox: Sandbox) -> None:
    sandbox.script(SLOW)
    with pytest.raises(TimeoutError) as raised:
        sandbox.client(max_retries=0).get("/me", timeout=0.2)
    assert isinstance(raised.value, RequestTimeoutError)
    assert (raised.value.kind, raised.value.sent, raised.value.attempts) == ("timeout", "maybe", 1)
    assert [entry.aborted for entry in sandbox.wait_for_abort()] == [True]
