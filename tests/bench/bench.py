"""Calls through the client against pyreqwest and httpx, in one interleaved run against the same sandbox."""

import asyncio
import json
import os
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable

import httpx
from linktor import AsyncLinktor, Linktor
from pyreqwest.client import ClientBuilder, SyncClientBuilder

ROUNDS = 9
CALLS = 2_000


def report(name: str, concurrency: int, rounds: list[dict[str, float]]) -> None:
    ours = [one["linktor"] for one in rounds]
    line = f"python {name:5} at {concurrency:2}  linktor {statistics.median(ours):7.0f}/s"
    for peer in rounds[0]:
        if peer == "linktor":
            continue
        ratios = [one["linktor"] / one[peer] for one in rounds]
        rate = statistics.median(one[peer] for one in rounds)
        line += f"  {peer} {rate:6.0f}/s ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(line, flush=True)


def sync_rounds(base: str, key: str) -> None:
    url, headers = f"{base}/me", {"authorization": f"Bearer {key}"}
    client, other, slow = Linktor(key, base_url=base), SyncClientBuilder().build(), httpx.Client()

    def get_pyreqwest() -> None:
        assert other.get(url).headers(headers).build().send().json()["success"]

    def get_httpx() -> None:
        assert slow.get(url, headers=headers).json()["success"]

    def get_linktor() -> None:
        assert client.get("/me").json()["success"]

    calls: dict[str, Callable[[], None]] = {"linktor": get_linktor, "pyreqwest": get_pyreqwest, "httpx": get_httpx}

    def rate(call: Callable[[], None], count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            call()
        return count / (time.perf_counter() - started)

    rounds = [{name: rate(call, CALLS // (4 if name == "httpx" else 1)) for name, call in calls.items()} for _ in range(ROUNDS + 1)]
    report("sync", 1, rounds[1:])


async def async_rounds(base: str, key: str, concurrency: int) -> None:
    url, headers = f"{base}/me", {"authorization": f"Bearer {key}"}
    async with AsyncLinktor(key, base_url=base) as client, ClientBuilder().build() as other, httpx.AsyncClient() as slow:

        async def get_pyreqwest() -> None:
            response = await other.get(url).headers(headers).build().send()
            assert (await response.json())["success"]

        async def get_httpx() -> None:
            assert (await slow.get(url, headers=headers)).json()["success"]

        async def get_linktor() -> None:
            assert (await client.get("/me")).json()["success"]

        calls: dict[str, Callable[[], Awaitable[None]]] = {
            "linktor": get_linktor,
            "pyreqwest": get_pyreqwest,
            "httpx": get_httpx,
        }

        async def rate(call: Callable[[], Awaitable[None]], count: int) -> float:
            async def worker() -> None:
                for _ in range(count // concurrency):
                    await call()

            started = time.perf_counter()
            await asyncio.gather(*(worker() for _ in range(concurrency)))
            return count / (time.perf_counter() - started)

        rounds = [
            {name: await rate(call, CALLS // (4 if name == "httpx" else 1)) for name, call in calls.items()}
            for _ in range(ROUNDS + 1)
        ]
    report("async", concurrency, rounds[1:])


def main() -> None:
    command = [os.environ["LINKTOR_SANDBOX"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdin and sandbox.stdout
        ready = json.loads(sandbox.stdout.readline())
        base, key = ready["base_urls"]["linktor"], ready["credentials"]["linktor"]["api_key"]
        sync_rounds(base, key)
        for concurrency in (1, 32):
            asyncio.run(async_rounds(base, key, concurrency))
        sandbox.stdin.close()


main()
