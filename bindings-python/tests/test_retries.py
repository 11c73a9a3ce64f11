from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any

import pytest

from linktor import ConfigError, Limit, Linktor, RateLimit, RateLimitError, ServerError
from sandbox import Sandbox

SOON = {"status": 503, "headers": {"Retry-After-Ms": "200"}}


def test_a_response_says_how_long_it_waited_and_what_is_left(sandbox: Sandbox) -> None:
    headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "42", "X-RateLimit-Reset": "30"}
    sandbox.script(SOON, {"headers": headers, "json": {}})
    client = sandbox.client()
    assert client.rate_limit() is None
    response = client.get("/me")
    assert response.attempts == 2
    assert 0.2 <= response.waited < 1
    assert response.rate_limit == RateLimit("other", 100, 42, 30.0)
    assert repr(response.rate_limit) == "RateLimit(class_='other', limit=100, remaining=42, reset=30.0)"
    for handle in (client, client.with_organization("org_1")):
        for class_ in (None, "other"):
            known = handle.rate_limit(class_)
            assert known is not None
            assert (known.class_, known.limit, known.remaining) == ("other", 100, 42)
            assert known.reset == pytest.approx(30, abs=1)
    assert client.rate_limit("messages") is None
    assert client.with_credentials("k-2").rate_limit() is None


def test_a_response_that_says_nothing_of_limits_has_none(sandbox: Sandbox) -> None:
    sandbox.script({"json": {}}, {"headers": {"X-RateLimit-Limit": "unlimited"}, "json": {}})
    sandbox.script({"headers": {"X-RateLimit-Remaining": "7"}, "json": {}})
    client = sandbox.client()
    first, second, third = (client.get("/me") for _ in range(3))
    assert (first.rate_limit, first.waited, second.rate_limit) == (None, 0.0, None)
    assert third.rate_limit == RateLimit("other", None, 7, None)


def test_a_class_that_is_none_is_a_config_error(sandbox: Sandbox) -> None:
    for client in (sandbox.client(), sandbox.async_client()):
        with pytest.raises(ConfigError, match="massages"):
            client.rate_limit("massages")


def test_an_async_client_tells_its_rate_limit_at_once(sandbox: Sandbox) -> None:
    sandbox.script({"headers": {"X-RateLimit-Limit": "9"}, "json": {}})
    client = sandbox.async_client()
    response = asyncio.run(client.post("/conversations/{id}/messages", path_params={"id": "c-1"}, json={}))
    assert client.rate_limit("messages") == response.rate_limit == RateLimit("messages", 9, None, None)


def test_an_error_says_how_long_the_call_waited(sandbox: Sandbox) -> None:
    sandbox.script(SOON, SOON)
    with pytest.raises(ServerError) as raised:
        sandbox.client().get("/me", max_retries=1)
    error = raised.value
    assert (error.attempts, error.retry_after) == (2, 0.2)
    assert 0.2 <= error.waited < 1
    assert ServerError("by hand").waited == 0.0


def test_a_hint_of_more_than_one_would_wait_is_an_error_at_once(sandbox: Sandbox) -> None:
    sandbox.script({"status": 429, "headers": {"Retry-After": "3600"}})
    client = sandbox.client(max_retry_wait=0)
    for attempts in (1, 0):
        with pytest.raises(RateLimitError) as raised:
            client.get("/me")
        error = raised.value
        assert (error.attempts, error.waited) == (attempts, 0.0)
        assert error.retry_after == pytest.approx(3600, abs=2)
    assert len(sandbox.journal()) == 1


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "request"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_every_method_may_be_told_how_to_try_again(sandbox: Sandbox, method: str, is_async: bool) -> None:
    sandbox.script({"status": 503, "headers": {"Retry-After-Ms": "1"}}, {"json": {}})
    client = (sandbox.async_client if is_async else sandbox.client)(max_retries=0)
    arguments = ("POST", "/contacts") if method == "request" else ("/contacts",)

    async def call(**keywords: Any) -> Any:
        response = getattr(client, method)(*arguments, **keywords)
        return await response if inspect.isawaitable(response) else response

    response = asyncio.run(call(max_retries=1, max_retry_wait=1, idempotent=True, idempotency_key="key-1"))
    assert response.attempts == 2
    assert [dict(entry["headers"])["idempotency-key"] for entry in sandbox.journal()] == ["key-1"] * 2


def test_a_call_may_be_told_that_it_is_not_repeatable(sandbox: Sandbox) -> None:
    sandbox.script(SOON)
    with pytest.raises(ServerError) as raised:
        sandbox.client().get("/me", idempotent=False)
    assert raised.value.attempts == 1


@pytest.mark.parametrize("own", [[Limit(1, 0.3)], (Limit(1, 0.3, "other"),), deque([Limit(9, 1), Limit(1, 0.3)])])
def test_limits_of_ones_own_are_any_sequence(sandbox: Sandbox, own: Sequence[Limit]) -> None:
    client = sandbox.client(pacing="proactive", limits=own)
    assert client.get("/me").waited == 0.0
    assert 0 < client.get("/me").waited < 1


def test_limits_are_values() -> None:
    limit = Limit(30, 60)
    assert limit == Limit(limit=30, window=60.0, class_=None)
    assert repr(limit) == "Limit(limit=30, window=60, class_=None)"
    with pytest.raises(FrozenInstanceError):
        limit.limit = 31  # type: ignore[misc]


@pytest.mark.parametrize(
    "options",
    [
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"max_retries": True},
        {"max_retries": 2**40},
        {"max_retry_wait": -1},
        {"max_retry_wait": float("nan")},
        {"max_retry_wait": timedelta(seconds=1)},
        {"retry_budget": "much"},
        {"pacing": "eager"},
        {"limits": "gold"},
        {"limits": []},
        {"limits": Limit(1, 1)},
        {"limits": [3]},
        {"limits": [Limit(0, 1)]},
        {"limits": [Limit(1, 0)]},
        {"limits": [Limit(1, float("nan"))]},
        {"limits": [Limit(1, timedelta(seconds=1))]},  # type: ignore[arg-type]
        {"limits": [Limit(1, 1, "massages")]},
    ],
)
def test_an_option_that_cannot_be_is_a_config_error_that_names_it(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        Linktor("k", **options)


def test_a_family_that_publishes_no_limits_is_proactive_only_with_ones_own(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigError, match="limits"):
        sandbox.client("linkit", pacing="proactive")
    sandbox.client("linkit", pacing="proactive", limits=[Limit(1, 1)])


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"max_retries": -1}, ConfigError),
        ({"max_retries": 2**40}, ConfigError),
        ({"max_retries": "3"}, TypeError),
        ({"max_retries": 1.5}, TypeError),
        ({"max_retry_wait": -1}, ConfigError),
        ({"max_retry_wait": float("inf")}, ConfigError),
        ({"max_retry_wait": timedelta(seconds=1)}, TypeError),
        ({"idempotent": "yes"}, TypeError),
        ({"idempotency_key": 3}, TypeError),
    ],
)
def test_a_keyword_that_cannot_be_is_refused_by_its_name(
    sandbox: Sandbox, keywords: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=next(iter(keywords))):
        sandbox.client().get("/me", **keywords)
    assert sandbox.journal() == []
