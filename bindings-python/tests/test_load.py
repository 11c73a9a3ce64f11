"""Many calls at once: right answers to right callers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from linktor import LinktorError, NotFoundError
from linktor.testing import Answer
from sandbox import Sandbox


def echoes(sandbox: Sandbox, count: int) -> None:
    sandbox.script(
        *(Answer(json={"data": n}, delay_ms=(n * 7) % 50, match={"path": f"/api/v1/things/{n}"}) for n in range(count))
    )


def test_three_hundred_tasks_get_their_own_answers(sandbox: Sandbox) -> None:
    echoes(sandbox, 300)

    async def run() -> list[int]:
        async with sandbox.async_client() as client:
            calls = [client.get("/things/{n}", path_params={"n": n}) for n in range(300)]
            return [response.data() for response in await asyncio.gather(*calls)]

    assert asyncio.run(run()) == list(range(300))


def test_two_hundred_threads_get_their_own_answers(sandbox: Sandbox) -> None:
    echoes(sandbox, 300)
    client = sandbox.client()

    def ask(n: int) -> tuple[int, str]:
        response = client.get(f"/things/{n}", request_id=f"req-{n}")
        return response.data(), response.request_id

    with ThreadPoolExecutor(200) as pool:
        assert list(pool.map(ask, range(300))) == [(n, f"req-{n}") for n in range(300)]


def test_loops_in_several_threads_share_a_client(sandbox: Sandbox) -> None:
    client = sandbox.async_client()

    async def run() -> set[int]:
        return {response.status_code for response in await asyncio.gather(*(client.get("/me") for _ in range(50)))}

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: asyncio.run(run()), range(16))) == [{200}] * 16


def test_answers_and_failures_are_not_mixed(sandbox: Sandbox) -> None:
    sandbox.script(*(Answer(status=404, match={"path": f"/api/v1/things/{n}"}) for n in range(0, 200, 2)))
    sandbox.script(*(Answer(json={"data": n}, match={"path": f"/api/v1/things/{n}"}) for n in range(1, 200, 2)))

    async def run() -> list[object]:
        client = sandbox.async_client()
        calls = (client.get(f"/things/{n}") for n in range(200))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    for number, outcome in enumerate(asyncio.run(run())):
        if number % 2 == 0:
            assert isinstance(outcome, NotFoundError)
            assert str(outcome.path).endswith(f"/{number}")
        else:
            assert not isinstance(outcome, LinktorError)
