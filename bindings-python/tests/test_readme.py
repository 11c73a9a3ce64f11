"""The README's Python: all of it type-checks as a user's, and what needs no server runs."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import flask

from linktor import webhooks
from sandbox import ROOT, Sandbox

README = (ROOT / "bindings-python" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)

GIVEN = """
from typing import Any
from collections.abc import Mapping

import flask
import httpx2 as httpx

from linktor import *
from linktor import webhooks
from linktor.testing import Sandbox

app = flask.Flask(__name__)
client = Linktor()
password = client_id = client_secret = callback_url = secret = ""
token: str
web_session: dict[str, str] = {}
vault: Any
receiver: webhooks.Receiver
body = b""
headers: Mapping[str, str] = {}
request: Any

def handle(*said: object) -> None: ...
async def handle_async(event: webhooks.Event) -> None: ...
def answer(status: int, headers: Mapping[str, str], body: str) -> None: ...
"""


def block(text: str) -> str:
    (found,) = (block for block in BLOCKS if text in block)
    return str(found)


def test_every_block_type_checks(tmp_path: Path) -> None:
    written = "\n".join(
        f"async def block_{number}() -> None:\n" + textwrap.indent(code, "    ") for number, code in enumerate(BLOCKS)
    )
    example = tmp_path / "readme.py"
    example.write_text(GIVEN + written, encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--allow-redefinition", f"--cache-dir={tmp_path}", str(example)]
    checked = subprocess.run(mypy, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_receiver_receives() -> None:
    handled: list[Any] = []
    app = flask.Flask(__name__)
    exec(block("@receiver.flask"), {"app": app, "secret": "invented", "handle": lambda *said: handled.append(said[:2])})
    body = '{"id": "evt_1", "type": "message.received", "data": 7}'
    signed = webhooks.sign("linktor", body, "invented")
    answers = [app.test_client().post("/webhooks/linktor", data=body, headers=signed).status_code for _ in range(2)]
    assert (answers, handled) == ([200, 200], [("message.received", 7)])


def test_the_recorder_records(capsys: Any) -> None:
    from linktor import Linktor, TransportRequest, TransportResponse

    scope: dict[str, Any] = {
        "Linktor": Linktor,
        "TransportRequest": TransportRequest,
        "TransportResponse": TransportResponse,
    }
    exec(block("def recorded").partition("client = ")[0], scope)
    assert Linktor("lk_invented", transport=scope["recorded"]).get("/me").data() == []
    assert capsys.readouterr().out.endswith("/api/v1/me\n")


def test_the_provider_is_one() -> None:
    from linktor import APIClient, Linktor

    exec(block("from linktor import Provider"), {"Linktor": Linktor, "APIClient": APIClient})


def test_the_fixture_is_as_new_in_each_test(linktor_sandbox: Sandbox) -> None:
    scope: dict[str, Any] = {"Sandbox": type(linktor_sandbox)}
    exec(block("linktor_sandbox.script"), scope)
    scope["test_a_busy_server_is_asked_again"](linktor_sandbox)
