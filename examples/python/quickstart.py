"""One read and one write on each of the five API families, against the sandbox, and what becomes of a 429.

Run: python examples/python/quickstart.py
"""

import asyncio
import json
import os
import subprocess
import urllib.request
from pathlib import Path

from linktor import AsyncLibromiConnect, Linktor, LinktorError, Response

CALLS = {
    "linktor": ("/me", "/contacts", {"name": "Ada"}),
    "linkit": ("/products", "/products", {"name": "Tea", "price": 4.5}),
    "libromi": ("/contacts", "/messages", {"to": "+15550100", "type": "text", "text": "Hello"}),
    "api_v2": ("/auth/test", "/users", {"name": "Ada", "email": "ada@example.com"}),
    "api_v1": ("/users/me", "/users", {"name": "Ada", "email": "ada@example.com"}),
}


def main() -> None:
    with subprocess.Popen([sandbox()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        for family, (read, write, body) in CALLS.items():
            key, base_url = ready["credentials"][family]["api_key"], ready["base_urls"][family]
            with Linktor(key, provider=family, base_url=base_url) as client:
                show(family, f"GET {read}", client.get(read))
                show(family, f"POST {write}", client.post(write, json=body))

        linktor = ready["base_urls"]["linktor"]
        try:
            Linktor("wrong-key", base_url=linktor).get("/me")
        except LinktorError as error:
            print(f"\n{type(error).__name__}: kind={error.kind} code={error.code} request_id={error.request_id}")

        print("\nFive calls at once, where the server takes three in 2 s:")
        # A family that names its limits on the 429 alone.
        limits = {"family": "libromi", "limits": [{"limit": 3, "window": 2}]}
        urllib.request.urlopen(f"{ready['url']}/_sandbox/limits", json.dumps(limits).encode()).close()
        asyncio.run(several(ready["credentials"]["libromi"]["api_key"], ready["base_urls"]["libromi"]))


async def several(key: str, base_url: str) -> None:
    async with AsyncLibromiConnect(key, base_url=base_url) as client:
        responses = await asyncio.gather(*(client.get("/contacts", params={"page": page}) for page in range(1, 6)))
        for response in responses:
            print(f"{response.status_code} after {response.attempts} attempts and {response.waited:.1f} s of waiting")


def show(family: str, call: str, response: Response) -> None:
    print(f"{family:8} {call:15} {response.status_code}  {json.dumps(response.data())[:60]}")


def sandbox() -> Path:
    """The sandbox's binary: `cargo build -p linktor-sandbox` makes it."""
    target = Path(__file__).resolve().parents[2] / "target"
    places = [os.environ.get("LINKTOR_SANDBOX"), target / "release/linktor-sandbox", target / "debug/linktor-sandbox"]
    return next(Path(place) for place in places if place and Path(place).is_file())


if __name__ == "__main__":
    main()
