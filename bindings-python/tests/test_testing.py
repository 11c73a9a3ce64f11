"""`linktor.testing` as its users have it: the sandbox, its fixture, and what is said when it does not start."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, get_args

import pytest

import linktor
from linktor import APIClient, AsyncLibromiConnect, AuthenticationError, Linktor, RateLimitError
from linktor.testing import Answer, Family, Sandbox, SandboxError, WebhookFamily, _process
from linktor.webhooks import verify_signature

FAMILIES: tuple[Family, ...] = get_args(Family)
WEBHOOK_FAMILIES: tuple[WebhookFamily, ...] = get_args(WebhookFamily)
OPEN: dict[Family, str] = {"linktor": "/me", "linkit": "/products", "libromi": "/contacts", "api_v2": "/users"}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_client_of_each_family_is_ready(linktor_sandbox: Sandbox, family: Family) -> None:
    with linktor_sandbox.client(family) as client:
        assert client.get(OPEN.get(family, "/users")).status_code == 200
    status = asyncio.run(linktor_sandbox.async_client(family).get(OPEN.get(family, "/users"))).status_code
    assert (status, [entry.family for entry in linktor_sandbox.journal()]) == (200, [family] * 2)


def test_options_are_for_presets_too(linktor_sandbox: Sandbox) -> None:
    assert APIClient(**linktor_sandbox.options("api_v2", max_retries=0)).auth.test().valid
    assert AsyncLibromiConnect(**linktor_sandbox.options("libromi"))
    assert "auth_url" not in linktor_sandbox.options()


def test_another_credential_takes_the_place_of_the_key(linktor_sandbox: Sandbox) -> None:
    known = linktor_sandbox.credentials["linktor"]
    assert linktor_sandbox.client(email=known["email"], password=known["password"]).get("/me").status_code == 200
    with pytest.raises(AuthenticationError):
        linktor_sandbox.client(access_token=known["expired_token"]).get("/me")
    with pytest.raises(AuthenticationError):
        linktor_sandbox.client(api_key="invented").get("/me")


def test_a_script_is_answered_and_then_the_route_again(linktor_sandbox: Sandbox) -> None:
    linktor_sandbox.script({"status": 503, "headers": {"Retry-After-Ms": "1", "X-Twice": ["a", "b"]}}, {"reset": True})
    linktor_sandbox.script({"pass": True, "delay_ms": 1, "match": {"method": "GET", "path": "/api/v1/me"}})
    assert linktor_sandbox.client().get("/me").attempts == 3
    assert [entry.status for entry in linktor_sandbox.journal()] == [503, None, 200]


def test_an_entry_has_what_was_sent_and_shows_no_secret(linktor_sandbox: Sandbox) -> None:
    linktor_sandbox.script(Answer(json={}), Answer(json={}))
    client = linktor_sandbox.client()
    client.post("/contacts", json={"name": "Ada"}, params={"a": "invented"}, headers={"X-Team": "core"})
    client.post("/contacts", content=b"\xff", content_type="application/octet-stream")
    entry, binary = linktor_sandbox.journal()
    assert (entry.family, entry.method, entry.path) == ("linktor", "POST", "/api/v1/contacts")
    assert (entry.query, entry.headers["x-team"], entry.json()) == ("a=invented", "core", {"name": "Ada"})
    assert (entry.status, entry.aborted) == (200, False)
    assert (binary.body, binary.text) == (b"\xff", "\ufffd")
    assert not [word for word in ("lk_sandbox", "Ada", "invented") if word in repr(entry)]


def test_what_is_refused_says_why(linktor_sandbox: Sandbox) -> None:
    unknown: Any = "nowhere"
    with pytest.raises(SandboxError, match=r"script: answers\[1\]: .*status"):
        linktor_sandbox.script({"status": 500}, {"status": 7})
    assert linktor_sandbox.client().get("/me").attempts == 1
    with pytest.raises(SandboxError, match="expire: unknown variant `nowhere`"):
        linktor_sandbox.control("expire", family=unknown)
    with pytest.raises(SandboxError, match=r"webhooks: .*https"):
        linktor_sandbox.deliver("https://127.0.0.1/", "message.received")
    with pytest.raises(SandboxError, match="no family 'nowhere'; there are api_v1, api_v2, libromi, linkit, linktor"):
        linktor_sandbox.client(unknown)


def test_a_reset_makes_it_as_new(linktor_sandbox: Sandbox) -> None:
    client = linktor_sandbox.client(max_retries=0)
    client.post("/contacts", json={"name": "Ada"})
    linktor_sandbox.control("limits", family="linktor", limits=[{"limit": 1, "window": 60}])
    linktor_sandbox.script({"status": 500})
    linktor_sandbox.reset()
    assert (client.get("/contacts").data(), client.get("/me").attempts) == ([], 1)
    assert len(linktor_sandbox.journal()) == 2


def test_limits_and_the_clock_are_the_sandboxs(linktor_sandbox: Sandbox) -> None:
    linktor_sandbox.control("limits", family="linktor", limits=[{"limit": 1, "window": 60}])
    client = linktor_sandbox.client(max_retries=0, pacing="off")
    client.get("/me")
    with pytest.raises(RateLimitError):
        client.get("/me")
    linktor_sandbox.control("clock", advance=60)
    assert client.get("/me").status_code == 200


class Receiver(BaseHTTPRequestHandler):
    received: list[tuple[bytes, dict[str, str]]]

    def do_POST(self) -> None:
        self.received.append((self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers)))
        self.send_response(204 if len(self.received) > 1 else 500)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def receiver() -> Generator[str]:
    Receiver.received = []
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hooks"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("family", WEBHOOK_FAMILIES)
def test_a_delivery_is_signed_with_the_known_secret_and_made_again(
    linktor_sandbox: Sandbox, family: WebhookFamily
) -> None:
    with receiver() as url:
        report = linktor_sandbox.deliver(url, "message.received", family=family, data={"n": 1}, times=2)
    secret = linktor_sandbox.credentials[family.removesuffix("_body")]["webhook_secret"]
    for body, headers in Receiver.received:
        verify_signature(family, body, headers, secret)
    # Libromi makes no delivery again.
    again = family != "libromi"
    assert [delivery.status for delivery in report.deliveries] == ([500, 204, 204] if again else [500, 204])
    assert (report.deliveries[1].after, report.id is not None) == (60 if again else 0, again)


def test_a_receiver_that_is_not_there_is_in_the_report(linktor_sandbox: Sandbox) -> None:
    (delivery,) = linktor_sandbox.deliver("http://127.0.0.1:9/", "x", family="libromi", tamper="body").deliveries
    assert (delivery.status, delivery.body) == (None, None)
    assert delivery.error


def test_it_ends_with_its_with() -> None:
    with Sandbox() as sandbox:
        assert repr(sandbox) == f"<Sandbox {sandbox.url}>"
        client = Linktor(**sandbox.options(max_retries=0))
        client.get("/me")
    sandbox.stop()
    with pytest.raises(linktor.APIConnectionError):
        client.get("/me")
    with pytest.raises(SandboxError, match=r"does not answer .*; it ended with -9"):
        sandbox.journal()


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "raise SystemExit", "pass"])
def test_it_ends_with_the_process_that_started_it(end: str) -> None:
    code = (
        "import os; from linktor.testing import Sandbox; sandbox = Sandbox(); print(sandbox._process._process.pid)\n"
        f"print(sandbox.url, flush=True); {end}"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    pid = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout.split()[0]
    deadline = time.monotonic() + 5
    while runs(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def program(path: Path, shell: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{shell}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("echo the port is taken >&2; exit 3", "did not start: it ended with 3, and said: the port is taken"),
        ("exec >&-; exec sleep 60", "did not start: it ended with -9"),
        ("echo waiting >&2; exec sleep 60", "is not ready after 0.3 s: it runs, and said: waiting"),
        ("printf '{'; sleep 2", "is not ready after 0.3 s: it runs"),
        ("echo hello", r"is no sandbox: its first line is b'hello\\n'"),
        ("echo '[]'", "is no sandbox"),
        (
            """echo '{"url": "u", "base_urls": {}}'""",
            "another version than linktor: .* auth_urls, credentials; run",
        ),
    ],
)
def test_a_start_that_fails_says_why_and_never_hangs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shell: str, said: str
) -> None:
    monkeypatch.setattr(_process, "_START", 0.3)
    monkeypatch.setenv("LINKTOR_SANDBOX", str(program(tmp_path / "linktor-sandbox", shell)))
    started = time.monotonic()
    with pytest.raises(SandboxError, match=said):
        Sandbox()
    assert time.monotonic() - started < 5


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Path]:
    """Where a program is looked for, each an empty folder."""
    places = {name: tmp_path / name for name in ("target/bin", "scripts", "user", "path")}
    monkeypatch.delenv("LINKTOR_SANDBOX")
    monkeypatch.setenv("PATH", str(places["path"]))
    monkeypatch.setattr(_process, "__file__", str(tmp_path / "target/linktor/testing/_process.py"))
    of_user = sysconfig.get_preferred_scheme("user")

    def get_path(_name: str, scheme: str = "") -> str:
        return str(places["user" if scheme == of_user else "scripts"])

    monkeypatch.setattr(sysconfig, "get_path", get_path)
    return places


def test_a_program_is_found_next_to_the_package_then_in_its_interpreter_then_on_the_path(
    places: dict[str, Path],
) -> None:
    for name in reversed(places):
        path = program(places[name] / "linktor-sandbox", f"echo {name} >&2")
        with pytest.raises(SandboxError, match=f"{path} did not start: it ended with 0, and said: {name}"):
            Sandbox()


def test_a_missing_program_says_what_to_install(places: dict[str, Path]) -> None:
    with pytest.raises(SandboxError, match=r"run: pip install linktor-sandbox \(or 'linktor\[testing\]'\)"):
        Sandbox()
    places["path"].mkdir()
    (places["path"] / "linktor-sandbox").write_text("not a program")
    with pytest.raises(SandboxError, match="is not installed"):
        Sandbox()


def test_a_variable_that_names_no_program_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKTOR_SANDBOX", "/nowhere/linktor-sandbox")
    with pytest.raises(SandboxError, match="LINKTOR_SANDBOX is '/nowhere/linktor-sandbox', which is no program"):
        Sandbox()


FIXTURE_TESTS = """
def test_a_session_has_one_process(linktor_sandbox):
    linktor_sandbox.script({"status": 503})
    assert linktor_sandbox.client().get("/me").attempts == 2
    global url
    url = linktor_sandbox.url

