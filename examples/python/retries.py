"""What is tried again and what is not, how long it takes at most, what an error tells, and what is left of a limit.

Run: python examples/python/retries.py
"""

from linktor import Linktor, NotFoundError, RateLimitError, RequestTimeoutError, ServerError
from linktor.testing import Answer, Sandbox

BUSY: Answer = {"status": 503, "json": {"error": "busy"}}


def main() -> None:
    with Sandbox() as sandbox:
        key, base_url = sandbox.credentials["linktor"]["api_key"], sandbox.base_urls["linktor"]
        with Linktor(key, base_url=base_url, max_retries=2, max_retry_wait=10) as client:
            call(client, sandbox)


def call(client: Linktor, sandbox: Sandbox) -> None:
    try:
        client.get("/contacts/{id}", path_params={"id": "nobody"})
        raise AssertionError("nobody was found")
    except NotFoundError as error:
        print(f"NotFoundError: status {error.status_code}, code {error.code}, request {error.request_id}")

    sandbox.script(BUSY, BUSY)
    response = client.get("/me")
    print(f"a GET that met two 503: {response.attempts} attempts, {response.waited:.1f} s of waiting")
    assert response.attempts == 3

    # A POST may have acted, so it is sent again only if that does no harm.
    sandbox.script(BUSY)
    try:
        client.post("/contacts", json={"name": "Ada"})
        raise AssertionError("the 503 was not told")
    except ServerError as error:
        print(f"a POST that met one: {error.attempts} attempt; has the server acted? {error.sent}")
    assert sandbox.journal()[-1].status == 503
    sandbox.script(BUSY)
    response = client.post("/contacts", json={"name": "Ada"}, idempotency_key="contact-ada-1")
    print(f"the same with an idempotency key: {response.attempts} attempts")
    assert response.attempts == 2

    client.get("/me")
    left = client.rate_limit()
    assert left is not None
    print(f"class {left.class_}: {left.remaining} of {left.limit} requests left")

    sandbox.script({"pass": True, "delay_ms": 10_000})
    try:
        client.get("/me", deadline=0.5)
        raise AssertionError("the deadline did not strike")
    except RequestTimeoutError as error:
        print(f"RequestTimeoutError: {error.message}")

    # What the server asks for is waited for, but never past the deadline or for longer than `max_retry_wait`.
    sandbox.script({"status": 429, "headers": {"Retry-After": "20"}})
    try:
        client.get("/me")
        raise AssertionError("nobody was told to wait")
    except RateLimitError as error:
        print(f"RateLimitError: come back in {error.retry_after:.0f} s")
    assert sandbox.journal()[-1].status == 429


if __name__ == "__main__":
    main()
