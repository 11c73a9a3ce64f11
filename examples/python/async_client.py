"""The client on an event loop: calls at once, a list page by page, and a call that is cancelled.

Run: python examples/python/async_client.py
"""

import asyncio
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from linktor import AsyncLinktor


def main() -> None:
    with subprocess.Popen([sandbox()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        asyncio.run(use(ready["url"], ready["credentials"]["linktor"]["api_key"], ready["base_urls"]["linktor"]))


async def use(url: str, key: str, base_url: str) -> None:
    async with AsyncLinktor(key, base_url=base_url) as client:
        names = ["Ada", "Bo", "Cleo", "Dan", "Eve"]
        await asyncio.gather(*(client.post("/contacts", json={"name": name}) for name in names))
        print(f"{len(names)} contacts written at once")

        # Each page is asked for when the loop comes to it.
        contacts = client.paginate("/contacts", params={"page_size": 2})
        found = [contact["name"] async for contact in contacts]
        print(f"read page by page: {', '.join(sorted(found))}")
        assert sorted(found) == names

        control(url, "script", {"answers": [{"pass": True, "delay_ms": 30_000}]})
        call = asyncio.create_task(client.get("/me"))
        await until(lambda: bool(journal(url)[-1]["path"].endswith("/me")))
        begin = time.monotonic()
        call.cancel()
        try:
            await call
            raise AssertionError("the call went on")
        except asyncio.CancelledError:
            print(f"cancelled within {time.monotonic() - begin:.3f} s")
        await until(lambda: bool(journal(url)[-1]["aborted"]))
        print("and the server saw its request end")


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def control(url: str, call: str, arguments: dict[str, Any]) -> None:
    urllib.request.urlopen(f"{url}/_sandbox/{call}", json.dumps(arguments).encode()).close()


def journal(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/_sandbox/journal") as answer:
        entries: list[dict[str, Any]] = json.load(answer)["entries"]
    return entries


def sandbox() -> Path:
    """The sandbox's binary: `cargo build -p linktor-sandbox` makes it."""
    target = Path(__file__).resolve().parents[2] / "target"
    places = [os.environ.get("LINKTOR_SANDBOX"), target / "release/linktor-sandbox", target / "debug/linktor-sandbox"]
    return next(Path(place) for place in places if place and Path(place).is_file())


if __name__ == "__main__":
    main()
