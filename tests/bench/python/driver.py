"""One Python client, and what it is told to do.

    driver.py CLIENT URL

Each line of JSON that comes in is a task, and is answered by one line of JSON with what it took; see ``measure.py``.
"""

import asyncio
import gc
import hashlib
import hmac
import importlib.metadata
import json
import platform
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

KEY = "lk_invented_0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
CONNECTIONS = 256
SCHEME, SECRET = "x_hub_signature_256", "invented-secret"

Json = dict[str, Any]
Call = Callable[[], Any]
AsyncCall = Callable[[], Awaitable[Any]]
Opened = AsyncIterator[AsyncCall]
Verify = Callable[[bytes, dict[str, str]], Any]


def linktor(url: str) -> Call:
    from linktor import Linktor

    client = Linktor(KEY, base_url=url)
    return lambda: client.get("/contacts").json()


def requests(url: str) -> Call:
    import requests

    session = requests.Session()
    session.headers.update(HEADERS)
    return lambda: session.get(f"{url}/contacts").json()


def niquests(url: str) -> Call:
    import niquests

    session = niquests.Session()
    session.headers.update(HEADERS)
    return lambda: session.get(f"{url}/contacts").json()


def httpx(url: str) -> Call:
    import httpx

    client = httpx.Client(base_url=url, headers=HEADERS)
    return lambda: client.get("/contacts").json()


def pyreqwest(url: str) -> Call:
    from pyreqwest.client import SyncClientBuilder

    client = SyncClientBuilder().default_headers(HEADERS).build()
    return lambda: client.get(f"{url}/contacts").build().send().json()


def openai(url: str) -> Call:
    from openai import OpenAI

    client = OpenAI(api_key=KEY, base_url=url)
    return lambda: client.get("/contacts", cast_to=object)


def stripe(url: str) -> Call:
    from stripe import StripeClient

    client = StripeClient(KEY, base_addresses={"api": url})
    return lambda: client.raw_request("get", "/contacts").data


@asynccontextmanager
async def async_linktor(url: str) -> Opened:
    from linktor import AsyncLinktor

    async with AsyncLinktor(KEY, base_url=url) as client:

        async def call() -> Any:
            return (await client.get("/contacts")).json()

        yield call


@asynccontextmanager
async def aiohttp(url: str) -> Opened:
    from aiohttp import ClientSession, TCPConnector

    async with ClientSession(headers=HEADERS, connector=TCPConnector(limit=CONNECTIONS)) as session:

        async def call() -> Any:
            async with session.get(f"{url}/contacts") as response:
                return await response.json()

        yield call


@asynccontextmanager
async def async_httpx(url: str) -> Opened:
    from httpx import AsyncClient, Limits

    limits = Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    # Who queues for one gives up after 5 s unless told otherwise.
    async with AsyncClient(base_url=url, headers=HEADERS, limits=limits, timeout=60) as client:

        async def call() -> Any:
            return (await client.get("/contacts")).json()

        yield call


@asynccontextmanager
async def async_niquests(url: str) -> Opened:
    from niquests import AsyncSession

    async with AsyncSession(pool_maxsize=CONNECTIONS) as session:
        session.headers.update(HEADERS)

        async def call() -> Any:
            return (await session.get(f"{url}/contacts")).json()

        yield call


@asynccontextmanager
async def async_pyreqwest(url: str) -> Opened:
    from pyreqwest.client import ClientBuilder

    async with ClientBuilder().default_headers(HEADERS).build() as client:

        async def call() -> Any:
            response = await client.get(f"{url}/contacts").build().send()
            return await response.json()

        yield call


SYNC = {one.__name__: one for one in (linktor, requests, niquests, httpx, pyreqwest, openai, stripe)}
ASYNC = {
    "linktor, async": async_linktor,
    "aiohttp": aiohttp,
    "httpx, async": async_httpx,
    "niquests, async": async_niquests,
    "pyreqwest, async": async_pyreqwest,
}
HMAC = "hmac.digest"


