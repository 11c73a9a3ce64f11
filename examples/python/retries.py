"""What is tried again and what is not, how long it takes at most, what an error tells, and what is left of a limit.

Run: python examples/python/retries.py
"""

import json
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from linktor import Linktor, NotFoundError, RateLimitError, RequestTimeoutError, ServerError

BUSY: dict[str, Any] = {"status": 503, "json": {"error": "busy"}}


def main() -> None:
    with subprocess.Popen([sandbox()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        url = ready["url"]
        with Linktor(ready["credentials"]["linktor"]["api_key"], base_url=ready["base_urls"]["linktor"]) as client:
            try:
                client.get("/contacts/{id}", path_params={"id": "nobody"})
                raise AssertionError("nobody was found")
            except NotFoundError as error:
                print(f"NotFoundError: status {error.status_code}, code {error.code}, request {error.request_id}")

            script(url, BUSY, BUSY)
            response = client.get("/me")
            print(f"a GET that met two 503: {response.attempts} attempts, {response.waited:.1f} s of waiting")
            assert response.attempts == 3

            # A POST may have acted, so it is sent again only if that does no harm.
            script(url, BUSY)
            try:
                client.post("/contacts", json={"name": "Ada"})
                raise AssertionError("the 503 was not told")
            except ServerError as error:
                print(f"a POST that met one: {error.attempts} attempt; has the server acted? {error.sent}")
            script(url, BUSY)
            response = client.post("/contacts", json={"name": "Ada"}, idempotency_key="contact-ada-1")
            print(f"the same with an idempotency key: {response.attempts} attempts")
            assert response.attempts == 2

            client.get("/me")
            left = client.rate_limit()
            assert left is not None
            print(f"class {left.class_}: {left.remaining} of {left.limit} requests left")

            script(url, {"pass": True, "delay_ms": 10_000})
            try:
                client.get("/me", deadline=0.5)
                raise AssertionError("the deadline did not strike")
            except RequestTimeoutError as error:
                print(f"RequestTimeoutError: {error.message}")

            # What the server asks for is waited for, but never past the deadline.
            script(url, {"status": 429, "headers": {"Retry-After": "20"}})
            try:
                client.get("/me", deadline=1)
                raise AssertionError("nobody was told to wait")
            except RateLimitError as error:
                print(f"RateLimitError: come back in {error.retry_after:.0f} s")


def script(url: str, *answers: dict[str, Any]) -> None:
    """Have the sandbox answer the next requests so."""
    urllib.request.urlopen(f"{url}/_sandbox/script", json.dumps({"answers": answers}).encode()).close()


def sandbox() -> Path:
    """The sandbox's binary: `cargo build -p linktor-sandbox` makes it."""
    target = Path(__file__).resolve().parents[2] / "target"
    places = [os.environ.get("LINKTOR_SANDBOX"), target / "release/linktor-sandbox", target / "debug/linktor-sandbox"]
    return next(Path(place) for place in places if place and Path(place).is_file())


if __name__ == "__main__":
    main()
