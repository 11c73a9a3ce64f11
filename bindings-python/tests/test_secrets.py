"""A credential never appears in anything that can be printed."""

from __future__ import annotations

import asyncio
import io
import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from linktor import AsyncLinktor, LibromiConnect, Linktor, LinktorError
from sandbox import Sandbox

MARK = "MARKER7f3a9c"


def forms(thing: object) -> Iterator[str]:
    yield repr(thing)
    yield str(thing)
    yield f"{thing!a}"
    yield repr(getattr(thing, "__dict__", None))
    for value in getattr(thing, "__dict__", {}).values():
        yield repr(value)
        yield repr(getattr(value, "__dict__", None))
    yield repr([getattr(thing, name, None) for name in dir(thing) if not name.startswith("__")])
    if isinstance(thing, BaseException):
        yield "".join(traceback.format_exception(thing))
        yield repr(pickle.dumps(thing, 0))
        log = io.StringIO()
        logger = logging.Logger("test")
        logger.addHandler(logging.StreamHandler(log))
        logger.error("failed", exc_info=thing)
        yield log.getvalue()


def check(thing: object) -> None:
    for form in forms(thing):
        assert MARK not in form


OPTIONS: list[dict[str, Any]] = [
    {"api_key": MARK},
    {"access_token": MARK},
    {"token_source": lambda: MARK},
    {"token_source": lambda: (MARK, 60)},
]


@pytest.mark.parametrize("options", OPTIONS, ids=["key", "token", "source", "source_pair"])
def test_no_error_shows_a_credential(sandbox: Sandbox, options: dict[str, Any]) -> None:
    echo = {"error": {"code": "X", "message": f"bad {MARK}", "details": {"token": MARK}}, "token": MARK}
    sandbox.script(*({"status": status, "json": echo} for status in (400, 401, 402, 403, 404, 409, 418, 422, 429, 500)))
    sandbox.script(
        {"status": 500, "body": f"<html>{MARK}</html>"},
        {"reset": True},
        {"body": f"{MARK}", "truncate": True},
    )
    sandbox.script({"redirect": "https://example.com/"}, {"delay_ms": 3000, "json": {}})
    client = sandbox.client(**options)
    check(client)
    for _ in range(15):
        with pytest.raises(LinktorError) as raised:
            client.get("/me", timeout=0.3)
        check(raised.value)
    client.close()
    check(client)
    with pytest.raises(LinktorError) as raised:
        client.get("/me")
    check(raised.value)
    dead = Linktor(base_url="http://127.0.0.1:9", **options)
    with pytest.raises(LinktorError) as raised:
        dead.get("/me")
    check(raised.value)


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": f"Bearer {MARK}"},
        {"api_key": f"{MARK}\n"[:-1] + "\x00"},
        {"api_key": f"{MARK}é"},
        {"api_key": MARK, "access_token": MARK},
        {"api_key": [MARK, object()]},
        {"api_key": [MARK]},
        {"api_key": MARK, "timeout": -1},
        {"api_key": MARK, "headers": {"Authorization": MARK}},
        {"api_key": MARK, "headers": {"X-A": f"{MARK}\r\n"[:-2] + "\n."}},
        {"api_key": MARK, "proxy": f"http://user:{MARK}@[bad"},
        {"api_key": MARK, "root_certificates": MARK},
        {"api_key": MARK, "base_url": f"https://user:{MARK}@example.com"},
        {"api_key": MARK, "provider": "nobody"},
        {"token_source": MARK},
    ],
)
def test_no_config_error_shows_a_credential(options: dict[str, Any]) -> None:
    for kind in (Linktor, AsyncLinktor):
        with pytest.raises(LinktorError) as raised:
            kind(**options)
        check(raised.value)


def test_a_client_shows_no_credential_of_its_proxy() -> None:
    check(Linktor(MARK, proxy=f"http://user:{MARK}@proxy.example.com:8080", headers={"X-Key": MARK}))


def test_two_tokens_of_libromi_are_not_shown() -> None:
    with pytest.raises(LinktorError) as raised:
        LibromiConnect(MARK, api_token=MARK)
    check(raised.value)


@pytest.mark.parametrize(
    "token",
    [
        f"Bearer {MARK}",
        f"{MARK}\n.",
        {"token": [MARK]},
        (MARK, -1),
        (MARK, object()),
        {"secret": MARK},
        [MARK],
    ],
)
def test_no_answer_of_a_source_is_shown(sandbox: Sandbox, token: Any) -> None:
    async def source() -> Any:
        return token

    with pytest.raises(LinktorError) as raised:
        sandbox.client(token_source=lambda: token).get("/me")
    check(raised.value)
    with pytest.raises(LinktorError) as raised:
        asyncio.run(sandbox.async_client(token_source=source).get("/me"))
    check(raised.value)


def test_a_response_shows_neither_headers_nor_body(sandbox: Sandbox) -> None:
    sandbox.script({"headers": {"Set-Cookie": MARK}, "json": {"token": MARK}})
    response = sandbox.client().get("/me")
    assert MARK not in repr(response) + str(response) + repr(response.headers) + str(response.headers)
