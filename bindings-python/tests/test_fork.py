"""What a forked child takes along: the session as it was, and nothing that its parent still uses."""

from __future__ import annotations

import pytest

from sandbox import Sandbox
from process import run

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


def test_a_fork_in_the_middle_of_a_renewal_leaves_it_to_the_parent(sandbox: Sandbox) -> None:
    known = sandbox.credentials["linktor"]
    sandbox.script({"delay_ms": 600, "match": {"path": "/api/v1/auth/login"}, "pass": True})
    code = f"""
client = Linktor(email={known["email"]!r}, password={known["password"]!r}, base_url=BASE)
mine = []
thread = threading.Thread(target=lambda: mine.append(client.get('/me').status_code))
thread.start()
time.sleep(0.3)
in_child(lambda: client.get('/me').status_code)
thread.join()
print(mine)
"""
    assert run(sandbox, CHILD + code, 20).splitlines() == ["200", "[200]"]


def test_forks_in_a_storm_of_calls_never_hang(sandbox: Sandbox) -> None:
    code = """
source = Linktor(token_source=lambda: (KEY, 0.05), base_url=BASE)
client = Linktor(**options)
stop = threading.Event()
def spin(client):
    while not stop.is_set():
        client.get('/me')
threads = [threading.Thread(target=spin, args=(one,)) for one in (source, client, client)]
for thread in threads: thread.start()
for _ in range(25):
    in_child(lambda: (source.get('/me').status_code, client.get('/me').status_code))
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
