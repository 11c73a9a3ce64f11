"""The client on an event loop: calls at once, a list page by page, and a call that is cancelled.

Run: python examples/python/async_client.py
"""

import asyncio
import time
from collections.abc import Callable

from linktor import AsyncLinktor
from linktor.testing import Sandbox


async def main() -> None:
    with Sandbox() as sandbox:
        key, base_url = sandbox.credentials["linktor"]["api_key"], sandbox.base_urls["linktor"]
        async with AsyncLinktor(key, base_url=base_url) as client:
            names = ["Ada", "Bo", "Cleo", "Dan", "Eve"]
            await asyncio.gather(*(client.post("/contacts", json={"name": name}) for name in names))
            print(f"{len(names)} contacts written at once")

            # Each page is asked for when the loop comes to it.
            contacts = client.paginate("/contacts", params={"page_size": 2})
            found = [contact["name"] async for contact in contacts]
            print(f"read page by page: {', '.join(sorted(found))}")
            assert sorted(found) == names

            await cancel(client, sandbox)


async def cancel(client: AsyncLinktor, sandbox: Sandbox) -> None:
    sandbox.script({"pass": True, "delay_ms": 30_000})
    call = asyncio.create_task(client.get("/me"))
    await until(lambda: sandbox.journal()[-1].path.endswith("/me"))
    begin = time.monotonic()
    call.cancel()
    try:
        await call
        raise AssertionError("the call went on")
    except asyncio.CancelledError:
        print(f"cancelled within {time.monotonic() - begin:.3f} s")
    await until(lambda: sandbox.journal()[-1].aborted)
    print("and the server saw its request end")


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if await asyncio.to_thread(is_so):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


if __name__ == "__main__":
    asyncio.run(main())
