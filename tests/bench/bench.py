"""The client against its peers, in one interleaved run against the same server: speed, CPU time, memory, start, size.

    bench.py SERVER WHEEL

Peers are used as their users do: one session with kept-alive connections, the key in its headers, and the body parsed.
"""

import asyncio
import gc
import hashlib
import hmac
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path

import aiohttp
import httpx
import pyreqwest.client
import requests
from linktor import AsyncLinktor, Linktor, webhooks

KEY = "lk_invented_0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
PEERS = ("pyreqwest", "httpx", "requests", "aiohttp")
ROUNDS = 9
STARTS = 20

MANY = 2_000
"""Callers at once."""

Call = Callable[[], None]
AsyncCall = Callable[[], Awaitable[None]]


def main() -> None:
    server, wheel = (Path(argument) for argument in sys.argv[1:])
    # Both ends of many connections, on machines that allow few by default.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    with subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        print(f"{machine()}; Python {platform.python_version()}, load {os.getloadavg()[0]:.2f}")
        print(", ".join(f"{name} {version(name)}" for name in ("linktor", *PEERS)))
        print(f"Medians of {ROUNDS} interleaved rounds after one to warm up, and the range of their ratios.")
        sequential(url)
        for concurrency in (1, 32, 256):
            asyncio.run(concurrent(url, concurrency))
        asyncio.run(cpu(url))
        signature()
        start()
        memory(url)
        print(f"\nwheel  {wheel.stat().st_size / 1e6:.2f} MB   target 3.5 MB or less")
        process.stdin.close()


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}"


def sequential(url: str) -> None:
    path = f"{url}/contacts"
    ours, fast = Linktor(KEY, base_url=url), pyreqwest.client.SyncClientBuilder().default_headers(HEADERS).build()
    plain, session = httpx.Client(headers=HEADERS), requests.Session()
    session.headers.update(HEADERS)

    def linktor() -> None:
        assert ours.get("/contacts").json()["success"]

    def by_pyreqwest() -> None:
        assert fast.get(path).build().send().json()["success"]

    def by_httpx() -> None:
        assert plain.get(path).json()["success"]

    def by_requests() -> None:
        assert session.get(path).json()["success"]

    def rate(call: Call, count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            call()
        return count / (time.perf_counter() - started)

    rounds = interleaved(
        linktor=partial(rate, linktor, 2_000),
        pyreqwest=partial(rate, by_pyreqwest, 2_000),
        httpx=partial(rate, by_httpx, 300),
        requests=partial(rate, by_requests, 300),
    )
    report(
        "sync, one after the other",
        rounds,
        pyreqwest="1.0x or more, aim 1.3x",
        httpx="5x or more",
        requests="5x or more",
    )


async def calls(stack: AsyncExitStack, url: str, path: str) -> dict[str, AsyncCall]:
    """What an async call is with each of the clients, which end with the stack."""
    ours = await stack.enter_async_context(AsyncLinktor(KEY, base_url=url, max_connections=MANY))
    fast = await stack.enter_async_context(pyreqwest.client.ClientBuilder().default_headers(HEADERS).build())
    limits = httpx.Limits(max_connections=MANY)
    plain = await stack.enter_async_context(httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=30))
    connector = aiohttp.TCPConnector(limit=MANY)
    session = await stack.enter_async_context(aiohttp.ClientSession(headers=HEADERS, connector=connector))

    async def linktor() -> None:
        assert (await ours.get(path)).json()["success"]

    async def by_pyreqwest() -> None:
        response = await fast.get(url + path).build().send()
        assert (await response.json())["success"]

    async def by_aiohttp() -> None:
        async with session.get(url + path) as response:
            assert (await response.json())["success"]

    async def by_httpx() -> None:
        assert (await plain.get(url + path)).json()["success"]

    return {"linktor": linktor, "pyreqwest": by_pyreqwest, "aiohttp": by_aiohttp, "httpx": by_httpx}


