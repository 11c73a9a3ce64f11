"""What `logging` hears."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

from linktor import NotFoundError
from sandbox import Sandbox


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.linktor["event"]) for record in caplog.records if record.name == "linktor"]  # type: ignore[attr-defined]


CALL = [
    ("DEBUG", "call_started"),
    ("DEBUG", "attempt_started"),
    ("DEBUG", "attempt_ended"),
    ("INFO", "call_ended"),
]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_call_is_told_in_order(sandbox: Sandbox, caplog: pytest.LogCaptureFixture, is_async: bool) -> None:
    caplog.set_level(logging.DEBUG, "linktor")
    sandbox.script({"status": 503, "headers": {"Retry-After": "0.1"}})
    if is_async:

        async def run() -> None:
            await sandbox.async_client().get("/me", params={"secret": "invented"})

        asyncio.run(run())
    else:
        sandbox.client().get("/me", params={"secret": "invented"})
    wait = [("INFO", "wait_started"), ("DEBUG", "wait_ended")]
    assert told(caplog) == [*CALL[:3], *wait, *CALL[1:]]
    ended = caplog.records[-1]
    known: dict[str, Any] = ended.linktor  # type: ignore[attr-defined]
    assert ended.getMessage().startswith("GET /linktor/api/v1/me: 200 after ")
    assert "2 attempts, request id" in ended.getMessage()
    assert (known["status"], known["attempts"], known["provider"]) == (200, 2, "linktor")
    assert "invented" not in caplog.text + repr([vars(record) for record in caplog.records])
    assert sandbox.credentials["linktor"]["api_key"] not in caplog.text
    assert {record.threadName for record in caplog.records} == {threading.current_thread().name}


def test_a_failure_tells_its_kind(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "linktor")
    sandbox.script({"status": 404})
    with pytest.raises(NotFoundError):
        sandbox.client().get("/contacts/42")
    assert told(caplog) == [("INFO", "call_ended")]
    assert "404 not_found after" in caplog.text


def test_a_login_is_told_too(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "linktor")
    known = sandbox.credentials["linktor"]
    sandbox.client(email=known["email"], password=known["password"]).get("/me")
    events = told(caplog)
    assert ("DEBUG", "renewal_started") in events
    assert ("DEBUG", "renewal_ended") in events
    assert known["password"] not in caplog.text


def test_nothing_is_told_unless_somebody_listens(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    sandbox.client().get("/me")
    assert told(caplog) == []
    logging.getLogger("linktor").setLevel(logging.INFO)
    try:
        sandbox.client().get("/me")
    finally:
        logging.getLogger("linktor").setLevel(logging.NOTSET)
    assert told(caplog) == [("INFO", "call_ended")]


def test_a_handler_that_fails_disturbs_no_call(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("the handler's own")

    told: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(str(error)))
    logger, handler = logging.getLogger("linktor"), Broken()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        assert sandbox.client().get("/me").status_code == 200
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert told == ["the handler's own"]


def test_ctrl_c_in_a_handler_ends_the_call(sandbox: Sandbox) -> None:
    class Pressed(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise KeyboardInterrupt

    logger, handler = logging.getLogger("linktor"), Pressed()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        with pytest.raises(KeyboardInterrupt):
            sandbox.client().get("/me")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def test_a_client_imports_no_logging_by_itself() -> None:
    code = "import sys, linktor; linktor.Linktor('k'); print('logging' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"
