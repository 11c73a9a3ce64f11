"""A server that acts for many users: one pool of connections, a session for each, an organization where one is needed.

Run: python examples/python/many_users.py
"""

import asyncio
import json
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from linktor import AsyncLinkit, LinktorError


def main() -> None:
    with subprocess.Popen([sandbox()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        asyncio.run(serve(ready["url"], ready["base_urls"]["linkit"], ready["credentials"]["linkit"]))


async def serve(url: str, base_url: str, known: dict[str, str]) -> None:
    # Nobody by itself: every request goes through a user's handle.
    async with AsyncLinkit(anonymous=True, base_url=base_url) as pool:

        async def act() -> tuple[int, int]:
            user = pool.with_credentials(email=known["email"], password=known["password"])
            # The first call logs in, and later ones use its session and its organization.
            customers = (await user.get("/customers")).data()
            products = (await user.get("/products")).data()
            return len(customers), len(products)

        counts = await asyncio.gather(*(act() for _ in range(50)))
        assert counts == [(2, 3)] * 50, counts
        logins = [entry for entry in journal(url) if entry["path"].endswith("/auth/login")]
        print(f"50 users, {len(logins)} logins, {len(journal(url))} requests")

        elsewhere = pool.with_credentials(known["api_key"]).with_organization("org_elsewhere")
        try:
            await elsewhere.get("/customers")
            print("the user belongs to org_elsewhere too")
        except LinktorError as error:
            print(f"in another organization: {error}")


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
