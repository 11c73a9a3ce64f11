from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from linktor import (
    AsyncPaginator,
    CallbackError,
    ConfigError,
    Page,
    Paginator,
    PermissionDeniedError,
)
from linktor.testing import Answer
from sandbox import Sandbox

SLOW: Answer = {"delay_ms": 10_000, "json": {}}


def pages(sandbox: Sandbox, *lists: list[dict[str, Any]], last: bool = True) -> None:
    for number, items in enumerate(lists, 1):
        about = {"page": number, "page_size": 2, "has_next": number < len(lists) or not last}
        sandbox.script({"json": {"success": True, "data": items, "meta": about}})


def asked(sandbox: Sandbox) -> list[str | None]:
    return [entry.query for entry in sandbox.journal()]


A, B, C = {"id": "a"}, {"id": "b"}, {"id": "c"}


def test_a_page_is_asked_for_when_it_is_needed(sandbox: Sandbox) -> None:
    pages(sandbox, [A, B], [C])
    paginator = sandbox.client().paginate("/contacts")
    items = iter(paginator)
    assert asked(sandbox) == []
    assert [next(items), next(items)] == [A, B]
    assert len(asked(sandbox)) == 1
    assert list(items) == [C]
    assert len(asked(sandbox)) == 2


def test_an_async_page_is_asked_for_when_it_is_needed(sandbox: Sandbox) -> None:
    pages(sandbox, [A, B], [C])

    async def run() -> None:
        async with sandbox.async_client() as client:
            items: list[Any] = []
            async for item in client.paginate("/contacts"):
                items.append(item)
                assert len(asked(sandbox)) == (1 if len(items) < 3 else 2)
            assert items == [A, B, C]

    asyncio.run(run())


def test_who_stops_sends_nothing_more(sandbox: Sandbox) -> None:
    pages(sandbox, [A, B], [C])

    async def run() -> None:
        async for item in sandbox.async_client().paginate("/contacts"):
            assert item == A
            break

    asyncio.run(run())
    assert len(asked(sandbox)) == 1


def test_pages_are_there_too(sandbox: Sandbox) -> None:
    pages(sandbox, [A, B], [C])
    first, last = sandbox.client().paginate("/contacts").pages()
    assert isinstance(first, Page)
    assert (first.items, last.items, last.next) == ([A, B], [C], None)
    assert first.next == 2
    assert first.response.status_code == 200
    assert repr(first) == "<Page of 2 items, next=2>"

    async def run() -> list[int]:
        paginator = sandbox.async_client().paginate("/contacts")
        return [len(page.items) async for page in paginator.pages()]

    pages(sandbox, [A, B], [C])
    assert asyncio.run(run()) == [2, 1]


def test_each_iteration_begins_anew(sandbox: Sandbox) -> None:
    pages(sandbox, [A, B], [C])
    pages(sandbox, [A], [])
    paginator = sandbox.client().paginate("/contacts", params=((name, value) for name, value in [("limit", 2)]))  # type: ignore[arg-type]
    assert [list(paginator), next(iter(paginator))] == [[A, B, C], A]
    queries = asked(sandbox)
    assert queries[0] == queries[2]


def test_a_paginator_says_how_it_is_read(sandbox: Sandbox) -> None:
    assert repr(sandbox.client().paginate("/contacts")) == "<Paginator: iterate over it, or over its pages(), with for>"
    said = "<AsyncPaginator: iterate over it, or over its pages(), with async for>"
    assert repr(sandbox.async_client().paginate("/contacts")) == said
    assert asked(sandbox) == []


def test_a_list_of_nothing_is_empty(sandbox: Sandbox) -> None:
    sandbox.script({"json": {"success": True, "data": None}}, {"status": 204})
    client = sandbox.client()
    assert [list(client.paginate("/contacts")), list(client.paginate("/contacts"))] == [[], []]


def test_an_error_ends_the_iteration(sandbox: Sandbox) -> None:
    pages(sandbox, [A, B], last=False)
    sandbox.script({"status": 403, "json": {}})
    items = iter(sandbox.client().paginate("/contacts"))
    assert [next(items), next(items)] == [A, B]
    with pytest.raises(PermissionDeniedError):
        next(items)
    assert list(items) == []


def test_options_are_those_of_a_list(sandbox: Sandbox) -> None:
    for client in (sandbox.client(), sandbox.async_client()):
        with pytest.raises(TypeError, match="json"):
            client.paginate("/contacts", json={})  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="idempotency_key"):
            client.paginate("/contacts", idempotency_key="k")  # type: ignore[call-arg]
    sandbox.script({"status": 503, "headers": {"Retry-After-Ms": "1"}})
    pages(sandbox, [A])
    paginator = sandbox.client().paginate(
        "/things/{id}",
        path_params={"id": 1},
        headers={"X-Team": "core"},
        organization_id="org_1",
        timeout=5,
        deadline=9,
        max_retries=1,
        max_retry_wait=1,
        idempotent=True,
    )
    assert list(paginator) == [A]
    _, entry = sandbox.journal()
    assert entry.path.endswith("/things/1")
    assert entry.headers["x-team"] == "core"


def test_cancelling_in_the_middle_ends_the_call(sandbox: Sandbox) -> None:
    pages(sandbox, [A, B], last=False)
    sandbox.script(SLOW)
    seen: list[Any] = []

    async def run() -> float:
        async def read() -> None:
            async for item in client.paginate("/contacts"):
                seen.append(item)

        client = sandbox.async_client()
        task = asyncio.create_task(read())
        await asyncio.to_thread(sandbox.wait_for_arrival, 2)
        started = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        elapsed = time.perf_counter() - started
        await asyncio.to_thread(sandbox.wait_for_abort)
        return elapsed

    assert asyncio.run(run()) < 0.05
    assert seen == [A, B]
    assert [entry.aborted for entry in sandbox.journal()] == [False, True]


def test_a_source_that_reads_a_list_of_its_own_client_is_refused(sandbox: Sandbox) -> None:
    async def read() -> str:
        return str([item async for item in async_items])

    client = sandbox.client(token_source=lambda: str(list(items)))
    async_client = sandbox.async_client(token_source=read)
    items: Paginator[Any] = client.paginate("/contacts")
    async_items: AsyncPaginator[Any] = async_client.paginate("/contacts")
    calls: list[Callable[[], object]] = [lambda: client.get("/me"), lambda: asyncio.run(async_client.get("/me"))]
    for call in calls:
        with pytest.raises(CallbackError) as raised:
            call()
        assert isinstance(raised.value.__cause__, ConfigError)
