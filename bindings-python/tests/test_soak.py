"""Much work, in a process of its own, leaves nothing behind: memory, descriptors and threads stay as they were.

`LINKTOR_SOAK_CALLS` says how many calls; `make soak` makes 100,000.
"""

from __future__ import annotations

import os

import pytest

from process import run
from sandbox import Sandbox

CALLS = int(os.environ.get("LINKTOR_SOAK_CALLS", "10000"))
SECONDS = 60 + CALLS / 100

MEBIBYTES = 4
"""How much more may be resident at the end than after the first part of the work."""

DESCRIPTORS = 20
"""How many more may be open: as many connections as calls are made at once."""

MEASURED = """
import gc, random
from pathlib import Path

def standing():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    kibibytes = pages * os.sysconf("SC_PAGE_SIZE") // 1024
    return kibibytes, len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

def measure(work, count, first):
    work(first)
    before = standing()
    work(count)
    print(*(after - first for after, first in zip(standing(), before)))
"""

CALL = """
client = Linktor(**options)

def work(count):
    for number in range(count):
        assert client.get("/me", params={"n": number}).data()["role"] == "admin"
        if number % 10 == 0:
            try:
                client.get("/nowhere")
            except NotFoundError as error:
                assert error.status_code == 404
"""

ASYNC_CALL = """
client = AsyncLinktor(**options)

async def gathered(count):
    for first in range(0, count, 20):
        await asyncio.gather(*(client.get("/me", params={"n": number}) for number in range(first, first + 20)))

def work(count):
    asyncio.run(gathered(count))
"""

CANCELLED_CALL = """
client = AsyncLinktor(**options)

async def cancelled(number):
    task = asyncio.ensure_future(client.get("/me"))
    # Before it is sent, in mid-call, or when it is nearly done.
    await asyncio.sleep(random.uniform(0, 0.02) if number % 4 else 0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass

async def many(count):
    for first in range(0, count, 20):
        await asyncio.gather(*(cancelled(number) for number in range(first, first + 20)))
    assert (await client.get("/me")).status_code == 200

def work(count):
    asyncio.run(many(count))
"""

CLIENT = """
def work(count):
    for number in range(count):
        client = Linktor(**options)
        organization = client.with_organization("org_1")
        other = organization.with_credentials(token_source=lambda: KEY if client else "")
        if number % 10 == 0:
            assert {one.get("/me").status_code for one in (client, organization, other)} == {200}
"""

ASYNC_CLIENT = """
async def made(number):
    client = AsyncLinktor(**options)
    other = client.with_organization("org_1").with_credentials(token_source=lambda: KEY if client else "")
    if number % 10 == 0:
        async with client:
            assert (await other.get("/me")).status_code == 200

async def many(count):
    for number in range(count):
        await made(number)

def work(count):
    asyncio.run(many(count))
"""

LOOP = """
client = AsyncLinktor(**options)

def work(count):
    for _ in range(count):
        assert asyncio.run(client.get("/me")).status_code == 200
"""

THREADS = """
from concurrent.futures import ThreadPoolExecutor
client = Linktor(**options)

def calls(thread, count):
    for number in range(count):
        name = f"req-{thread}-{number}"
        response = client.get("/me", params={"n": number}, request_id=name)
        assert (response.data()["role"], response.request_id) == ("admin", name)

def work(count):
    with ThreadPoolExecutor(32) as pool:
        for _ in pool.map(calls, range(32), [count // 32] * 32):
            pass
"""


@pytest.mark.parametrize(
    ("code", "count", "first"),
    [
        (CALL, CALLS, CALLS // 10),
        (ASYNC_CALL, CALLS, CALLS // 10),
        (CANCELLED_CALL, CALLS // 10, CALLS // 100),
        (CLIENT, CALLS // 10, CALLS // 100),
        (ASYNC_CLIENT, CALLS // 10, CALLS // 100),
        (LOOP, CALLS // 100, CALLS // 1_000),
        # The allocator gives each thread memory of its own, which is as large as it gets only then.
        (THREADS, 32 * CALLS // 200, 32 * CALLS // 200),
    ],
    ids=["calls", "async_calls", "cancelled_calls", "clients", "async_clients", "loops", "threads"],
)
def test_much_work_leaves_nothing_behind(sandbox: Sandbox, code: str, count: int, first: int) -> None:
    out = run(sandbox, MEASURED + code + f"measure(work, {count}, {first})", SECONDS)
    kibibytes, descriptors, threads = map(int, out.split())
    print(f"{count} times: {kibibytes:+} KiB, {descriptors:+} descriptors, {threads:+} threads")
    assert kibibytes < MEBIBYTES * 1024
    assert descriptors <= DESCRIPTORS
    assert threads <= 0
