"""What a user writes, as mypy and pyright see it in strict mode; it is checked, and it runs."""

from __future__ import annotations

import asyncio
from typing import Any

from linktor import (
    AsyncLinktor,
    ClientOptions,
    Linktor,
    LinktorError,
    RateLimitError,
    RequestOptions,
    Response,
    Token,
)
from sandbox import Sandbox


def token() -> Token:
    return "t-1", 900.0


async def async_token() -> str:
    return "t-1"


def use(options: ClientOptions) -> tuple[int, str | None]:
    with Linktor(**options) as client:
        paging: RequestOptions = {"params": {"page": 1, "tag": ["a", "b"], "q": None}, "timeout": 5}
        response: Response = client.get("/contacts", **paging)
        contacts: list[dict[str, Any]] = response.data()
        try:
            client.post("/contacts/{id}", path_params={"id": 1}, json={"name": "Ada"})
        except RateLimitError as error:
            wait: float | None = error.retry_after
            return len(contacts), str(wait)
        except LinktorError as error:
            return len(contacts), error.code
    return len(contacts), None


async def use_async(options: ClientOptions) -> str | None:
    async with AsyncLinktor("k", **options) as client:
        response = await client.request("GET", "/me", headers={"X-Team": "a"})
        one, two = await asyncio.gather(client.get("/me"), client.get("/me"))
        assert one.status_code == two.status_code
        return response.headers.get("content-type")


def test_what_is_typed_runs(sandbox: Sandbox) -> None:
    base_url, key = sandbox.base_urls["linktor"], sandbox.credentials["linktor"]
    for source in (token, async_token):
        sandbox.script({"json": {"data": []}}, {"status": 429})
        assert use({"base_url": base_url, "token_source": source}) == (0, "None")
    sandbox.script({"json": {}}, {"json": {}}, {"json": {}})
    assert key
    assert asyncio.run(use_async({"base_url": base_url})) == "application/json"