def main() -> None:
    name, url = sys.argv[1:]
    if name == HMAC:
        tell({"version": platform.python_version()})
        for task in tasks():
            tell(verified(by_hand, **task))
        return
    if name not in SYNC | ASYNC:
        sys.exit(f"there is no client {name}; there are {', '.join([*SYNC, *ASYNC, HMAC])}")
    version = importlib.metadata.version(name.partition(",")[0])
    if name in SYNC:
        call = SYNC[name](url)
        tell({"version": version})
        for task in tasks():
            tell(verified(by_verifier(), **task) if "verify" in task else called(call, **task))
    else:
        asyncio.run(run_async(ASYNC[name], url, version))


async def run_async(client: Callable[[str], AbstractAsyncContextManager[AsyncCall]], url: str, version: str) -> None:
    async with client(url) as call:
        tell({"version": version})
        for task in tasks():
            tell(await called_at_once(call, **task))


def tasks() -> Iterator[Json]:
    for line in sys.stdin:
        gc.collect()
        yield json.loads(line)


def tell(answer: Json) -> None:
    print(json.dumps(answer), flush=True)


class Clock:
    """Wall clock, and the CPU time of all threads, since it was made."""

    def __init__(self) -> None:
        self.cpu = time.process_time()
        self.wall = time.perf_counter()

    def read(self) -> Json:
        return {"seconds": time.perf_counter() - self.wall, "cpu_seconds": time.process_time() - self.cpu}


def called(call: Call, *, calls: int, at_once: int) -> Json:
    if at_once != 1:
        sys.exit("a client that waits for its answer makes one call after the other")
    took, now = [0.0] * calls, time.perf_counter
    clock = Clock()
    for index in range(calls):
        started = now()
        check(call())
        took[index] = now() - started
    return clock.read() | percentiles(took)


async def called_at_once(call: AsyncCall, *, calls: int, at_once: int) -> Json:
    left, took, now = calls, [0.0] * calls, time.perf_counter

    async def worker() -> None:
        nonlocal left
        while left:
            left -= 1
            check(await call())

    clock = Clock()
    if at_once > 1:
        await asyncio.gather(*(worker() for _ in range(at_once)))
        return clock.read()
    for index in range(calls):
        started = now()
        check(await call())
        took[index] = now() - started
    return clock.read() | percentiles(took)


def check(answer: Any) -> None:
    if answer["success"] is not True:
        sys.exit("a call was no success")


def percentiles(took: list[float]) -> Json:
    """The nearest ranks, in microseconds."""
    took.sort()
    return {f"p{rank}_us": took[max(0, -(-len(took) * rank // 100) - 1)] * 1e6 for rank in (50, 99)}


def by_verifier() -> Verify:
    from linktor import webhooks

    return webhooks.Verifier(SCHEME, SECRET).verify_signature


def by_hand(body: bytes, headers: dict[str, str]) -> None:
    given = bytes.fromhex(headers["X-Hub-Signature-256"].removeprefix("sha256="))
    if not hmac.compare_digest(given, hmac.digest(SECRET.encode(), body, hashlib.sha256)):
        sys.exit("a signature is not that of its body")


def verified(check_signature: Verify, *, verify: int, size: int) -> Json:
    body = json.dumps({"content": "x" * (size - len('{"content": ""}'))}).encode()
    headers = {
        "Host": "app.example.com",
        "User-Agent": "sender/1.0",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "Content-Length": str(size),
        "X-Hub-Signature-256": "sha256=" + hmac.digest(SECRET.encode(), body, hashlib.sha256).hex(),
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Request-Id": "5b1f0c52-7a7e-4f0e-9d3c-000000000001",
    }
    clock = Clock()
    for _ in range(verify):
        check_signature(body, headers)
    return clock.read()


main()
