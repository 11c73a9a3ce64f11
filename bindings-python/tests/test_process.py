"""What a whole process does: it ends by itself, hears Ctrl-C, forks, imports without a thread."""

from __future__ import annotations

import signal
import subprocess
import sys
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


def test_a_fork_leaves_a_closed_gate_and_its_queue_behind(sandbox: Sandbox) -> None:
    sandbox.script({"status": 429, "headers": {"Retry-After": "3600", "X-RateLimit-Limit": "60"}})
    code = """
client = Linktor(**options)
try: client.get('/me', max_retries=0)
except RateLimitError: pass
wait = lambda: client.get('/me', max_retry_wait=7200)
threading.Thread(target=wait, daemon=True).start()
time.sleep(0.2)
print(client.rate_limit('other').limit, flush=True)
child = os.fork()
if child == 0:
    print(client.rate_limit(), client.get('/me', max_retries=0).status_code, flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(sandbox, code, 20).splitlines() == ["60", "None 200", "0"]


def test_a_client_works_on_both_sides_of_a_fork(sandbox: Sandbox) -> None:
    code = """
def check(client, source):
    fresh = asyncio.run(AsyncLinktor(**options).get('/me'))
    return client.get('/me').status_code, source.get('/me').status_code, fresh.status_code

client = Linktor(**options)
source = Linktor(token_source=lambda: KEY, base_url=BASE)
mine = AsyncLinktor(**options)
print(check(client, source), asyncio.run(mine.get('/me')).status_code, flush=True)
child = os.fork()
if child == 0:
    print(check(client, source), asyncio.run(mine.get('/me')).status_code, flush=True)
    sys.exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), check(client, source))
closed = Linktor(**options)
closed.close()
child = os.fork()
if child == 0:
    try: closed.get('/me')
    except ClientClosedError: os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    fine = "(200, 200, 200)"
    assert run(sandbox, code, 20).splitlines() == [f"{fine} 200", f"{fine} 200", f"0 {fine}", "7"]


def test_a_handle_works_on_both_sides_of_a_fork(sandbox: Sandbox) -> None:
    code = """
def check():
    return [client.get('/me').status_code for client in (root, shared, own)]

root = Linktor(**options)
shared = root.with_organization('org_1')
own = root.with_credentials(token_source=lambda: KEY).with_organization('org_2')
print(check(), flush=True)
child = os.fork()
if child == 0:
    print(check(), flush=True)
    root.close()
    try: own.get('/me')
    except ClientClosedError: os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), check())
"""
    fine = "[200, 200, 200]"
    assert run(sandbox, code, 20).splitlines() == [fine, fine, f"7 {fine}"]


def test_webhooks_work_on_both_sides_of_a_fork(sandbox: Sandbox) -> None:
    code = """
headers = webhooks.sign('linktor', '{"id": "evt_1"}', 'invented-secret')
verifier, seen = webhooks.Verifier('linktor', 'invented-secret'), webhooks.Deduplicator()
seen.commit('evt_1')
child = os.fork()
if child == 0:
    print(verifier.verify('{"id": "evt_1"}', headers).id, seen.begin('evt_1'), seen.begin('evt_2'), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(verifier.verify('{"id": "evt_1"}', headers).id, seen.begin('evt_1'), seen.begin('evt_2'))
"""
    assert run(sandbox, code).splitlines() == ["evt_1 done new"] * 2


ASKING = """
client, mine = Linktor(**options), AsyncLinktor(**options)

def ask(caller):
    names = [f"{caller}-{number}" for number in range(50)]
    return [client.get(f"/things/{name}").data() for name in names] == names

async def gather(caller):
    names = [f"{caller}-{number}" for number in range(50)]
    return [answer.data() for answer in await asyncio.gather(*(mine.get(f"/things/{name}") for name in names))] == names

def ask_async(caller):
    return asyncio.run(gather(caller))
"""


