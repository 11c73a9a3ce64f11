"""A credential never appears in anything that can be printed."""

from __future__ import annotations

import asyncio
import io
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from linktor import (
    JWT,
    AsyncLinktor,
    AuthorizationRequest,
    AuthTest,
    ConfigError,
    LibromiConnect,
    Linktor,
    LinktorError,
    OAuth,
    Session,
    jwt,
    webhooks,
)
from linktor.testing import Answer, Family
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
    sandbox.script(*(Answer(status=status, json=echo) for status in (400, 401, 402, 403, 404, 409, 418, 422, 429, 500)))
    sandbox.script(
        {"status": 500, "body": f"<html>{MARK}</html>"},
        {"reset": True},
        {"body": f"{MARK}", "truncate": True},
    )
    sandbox.script({"redirect": "https://example.com/"}, {"delay_ms": 3000, "json": {}})
    client = sandbox.client(max_retries=0, **options)
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
    dead = Linktor(base_url="http://127.0.0.1:9", max_retries=0, **options)
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
        {"email": "ada@example.com", "password": [MARK]},
        {"password": MARK},
        {"email": "ada@example.com", "password": MARK, "token_store": [MARK, object()]},
        {"provider": "api_v2", "oauth": OAuth(client_id="", client_secret=MARK, refresh_token=MARK)},
        {"provider": "api_v2", "oauth": OAuth(client_id="id", client_secret=MARK, access_token=f"{MARK}é")},
        {"provider": "api_v2", "oauth": {"secret": MARK}},
        {"provider": "api_v2", "jwt": JWT(secret=MARK, subject="u", claims={"a": object(), "b": MARK})},
        {"provider": "api_v2", "jwt": JWT(secret=MARK, subject="u", ttl=-1)},
    ],
)
def test_no_config_error_shows_a_credential(options: dict[str, Any]) -> None:
    for kind in (Linktor, AsyncLinktor):
        with pytest.raises(LinktorError) as raised:
            kind(**options)
        check(raised.value)


ADA: dict[str, Any] = {"email": "ada@example.com", "password": MARK}


@pytest.mark.parametrize(
    "call",
    [
        lambda: Linktor(**ADA, timeout=-1),
        lambda: Linktor(**ADA, timeout=object()),  # type: ignore[arg-type]
        lambda: Linktor(email="ada@example.com", password=f"{MARK}\ud800"),
        lambda: AsyncLinktor(**ADA, access_token=MARK),
        lambda: Linktor("k").with_credentials(**ADA, access_token=MARK),
        lambda: Linktor("k").with_credentials(email="ada@example.com", password=f"{MARK}\ud800"),
        lambda: jwt.sign({}, MARK, expires_in=-1),
        lambda: jwt.sign({}, MARK.encode(), expires_in=-1),
        lambda: jwt.sign({}, MARK, expires_in=float("nan")),
        lambda: jwt.verify(MARK, MARK, leeway=-1),
        lambda: jwt.verify(MARK, f"{MARK}\ud800"),
        lambda: webhooks.Verifier("linktor", MARK, tolerance=-1),
        lambda: webhooks.Verifier("linktor", [MARK, ""]),
        lambda: webhooks.verify("linktor", "{}", {}, f"{MARK}\ud800"),
        lambda: webhooks.verify_signature("standard_webhooks", "{}", {}, f"whpk_{MARK}"),
        lambda: webhooks.sign("standard_webhooks_v1a", "{}", f"whsk_{MARK}"),
    ],
)
def test_no_frame_holds_a_credential_as_text_of_ours(call: Callable[[], object]) -> None:
    """As reporters of errors would send it; the arguments that a caller names are the caller's."""
    with pytest.raises(ConfigError) as raised:
        call()
    for frame, _ in traceback.walk_tb(raised.value.__traceback__):
        for name, value in frame.f_locals.items():
            if name not in {"secret", "token"}:
                assert not isinstance(value, str) or MARK not in value, (frame.f_code.co_name, name)
                assert not isinstance(value, Linktor | AsyncLinktor) or MARK not in repr(value)