def test_each_test_finds_it_as_new(linktor_sandbox):
    assert (linktor_sandbox.url, linktor_sandbox.journal()) == (url, [])
"""


def run_pytest(folder: Path, code: str = FIXTURE_TESTS, **environment: str) -> str:
    (folder / "test_mine.py").write_text(code)
    command = [
        sys.executable,
        "-X",
        "dev",
        "-W",
        "error",
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
    ]
    run = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )
    return run.stdout + run.stderr


def test_the_fixture_needs_no_configuration(tmp_path: Path) -> None:
    assert "2 passed" in run_pytest(tmp_path)


def test_the_fixture_says_what_is_missing(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, LINKTOR_SANDBOX="", PATH=str(tmp_path))
    assert "2 errors" in output
    assert "linktor-sandbox is not installed; run: pip install linktor-sandbox (or 'linktor[testing]')" in output


def test_a_session_without_the_fixture_loads_no_sandbox(tmp_path: Path) -> None:
    code = """
import sys
def test_nothing():
    assert "linktor._pytest_plugin" in sys.modules
    assert "linktor.testing" not in sys.modules
"""
    assert "1 passed" in run_pytest(tmp_path, code)


def test_who_uses_no_pytest_imports_none() -> None:
    code = "import linktor.testing, sys; print('pytest' in sys.modules, 'linktor._pytest_plugin' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=10).stdout
    assert output.split() == ["False", "False"]
