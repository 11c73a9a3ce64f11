"""One read and one write on each of the five API families, against the sandbox, and what becomes of a 429.

Run: python examples/python/quickstart.py
"""

import asyncio
import json

from linktor import AuthenticationError, Linktor, Response
from linktor.testing import Family, Sandbox

CALLS: dict[Family, tuple[str, str, dict[str, object]]] = {
    "linktor": ("/me", "/contacts", {"name": "Ada"}),
    "linkit": ("/products", "/products", {"name": "Tea", "price": 4.5}),
    "libromi": ("/contacts", "/messages", {"to": "+15550100", "type": "text", "text": "Hello"}),
    "api_v2": ("/auth/test", "/users", {"name": "Ada", "email": "ada@example.com"}),
    "api_v1": ("/users/me", "/users", {"name": "Ada", "email": "ada@example.com"}),
}


def main() -> None:
    with Sandbox() as sandbox:
        for family, (read, write, body) in CALLS.items():
            key, base_url = sandbox.credentials[family]["api_key"], sandbox.base_urls[family]
            with Linktor(key, provider=family, base_url=base_url) as client:
                show(family, f"GET {read}", client.get(read))
                show(family, f"POST {write}", client.post(write, json=body))

        try:
            Linktor("wrong-key", base_url=sandbox.base_urls["linktor"]).get("/me")
            raise AssertionError("the wrong key was accepted")
        except AuthenticationError as error:
            print(f"\n{type(error).__name__}: kind={error.kind} code={error.code} request_id={error.request_id}")

        print("\nFive calls at once, where the server takes three in 2 s:")
        # A family that names its limits on the 429 alone.
        sandbox.control("limits", family="libromi", limits=[{"limit": 3, "window": 2}])
        asyncio.run(several(sandbox))


async def several(sandbox: Sandbox) -> None:
    async with sandbox.async_client("libromi") as client:
        responses = await asyncio.gather(*(client.get("/contacts", params={"page": page}) for page in range(1, 6)))
    for response in responses:
        print(f"{response.status_code} after {response.attempts} attempts and {response.waited:.1f} s of waiting")
    assert sum(response.waited > 1 for response in responses) == 2


def show(family: str, call: str, response: Response) -> None:
    print(f"{family:8} {call:15} {response.status_code}  {json.dumps(response.data())[:60]}")


if __name__ == "__main__":
    main()