def test_a_client_that_was_not_made_can_be_shown() -> None:
    seen: list[str] = []

    class Crm(Linktor):
        def __init__(self) -> None:
            try:
                super().__init__("k", base_url=f"https://user:{MARK}@example.com")
            finally:
                seen.append(repr(self))

    with pytest.raises(ConfigError):
        Crm()
    assert seen == ["<Crm that was not made>"]


OAUTH = OAuth(client_id="id", client_secret=MARK, refresh_token=MARK, access_token=MARK)
SESSIONS: list[tuple[str, dict[str, Any]]] = [
    ("linktor", {"email": "ada@example.com", "password": MARK}),
    ("api_v2", {"oauth": OAUTH}),
    ("api_v2", {"jwt": JWT(secret=MARK, subject="u", claims={"key": MARK})}),
]


@pytest.mark.parametrize(("family", "options"), SESSIONS, ids=["password", "oauth", "jwt"])
def test_no_error_of_a_session_shows_a_credential(sandbox: Sandbox, family: Family, options: dict[str, Any]) -> None:
    # The secret of a JWT is never sent: no server can echo it.
    sent = "token" if "jwt" in options else MARK
    echo = {"error": {"code": "X", "message": f"bad {sent}", "details": {"token": sent}}, "token": sent}
    sandbox.script(*(Answer(status=status, json=echo) for status in (400, 401, 403) * 4))
    client = sandbox.client(family, **options)
    request = AuthorizationRequest(url="u", state=MARK, verifier=MARK, redirect_uri="https://app.example.com/")
    check(client)
    for handle in (client, client.with_credentials(**options)):
        check(handle)
        auth = handle.auth
        for call in (
            lambda handle=handle: handle.get("/me"),
            auth.login,
            auth.refresh,
            lambda auth=auth: auth.exchange_code(f"/callback?state={MARK}&code={MARK}", request),
            lambda auth=auth: auth.exchange_code(f"/callback?state={MARK}-&code={MARK}", request),
        ):
            try:
                call()
            except LinktorError as error:
                check(error)


@pytest.mark.parametrize(
    "value",
    [
        OAUTH,
        JWT(secret=MARK, subject="u", claims={"key": MARK}),
        AuthorizationRequest(url=f"https://example.com/?state={MARK}", state=MARK, verifier=MARK, redirect_uri="r"),
        Session(user={"token": MARK}, organization=None, expires_in=1.0),
        AuthTest(valid=True, data={"token": MARK}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_shows_a_credential(value: object) -> None:
    for form in (repr(value), str(value), f"{value!a}", repr([value])):
        assert MARK not in form


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


def test_webhooks_show_neither_secret_nor_data() -> None:
    body, secret = f'{{"id": "evt_1", "data": "{MARK}"}}', f"whsec_{MARK}abcd"
    verifier = webhooks.Verifier("standard_webhooks", [secret, "whsec_aaaa"])
    headers = webhooks.sign("standard_webhooks", body, secret, id="msg_1")
    for form in (repr(verifier), str(verifier), f"{verifier!a}", repr(verifier.verify(body, headers))):
        assert MARK not in form
    bad: list[dict[str, Any]] = [
        {},
        {**headers, "webhook-signature": MARK},
        {**headers, "webhook-id": MARK},
        {**headers, "webhook-timestamp": MARK},
        {**headers, "webhook-signature": [MARK, MARK]},
    ]
    for wrong in bad:
        with pytest.raises(LinktorError) as raised:
            verifier.verify(body, wrong)
        check(raised.value)
    with pytest.raises(LinktorError) as raised:
        verifier.verify(f"{MARK}{body}", headers)
    check(raised.value)
    odd: list[Any] = [[MARK, object()], {MARK: MARK}, {MARK}, bytearray(MARK.encode()), [MARK.encode(), ["a"]]]
    for form in odd:
        with pytest.raises(ConfigError) as refused:
            webhooks.Verifier("linktor", form)
        check(refused.value)