@pytest.mark.parametrize("ask", ["ask", "ask_async"])
def test_no_process_gets_the_answer_of_another(sandbox: Sandbox, ask: str) -> None:
    callers = ["before", "parent", *(f"child{number}" for number in range(4))]
    names = [f"{caller}-{number}" for caller in callers for number in range(50)]
    sandbox.script(*({"json": {"data": name}, "match": {"path": f"/api/v1/things/{name}"}} for name in names))
    code = f"""
print({ask}("before"))
children = []
for number in range(4):
    if (child := os.fork()) == 0:
        os._exit(0 if {ask}(f"child{{number}}") else 1)
    children.append(child)
print({ask}("parent"), [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""
    assert run(sandbox, ASKING + code, 30).splitlines() == ["True", "True [0, 0, 0, 0]"]
    asked = [entry["path"] for entry in sandbox.journal()]
    assert sorted(asked) == sorted(f"/api/v1/things/{name}" for name in names)


CHILD = """
results = []
thread = threading.Thread(target=lambda: results.append(client.get("/things/parent").data()))
thread.start()
time.sleep(0.2)
child = os.fork()
if child == 0:
    print(client.get("/things/child").data(), flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
thread.join()
print(*results)
"""
SIDES = [{"json": {"data": side}, "match": {"path": f"/api/v1/things/{side}"}} for side in ("parent", "child")]


def test_a_fork_during_another_thread_s_call(sandbox: Sandbox) -> None:
    sandbox.script({**SIDES[0], "delay_ms": 1_000}, SIDES[1])
    assert run(sandbox, "client = Linktor(**options)" + CHILD, 20).split() == ["child", "0", "parent"]
    assert [entry["aborted"] for entry in sandbox.journal()] == [False, False]


def test_a_fork_during_another_thread_s_wait_for_a_retry(sandbox: Sandbox) -> None:
    busy = {"status": 503, "headers": {"Retry-After": "1"}, "match": {"path": "/api/v1/things/parent"}}
    sandbox.script(busy, *SIDES)
    assert run(sandbox, "client = Linktor(**options)" + CHILD, 20).split() == ["child", "0", "parent"]
    assert len(sandbox.journal()) == 3


def test_a_fork_during_another_thread_s_login(sandbox: Sandbox) -> None:
    login = {"pass": True, "delay_ms": 700, "match": {"path": "/api/v1/auth/login"}}
    sandbox.script(login, *SIDES)
    given = sandbox.credentials["linktor"]
    code = f"client = Linktor(email={given['email']!r}, password={given['password']!r}, base_url=BASE)"
    assert run(sandbox, code + CHILD, 20).split() == ["child", "0", "parent"]
    paths = [entry["path"].rpartition("/")[2] for entry in sandbox.journal()]
    assert paths == ["login", "login", "child", "parent"]


def test_a_fork_during_another_thread_s_question_to_its_source(sandbox: Sandbox) -> None:
    sandbox.script(*SIDES)
    code = """
def source():
    time.sleep(0.5)
    return KEY

client = Linktor(token_source=source, base_url=BASE)
"""
    assert run(sandbox, code + CHILD, 20).split() == ["child", "0", "parent"]


def test_forks_in_the_midst_of_many_calls(sandbox: Sandbox) -> None:
    code = """
client = Linktor(**options)
is_over = threading.Event()

def spin():
    while not is_over.is_set():
        client.get("/me")

threads = [threading.Thread(target=spin) for _ in range(4)]
for thread in threads: thread.start()
for _ in range(20):
    if (child := os.fork()) == 0:
        os._exit(0 if client.get("/me").status_code == 200 else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
is_over.set()
for thread in threads: thread.join()
"""
    assert run(sandbox, code, 60).split() == ["0"] * 20


def test_a_pool_of_forked_workers_works(sandbox: Sandbox) -> None:
    code = """
import multiprocessing
client = Linktor(**options)
client.get('/me')
def work(_): return client.get('/me').status_code
with multiprocessing.get_context('fork').Pool(4) as pool:
    print(set(pool.map(work, range(40))))
"""
    assert run(sandbox, code, 20) == "{200}"


from linktor.testing import Answer
from process import run, script
from sandbox import Sandbox

SLOW: Answer = {"delay_ms": 10_000, "json": {}}
