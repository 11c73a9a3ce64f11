"""What a forked child takes along: the session as it was, and nothing that its parent still uses."""

from __future__ import annotations

import pytest

from linktor.testing import Answer
from process import run
from sandbox import Sandbox

CHILD = """
import traceback
def in_child(work):
    child = os.fork()
    if child == 0:
        try:
            print(work(), flush=True)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def paths(sandbox: Sandbox) -> list[str]:
    return [entry.path.rsplit("/", 1)[1] for entry in sandbox.journal()]


@pytest.mark.parametrize("handle", ["root", "root.with_organization('org_1')"], ids=["root", "organization"])
def test_a_child_goes_on_with_the_session(sandbox: Sandbox, handle: str) -> None:
    known = sandbox.credentials["linktor"]
    code = f"""
root = Linktor(email={known["email"]!r}, password={known["password"]!r}, base_url=BASE)
client = {handle}
client.get('/me')
in_child(lambda: (client.get('/me').status_code, client.auth.session().expires_in > 60))
print(client.get('/me').status_code)
"""
    assert run(sandbox, CHILD + code).splitlines() == ["(200, True)", "200"]
    assert paths(sandbox) == ["login", "me", "me", "me"]


def test_a_handle_with_credentials_goes_on_with_its_session(sandbox: Sandbox) -> None:
    known = sandbox.credentials["linktor"]
    code = f"""
root = Linktor(**options)
client = root.with_credentials(email={known["email"]!r}, password={known["password"]!r})
client.get('/me')
in_child(lambda: client.get('/me').status_code)
"""
    assert run(sandbox, CHILD + code) == "200"
    assert paths(sandbox) == ["login", "me", "me"]


def test_forks_in_a_storm_of_calls_and_new_clients_never_hang(sandbox: Sandbox) -> None:
    """Python 3.11 itself hangs if a thread ends in the instant of a fork, so that no token source is asked here."""
    code = """
client = Linktor(**options)
stop = threading.Event()
def spin(work):
    while not stop.is_set(): work()
work = [lambda: client.get('/me'), lambda: client.get('/me'), lambda: Linktor(**options)]
threads = [threading.Thread(target=spin, args=(one,)) for one in work]
for thread in threads: thread.start()
for _ in range(25):
    in_child(lambda: (client.get('/me').status_code, Linktor(**options).get('/me').status_code))
stop.set()
for thread in threads: thread.join()
"""
    assert run(sandbox, CHILD + code, 60).splitlines() == ["(200, 200)"] * 25


def test_an_event_loop_does_not_go_along(sandbox: Sandbox) -> None:
    code = """
client = AsyncLinktor(**options)
loop = asyncio.new_event_loop()
print(loop.run_until_complete(client.get('/me')).status_code, flush=True)
def old():
    try: loop.run_until_complete(client.get('/me'))
    except RuntimeError as error: return error
in_child(old)
in_child(lambda: asyncio.run(client.get('/me')).status_code)
print(loop.run_until_complete(client.get('/me')).status_code)
loop.close()
"""
    said = "this event loop is the parent process's, which a fork cannot share: make a new one"
    assert run(sandbox, CHILD + code).splitlines() == ["200", said, "200", "200"]


def test_a_handler_that_forks_ends_the_childs_call(sandbox: Sandbox) -> None:
    sandbox.script({"delay_ms": 1500, "json": {}})
    code = """
import signal
def fork(*_):
    if os.fork() == 0: signal.alarm(0)
signal.signal(signal.SIGALRM, fork)
parent = os.getpid()
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    print(Linktor(**options).get('/me').status_code, flush=True)
except ClientClosedError as error:
    print(os.getpid() != parent, error.message, flush=True)
    os._exit(0)
os.wait()
"""
    out = run(sandbox, code).splitlines()
    assert sorted(out) == ["200", "True the process was forked during the call"]


def test_a_store_and_a_transport_work_on_both_sides(sandbox: Sandbox) -> None:
    known = sandbox.credentials["linktor"]
    code = f"""
import http.client, urllib.parse
class Store(dict):
    def load(self, key): return self.get(key)
    def save(self, key, record): self[key] = record
def send(request):
    url = urllib.parse.urlsplit(request.url)
    connection = http.client.HTTPConnection(url.netloc)
    connection.request(request.method, url.path, request.content or None, dict(request.headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return TransportResponse(answer.status, answer.getheaders(), content)
own = {{"token_store": Store(), "transport": send}}
client = Linktor(email={known["email"]!r}, password={known["password"]!r}, base_url=BASE, **own)
client.get('/me')
in_child(lambda: client.get('/me').status_code)
print(client.get('/me').status_code)
"""
    code = "import logging; logging.getLogger('linktor').disabled = True\n" + code
    assert run(sandbox, CHILD + code).splitlines() == ["200", "200"]


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
    for name in names:
        sandbox.script({"json": {"data": name}, "match": {"path": f"/api/v1/things/{name}"}})
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
    asked = [entry.path for entry in sandbox.journal()]
    assert sorted(asked) == sorted(f"/api/v1/things/{name}" for name in names)


BESIDE = """
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
SIDES: list[Answer] = [
    {"json": {"data": "parent"}, "match": {"path": "/api/v1/things/parent"}},
    {"json": {"data": "child"}, "match": {"path": "/api/v1/things/child"}},
]


def test_a_fork_during_another_thread_s_call(sandbox: Sandbox) -> None:
    slow: Answer = {**SIDES[0], "delay_ms": 1_000}
    sandbox.script(slow, SIDES[1])
    assert run(sandbox, "client = Linktor(**options)" + BESIDE, 20).split() == ["child", "0", "parent"]
    assert [entry.aborted for entry in sandbox.journal()] == [False, False]


def test_a_fork_during_another_thread_s_wait_for_a_retry(sandbox: Sandbox) -> None:
    busy: Answer = {"status": 503, "headers": {"Retry-After": "1"}, "match": {"path": "/api/v1/things/parent"}}
    sandbox.script(busy, *SIDES)
    assert run(sandbox, "client = Linktor(**options)" + BESIDE, 20).split() == ["child", "0", "parent"]
    assert len(sandbox.journal()) == 3


def test_a_fork_during_another_thread_s_login(sandbox: Sandbox) -> None:
    login: Answer = {"pass": True, "delay_ms": 700, "match": {"path": "/api/v1/auth/login"}}
    sandbox.script(login, *SIDES)
    given = sandbox.credentials["linktor"]
    code = f"client = Linktor(email={given['email']!r}, password={given['password']!r}, base_url=BASE)"
    assert run(sandbox, code + BESIDE, 20).split() == ["child", "0", "parent"]
    paths = [entry.path.rpartition("/")[2] for entry in sandbox.journal()]
    assert paths == ["login", "login", "child", "parent"]


def test_a_fork_during_another_thread_s_question_to_its_source(sandbox: Sandbox) -> None:
    sandbox.script(*SIDES)
    code = """
def source():
    time.sleep(0.5)
    return KEY

client = Linktor(token_source=source, base_url=BASE)
"""
    assert run(sandbox, code + BESIDE, 20).split() == ["child", "0", "parent"]


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