async def gathered(call: AsyncCall, count: int, concurrency: int) -> None:
    async def worker() -> None:
        for _ in range(count // concurrency):
            await call()

    await asyncio.gather(*(worker() for _ in range(concurrency)))


async def concurrent(url: str, concurrency: int) -> None:
    async def rate(call: AsyncCall, count: int) -> float:
        started = time.perf_counter()
        await gathered(call, count, concurrency)
        return count / (time.perf_counter() - started)

    async with AsyncExitStack() as stack:
        each = await calls(stack, url, "/contacts")
        counts = {name: 512 if name == "httpx" else 2_048 for name in each}
        rounds = [{name: await rate(call, counts[name]) for name, call in each.items()} for _ in range(ROUNDS + 1)][1:]
    targets = {1: {"pyreqwest": "1.0x or more"}, 32: {"pyreqwest": "1.5x or more", "aiohttp": "2.5x or more"}}
    report(f"async, {concurrency} at once", rounds, **targets.get(concurrency, {}))


async def cpu(url: str) -> None:
    """CPU time of this whole process for a call, of the same server."""

    async def cost(call: AsyncCall, count: int, concurrency: int) -> float:
        started = time.process_time()
        await gathered(call, count, concurrency)
        return (time.process_time() - started) / count * 1e6

    async with AsyncExitStack() as stack:
        made = await calls(stack, url, "/contacts")
        del made["httpx"]
        rounds: list[dict[str, tuple[float, float]]] = []
        for _ in range(ROUNDS + 1):
            gc.collect()
            rounds.append(
                {
                    name: (await cost(call, 2 * MANY, 32), await cost(call, 2 * MANY, MANY))
                    for name, call in made.items()
                }
            )
    print(f"\nCPU time of a call, {MANY:,} at once against 32 at once")
    for name in made:
        at_few, at_many = (statistics.median(one[name][which] for one in rounds[1:]) for which in (0, 1))
        ratios = [one[name][1] / one[name][0] for one in rounds[1:]]
        target = "   target 1.3x or less" if name == "linktor" else ""
        print(f"  {name:10} {spread(ratios)}   {at_many:4.0f} us against {at_few:4.0f} us{target}")


def signature() -> None:
    secret, body = b"invented-secret", json.dumps({"content": "x" * 1_009}).encode()
    given = {
        "Host": "example.com",
        "Content-Type": "application/json",
        "User-Agent": "sender/1.0",
        **webhooks.sign("x_hub_signature_256", body, secret),
    }
    verifier = webhooks.Verifier("x_hub_signature_256", secret)

    def linktor() -> None:
        verifier.verify_signature(body, given)

    def by_hand() -> None:
        expected = "sha256=" + hmac.digest(secret, body, hashlib.sha256).hex()
        assert hmac.compare_digest(expected, given["X-Hub-Signature-256"])

    def by_new() -> None:
        expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(expected, given["X-Hub-Signature-256"])

    def rate(call: Call) -> float:
        started = time.perf_counter()
        for _ in range(20_000):
            call()
        return 20_000 / (time.perf_counter() - started)

    rounds = interleaved(
        **{
            "linktor": partial(rate, linktor),
            "hmac.digest": partial(rate, by_hand),
            "hmac.new": partial(rate, by_new),
        }
    )
    report("signature of a webhook of 1 KiB, with a kept verifier", rounds, **{"hmac.digest": "2x or more"})


def start() -> None:
    """Milliseconds of an import, and of a first client, beside what starting Python takes."""
    names = ("linktor", "a client", *PEERS)
    codes = {
        "": "pass",
        **{name: f"import {name}" for name in names},
        "a client": f"from linktor import Linktor; Linktor({KEY!r})",
        "pyreqwest": "import pyreqwest.client",
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    best = dict.fromkeys(codes, float("inf"))
    for _ in range(STARTS):
        for name, code in codes.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, env=environment)
            best[name] = min(best[name], (time.perf_counter() - started) * 1e3)
    print(f"\nimport, the best of {STARTS} starts less the best of bare Python's")
    for name in names:
        target = "   target 15 ms or less" if name in ("linktor", "a client") else ""
        print(f"  {name:10} {best[name] - best['']:6.1f} ms{target}")


MEMORY = """
import sys
from pathlib import Path
url, key = sys.argv[1:]
headers = {{"Authorization": f"Bearer {{key}}"}}
{make}
def peak(count):
    for _ in range(count):
        assert {call}["success"]
    return Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(peak(1_000), peak(9_000))
"""
"""Runs alone, and prints its highest resident memory in KiB after 1,000 calls and after 10,000.

``ru_maxrss`` would begin with that of the process that starts it.
"""


def memory(url: str) -> None:
    programs = {
        "linktor": ("import linktor; c = linktor.Linktor(key, base_url=url)", "c.get('/contacts').json()"),
        "pyreqwest": (
            "import pyreqwest.client as p; c = p.SyncClientBuilder().default_headers(headers).build()",
            "c.get(url + '/contacts').build().send().json()",
        ),
        "httpx": ("import httpx; c = httpx.Client(headers=headers)", "c.get(url + '/contacts').json()"),
        "requests": (
            "import requests; c = requests.Session(); c.headers.update(headers)",
            "c.get(url + '/contacts').json()",
        ),
    }
    print("\npeak of resident memory over 10,000 calls, and how much of it came after the first 1,000")
    for name, (make, call) in programs.items():
        command = [sys.executable, "-c", MEMORY.format(make=make, call=call), url, KEY]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        first, last = (int(word) / 1024 for word in out.split())
        print(f"  {name:10} {last:6.1f} MiB, {last - first:.1f} MiB")


def interleaved(**runs: Callable[[], float]) -> list[dict[str, float]]:
    return [{name: run() for name, run in runs.items()} for _ in range(ROUNDS + 1)][1:]


def report(title: str, rounds: list[dict[str, float]], **targets: str) -> None:
    ours = statistics.median(one["linktor"] for one in rounds)
    print(f"\n{title}: {ours:,.0f}/s")
    for peer in rounds[0]:
        if peer == "linktor":
            continue
        theirs = statistics.median(one[peer] for one in rounds)
        target = f"   target {targets[peer]}" if peer in targets else ""
        print(f"  {spread([one['linktor'] / one[peer] for one in rounds])} {peer:11} {theirs:9,.0f}/s{target}")


def spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):5.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"


main()
