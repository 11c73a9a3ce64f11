"""What a whole process does: it ends by itself, hears Ctrl-C, forks, imports without a thread."""

from __future__ import annotations

import signal
import time

import pytest

from linktor.testing import Answer
from process import run, script
from sandbox import Sandbox

SLOW: Answer = {"delay_ms": 10_000, "json": {}}


@pytest.mark.parametrize(
    "code",
    [
        "print(Linktor(**options).get('/me').status_code)",
        "client = Linktor(**options); print(client.get('/me').status_code)",
        "client = AsyncLinktor(**options); print(asyncio.run(client.get('/me')).status_code)",
        "async def main():\n  async with AsyncLinktor(**options) as c: print((await c.get('/me')).status_code)\n"
        "asyncio.run(main())",
    ],
)
def test_a_script_ends_after_its_last_call(sandbox: Sandbox, code: str) -> None:
    assert run(sandbox, code) == "200"


@pytest.mark.parametrize(
    "code",
    [
        "threading.Thread(target=Linktor(**options).get, args=('/me',), daemon=True).start(); time.sleep(0.3)",
        "async def main():\n"
        "  task = asyncio.create_task(AsyncLinktor(**options).get('/me')); await asyncio.sleep(0.3)\n"
        "asyncio.run(main())",
        # The loop is never closed, and its task never cancelled.
        "client = AsyncLinktor(**options)\nloop = asyncio.new_event_loop()\ncall = client.get('/me')\n"
        "try: loop.run_until_complete(asyncio.wait_for(call, 0.3))\nexcept asyncio.TimeoutError: pass\n"
        "loop.close()",
        "async def main():\n"
        "  task = asyncio.create_task(AsyncLinktor(**options).get('/me')); await asyncio.sleep(0.3); os._exit(0)\n"
        "asyncio.run(main())",
    ],
    ids=["daemon_thread", "pending_task", "closed_loop", "hard_exit"],
)
def test_a_script_ends_with_a_call_in_flight(sandbox: Sandbox, code: str) -> None:
    sandbox.script(SLOW)
    started = time.monotonic()
    run(sandbox, code)
    assert time.monotonic() - started < 5
    assert sandbox.wait_for_abort()[-1].aborted


@pytest.mark.parametrize("_again", range(3))
def test_an_exit_races_with_transports_of_threads(sandbox: Sandbox, _again: int) -> None:
    run(
        sandbox,
        "def send(request):\n  time.sleep(0.001)\n  return TransportResponse(200)\n"
        "client = Linktor('k', transport=send)\n"
        "def spin():\n  while True: client.get('/me')\n"
        "for _ in range(4): threading.Thread(target=spin, daemon=True).start()\n"
        "time.sleep(0.3)",
    )


@pytest.mark.parametrize("wait", ["time.sleep(20)", "Linktor(**options).get('/me')"], ids=["sleep", "call"])
def test_a_script_ends_while_its_source_is_asked(sandbox: Sandbox, wait: str) -> None:
    sandbox.script(SLOW)
    run(
        sandbox,
        f"def source():\n  {wait}\n  return 't'\n"
        "client = Linktor(token_source=source, base_url=BASE)\n"
        "threading.Thread(target=client.get, args=('/me',), daemon=True).start()\ntime.sleep(0.3)",
    )


@pytest.mark.parametrize("_again", range(6))
def test_an_exit_races_with_questions(sandbox: Sandbox, _again: int) -> None:
    run(
        sandbox,
        "client = Linktor(token_source=lambda: (KEY, 0.001), base_url=BASE)\n"
        "def spin():\n  while True:\n    try: client.get('/me', timeout=1)\n    except LinktorError: pass\n"
        "for _ in range(8): threading.Thread(target=spin, daemon=True).start()\n"
        "time.sleep(0.5)",
    )


def ends_by_ctrl_c(sandbox: Sandbox, call: str) -> None:
    code = f"""
try:
    {call}
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
"""
    with script(sandbox, code) as process:
        sandbox.wait_for_arrival()
        time.sleep(0.2)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
    assert (process.returncode, err) == (0, "")
    assert float(out) - sent < 0.1


@pytest.mark.parametrize(
    "call",
    [
        "Linktor(**options).get('/me')",
        "asyncio.run(AsyncLinktor(**options).get('/me'))",
        "Linktor(email='ada@example.com', password='invented', base_url=BASE).auth.login()",
        "list(Linktor(**options).paginate('/contacts'))",
    ],
    ids=["sync", "async", "login", "pages"],
)
def test_ctrl_c_ends_a_call(sandbox: Sandbox, call: str) -> None:
    sandbox.script(SLOW)
    ends_by_ctrl_c(sandbox, call)
    assert [entry.aborted for entry in sandbox.wait_for_abort()] == [True]


@pytest.mark.parametrize(
    "call",
    [
        "Linktor(**options).get('/me', max_retry_wait=7200)",
        "asyncio.run(AsyncLinktor(**options).get('/me', max_retry_wait=7200))",
    ],
    ids=["sync", "async"],
)
@pytest.mark.parametrize("status", [503, 429], ids=["hint", "gate"])
def test_ctrl_c_ends_a_wait(sandbox: Sandbox, call: str, status: int) -> None:
    sandbox.script({"status": status, "headers": {"Retry-After": "3600"}})
    ends_by_ctrl_c(sandbox, call)
    assert len(sandbox.journal()) == 1
