from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from linktor import (
    JWT,
    AsyncLinktor,
    AuthenticationError,
    AuthorizationRequest,
    AuthTest,
    CallbackError,
    ConfigError,
    CredentialOptions,
    InvalidRequestError,
    Linktor,
    OAuth,
    Session,
    TokenStoreError,
)
from linktor.testing import Answer
from sandbox import Sandbox

SLOW: Answer = {"delay_ms": 10_000, "json": {}}


def agent(sandbox: Sandbox) -> CredentialOptions:
    known = sandbox.credentials["linktor"]
    return {"email": known["email"], "password": known["password"]}


def oauth(sandbox: Sandbox) -> OAuth:
    known = sandbox.credentials["api_v2"]
    return OAuth(client_id=known["client_id"], client_secret=known["client_secret"])


def endpoints(sandbox: Sandbox) -> list[str]:
    return [entry.path.rsplit("/", 1)[-1] for entry in sandbox.journal()]


def test_a_login_gives_the_session(sandbox: Sandbox) -> None:
    client = sandbox.client(**agent(sandbox))
    assert client.auth.session() is None
    session = client.auth.login()
    assert isinstance(session, Session)
    assert session.user["email"] == sandbox.credentials["linktor"]["email"]
    assert session.expires_in is not None
    assert 890 < session.expires_in <= 900
    known = client.auth.session()
    assert known is not None
    assert (known.user, known.organization) == (session.user, session.organization)
    assert len(sandbox.journal()) == 1


def test_an_async_client_has_the_same_calls(sandbox: Sandbox) -> None:
    async def run() -> None:
        async with sandbox.async_client(**agent(sandbox)) as client:
            assert client.auth.session() is None
            session = await client.auth.login()
            assert session.user["email"] == sandbox.credentials["linktor"]["email"]
            assert isinstance(await client.auth.refresh(), Session)
            assert (await client.auth.test()).valid
            client.auth.invalidate()
            await client.get("/me")

    asyncio.run(run())
    assert endpoints(sandbox) == ["login", "refresh", "me", "refresh", "me"]


def test_a_forgotten_token_is_renewed_by_the_next_call(sandbox: Sandbox) -> None:
    client = sandbox.client(**agent(sandbox))
    client.get("/me")
    client.auth.invalidate()
    client.get("/me")
    assert endpoints(sandbox) == ["login", "me", "refresh", "me"]


def test_a_test_says_whether_the_credential_is_good(sandbox: Sandbox) -> None:
    good, bad = sandbox.client("api_v2").auth.test(), sandbox.client("api_v2", api_key="wrong").auth.test()
    assert isinstance(good, AuthTest)
    assert (good.valid, bad.valid, bad.data) == (True, False, None)
    assert good.data is not None


def test_a_refused_login_is_an_authentication_error(sandbox: Sandbox) -> None:
    refused: CredentialOptions = {**agent(sandbox), "password": "wrong"}
    with pytest.raises(AuthenticationError) as raised:
        sandbox.client(**refused).auth.login()
    assert raised.value.code == "INVALID_CREDENTIALS"
    with pytest.raises(AuthenticationError):
        asyncio.run(sandbox.async_client(**refused).auth.login())


def test_an_api_key_has_no_session(sandbox: Sandbox) -> None:
    client = sandbox.client()
    client.auth.invalidate()
    assert client.auth.session() is None
    for call in (client.auth.login, client.auth.refresh):
        with pytest.raises(ConfigError):
            call()
    assert sandbox.journal() == []


def test_a_client_mints_its_own_tokens(sandbox: Sandbox) -> None:
    jwt = JWT(secret=sandbox.credentials["api_v2"]["jwt_secret"], subject="user-1", claims={"scopes": ["read:users"]})
    client = sandbox.client("api_v2", jwt=jwt)
    assert client.get("/users").status_code == 200
    session = client.auth.session()
    assert session is not None
    assert session.expires_in is not None
    assert 3590 < session.expires_in <= 3600


