from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any

import pytest

from linktor import ConfigError, InvalidRequestError, Limit, Linktor, RateLimit, RateLimitError, ServerError
from linktor.testing import Answer
from sandbox import Sandbox

SOON: Answer = {"status": 503, "headers": {"Retry-After-Ms": "200"}}


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
        assert error.status_code == (429 if attempts else None)
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
    assert [entry.headers["idempotency-key"] for entry in sandbox.journal()] == ["key-1"] * 2


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
        {"max_retries": -(10**400)},
        {"max_retry_wait": -1},
        {"max_retry_wait": float("nan")},
        {"max_retry_wait": float("inf")},
        {"max_retry_wait": 10**400},
        {"max_retry_wait": True},
        {"max_retry_wait": timedelta(seconds=1)},
        {"retry_budget": "much"},
        {"pacing": "eager"},
        {"limits": "gold"},
        {"limits": []},
        {"limits": [Limit(0, 1)]},
        {"limits": [Limit(1, 0)]},
        {"limits": [Limit(1, timedelta(seconds=1))]},  # type: ignore[arg-type]
        {"limits": [Limit(1, 1, "massages")]},
    ],
)
def test_an_option_that_cannot_be_is_a_config_error_that_names_it(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        Linktor("k", **options)


@pytest.mark.parametrize("limits", [Limit(1, 1), {Limit(1, 1)}, iter([Limit(1, 1)]), [(1, 1)], [3], b"paid", True])
def test_what_are_no_limits_is_told_what_limits_are(limits: Any) -> None:
    with pytest.raises(ConfigError, match=r"limits must be a tier's name, or a list of Limit$"):
        Linktor("k", limits=limits)


@pytest.mark.parametrize("limit", [Limit(1, float("nan")), Limit(1, float("inf")), Limit(1, 10**400), Limit(True, 1)])
def test_a_limit_that_cannot_be_is_told_what_can(limit: Limit) -> None:
    with pytest.raises(ConfigError, match=r"limits must be .* \(a whole number, at least 1\), .* at most a year"):
        Linktor("k", limits=[limit])


@pytest.mark.parametrize("count", [2**40, 2**63, 10**400, float("inf")])
def test_more_retries_than_can_be_counted_are_as_many_as_can_be(sandbox: Sandbox, count: Any) -> None:
    sandbox.script({"json": {}}, {"json": {}})
    assert sandbox.client(max_retries=count, retry_budget=count).get("/me").attempts == 1
    assert sandbox.client().get("/me", max_retries=count).attempts == 1


def test_a_family_that_publishes_no_limits_is_proactive_only_with_ones_own(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigError, match="limits"):
        sandbox.client("linkit", pacing="proactive")
    sandbox.client("linkit", pacing="proactive", limits=[Limit(1, 1)])


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"max_retries": -1}, ConfigError),
        ({"max_retries": -(10**400)}, ConfigError),
        ({"max_retries": 1.5}, ConfigError),
        ({"max_retries": float("nan")}, ConfigError),
        ({"max_retries": "3"}, ConfigError),
        ({"max_retries": True}, ConfigError),
        ({"max_retry_wait": -1}, ConfigError),
        ({"max_retry_wait": float("inf")}, ConfigError),
        ({"max_retry_wait": 10**400}, ConfigError),
        ({"max_retry_wait": timedelta(seconds=1)}, ConfigError),
        ({"timeout": True}, ConfigError),
        ({"deadline": "soon"}, ConfigError),
        ({"headers": 3}, ConfigError),
        ({"headers": {"X-Team": 3}}, ConfigError),
        ({"organization_id": 3}, ConfigError),
        ({"request_id": "\ud800"}, ConfigError),
        ({"content_type": 3}, ConfigError),
        ({"idempotent": 1}, ConfigError),
        ({"idempotency_key": 5}, ConfigError),
        ({"params": {3: "a"}}, InvalidRequestError),
        ({"params": {"q": "\ud800"}}, InvalidRequestError),
        ({"path_params": {3: "a"}}, InvalidRequestError),
        ({"pacing": "off"}, TypeError),
    ],
)
def test_a_keyword_that_cannot_be_is_refused_by_its_name(
    sandbox: Sandbox, keywords: dict[str, Any], error: type[Exception]
) -> None:
    name = next(iter(keywords))
    with pytest.raises(error, match=rf": {name}\b"):
        sandbox.client().get("/me", **keywords)
    with pytest.raises(error, match=name):
        asyncio.run(sandbox.async_client().get("/me", **keywords))
    assert sandbox.journal() == []