def test_another_process_takes_a_request_for_consent_up(sandbox: Sandbox) -> None:
    credentials = sandbox.credentials["api_v2"]
    asking = sandbox.client("api_v2", oauth=oauth(sandbox))
    request = asking.auth.authorize_url(["read:users"], credentials["redirect_uri"])
    assert request.redirect_uri == credentials["redirect_uri"]
    assert sandbox.journal() == []
    kept = request.to_json()
    assert json.loads(kept).keys() == {"url", "state", "verifier", "redirect_uri"}

    url = urlsplit(request.url)
    connection = HTTPConnection(url.netloc)
    connection.request("GET", f"{url.path}?{url.query}")
    callback = connection.getresponse().getheader("Location")
    connection.close()
    assert callback is not None

    again = AuthorizationRequest.from_json(kept.encode())
    assert again == request
    taking = sandbox.async_client("api_v2", oauth=oauth(sandbox))

    async def run() -> int:
        assert isinstance(await taking.auth.exchange_code(callback, again), Session)
        return (await taking.get("/users")).status_code

    assert asyncio.run(run()) == 200
    with pytest.raises(AuthenticationError) as raised:
        asking.auth.exchange_code("/callback?code=c-1&state=other", request)
    assert (raised.value.code, raised.value.status) == ("state_mismatch", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"url": "u"}',
        '{"url": "u", "secret": "MARKER"}',
        '{"url": 1, "state": "s", "verifier": "MARKER", "redirect_uri": "r"}',
        '{"url": "u", "state": "s", "verifier": ["MARKER"], "redirect_uri": null}',
        "MARKER",
    ],
)
def test_a_text_that_is_no_request_for_consent_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        AuthorizationRequest.from_json(text)
    assert "MARKER" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("request_", [{"url": "u", "verifier": "MARKER"}, '{"verifier": "MARKER"}', None])
def test_what_is_no_request_for_consent_is_not_exchanged(sandbox: Sandbox, request_: Any) -> None:
    auth = sandbox.client("api_v2", oauth=oauth(sandbox)).auth
    async_auth = sandbox.async_client("api_v2", oauth=oauth(sandbox)).auth
    calls: list[Callable[[], object]] = [
        lambda: auth.exchange_code("/callback", request_),
        lambda: asyncio.run(async_auth.exchange_code("/callback", request_)),
    ]
    for call in calls:
        with pytest.raises(InvalidRequestError, match="from_json") as raised:
            call()
        assert "MARKER" not in str(raised.value)
    assert sandbox.journal() == []


def test_scopes_are_several_texts(sandbox: Sandbox) -> None:
    auth = sandbox.client("api_v2", oauth=oauth(sandbox)).auth
    several: Any
    for several in ("read:users", None, ["\ud800"], [1]):
        with pytest.raises(InvalidRequestError, match="scopes"):
            auth.authorize_url(several, "https://app.example.com/")


@pytest.mark.parametrize("text", [None, b"https://app.example.com/", "https://app.example.com/\ud800"])
def test_addresses_of_a_consent_are_texts(sandbox: Sandbox, text: Any) -> None:
    auth = sandbox.client("api_v2", oauth=oauth(sandbox)).auth
    async_auth = sandbox.async_client("api_v2", oauth=oauth(sandbox)).auth
    with pytest.raises(InvalidRequestError, match="redirect_uri"):
        auth.authorize_url(["read:users"], text)
    request = auth.authorize_url(["read:users"], "https://app.example.com/")
    with pytest.raises(InvalidRequestError, match="callback_url"):
        auth.exchange_code(text, request)
    with pytest.raises(InvalidRequestError, match="callback_url"):
        asyncio.run(async_auth.exchange_code(text, request))


def test_a_cancelled_login_ends_at_once(sandbox: Sandbox) -> None:
    sandbox.script(SLOW)

    async def run() -> float:
        async with sandbox.async_client(**agent(sandbox)) as client:
            task = asyncio.create_task(client.auth.login())
            await asyncio.to_thread(sandbox.wait_for_arrival)
            started = time.perf_counter()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.perf_counter() - started

    assert asyncio.run(run()) < 0.05


def test_a_source_that_renews_its_own_client_is_refused(sandbox: Sandbox) -> None:
    def ask() -> str:
        return str(client.auth.refresh())

    async def ask_async() -> str:
        return str(await async_client.auth.refresh())

    client: Linktor = sandbox.client(token_source=ask)
    async_client: AsyncLinktor = sandbox.async_client(token_source=ask_async)
    calls: list[Callable[[], object]] = [lambda: client.get("/me"), lambda: asyncio.run(async_client.get("/me"))]
    for call in calls:
        with pytest.raises(CallbackError) as raised:
            call()
        assert isinstance(raised.value.__cause__, ConfigError)
        assert raised.value.__cause__.code == "recursive_token_source"


def test_a_token_store_is_a_path(sandbox: Sandbox, tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    sandbox.client(**agent(sandbox), token_store=store).get("/me")
    sandbox.client(**agent(sandbox), token_store=str(store)).get("/me")
    assert endpoints(sandbox) == ["login", "me", "me"]
    assert store.stat().st_mode & 0o777 == 0o600


def test_a_store_that_cannot_be_used_is_a_token_store_error(sandbox: Sandbox, tmp_path: Path) -> None:
    client = sandbox.client(**agent(sandbox), token_store=tmp_path / "nowhere" / "tokens.json")
    with pytest.raises(TokenStoreError) as raised:
        client.auth.login()
    assert raised.value.kind == "token_store"
