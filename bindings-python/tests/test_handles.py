from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from linktor import (
    APIClient,
    AsyncAPIClient,
    AsyncLibromiConnect,
    AsyncLinktor,
    ClientClosedError,
    ConfigError,
    LibromiConnect,
    Linktor,
    LinktorError,
)
from linktor.testing import Answer
from sandbox import Sandbox


def sent(sandbox: Sandbox, name: str) -> list[str | None]:
    return [entry.headers.get(name) for entry in sandbox.journal()]


def test_a_handle_is_a_client_of_the_same_class(sandbox: Sandbox) -> None:
    class Crm(APIClient):
        team = "none"

    crm = Crm("k-1", base_url=sandbox.base_urls["api_v2"])
    crm.team = "core"
    for handle in (crm.with_organization("org-1"), crm.with_credentials("k-2")):
        assert type(handle) is Crm
        assert handle.team == "core"
        assert repr(handle) == repr(crm)
    assert type(AsyncAPIClient("k-1").with_organization("org-1")) is AsyncAPIClient


def test_an_organization_goes_with_the_handle_alone(sandbox: Sandbox) -> None:
    sandbox.script(*[Answer(json={})] * 4)
    client = sandbox.client("linkit")
    handle = client.with_organization("org_1")
    client.get("/ping")
    handle.get("/ping")
    handle.with_organization("org_2").get("/ping")
    handle.get("/ping", organization_id="org_3")
    assert sent(sandbox, "x-organization-id") == [None, "org_1", "org_2", "org_3"]
    with pytest.raises(ConfigError):
        client.with_organization("")


def test_a_handle_shares_the_session_or_has_its_own(sandbox: Sandbox) -> None:
    known = sandbox.credentials["linktor"]
    client = sandbox.client(email=known["email"], password=known["password"])
    client.auth.login()
    other = client.with_credentials(email=known["email"], password=known["password"])
    assert client.with_organization("org_1").auth.session() is not None
    assert other.auth.session() is None
    assert other.get("/me").status_code == 200
    paths = [entry.path for entry in sandbox.journal()]
    assert paths == ["/api/v1/auth/login", "/api/v1/auth/login", "/api/v1/me"]


@pytest.mark.parametrize(
    ("options", "named"),
    [({}, "credential"), ({"api_key": None}, "api_key"), ({"api_key": "k", "access_token": "t"}, "several")],
)
def test_a_handle_needs_one_credential(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], named: str
) -> None:
    monkeypatch.setenv("LINKTOR_API_KEY", "k")
    with pytest.raises(ConfigError, match=named):
        sandbox.client().with_credentials(**options)


def test_a_handle_takes_credentials_alone(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match="timeout"):
        sandbox.client().with_credentials("k", timeout=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", [LibromiConnect, AsyncLibromiConnect])
def test_a_handle_of_libromi_takes_an_api_token(
    sandbox: Sandbox, kind: type[LibromiConnect] | type[AsyncLibromiConnect]
) -> None:
    sandbox.script(*[Answer(json={})] * 2)
    client = kind(api_token="1|k", base_url=sandbox.base_urls["libromi"])
    for handle in (client.with_credentials(api_token="2|k"), client.with_credentials("2|k")):
        assert type(handle) is kind
        assert not closed(handle)
    assert sent(sandbox, "authorization") == ["Bearer 2|k"] * 2
    with pytest.raises(ConfigError, match="api_token"):
        client.with_credentials("2|k", api_token="2|k")
    with pytest.raises(ConfigError, match="api_key"):
        client.with_credentials(api_token=None)  # type: ignore[arg-type]


def test_each_handle_asks_its_own_source(sandbox: Sandbox) -> None:
    sandbox.script(*[Answer(json={})] * 3)
    client = sandbox.client(token_source=lambda: "t-1")
    client.with_credentials(token_source=lambda: "t-2").get("/me")
    client.with_organization("org_1").get("/me")
    client.with_credentials("k-3").get("/me")
    assert sent(sandbox, "authorization")[:2] == ["Bearer t-2", "Bearer t-1"]


def test_an_async_source_of_a_handle_runs_on_its_loop(sandbox: Sandbox) -> None:
    sandbox.script(*[Answer(json={})] * 2)
    seen: list[object] = []

    async def source() -> str:
        seen.append(asyncio.get_running_loop())
        return "t-1"

    client = sandbox.async_client(token_source=source)
    handles = [client.with_organization("org_1"), client.with_credentials(token_source=source)]

    async def run() -> object:
        await asyncio.gather(*(handle.get("/me") for handle in handles))
        return asyncio.get_running_loop()

    loop = asyncio.run(run())
    assert seen == [loop, loop]


def closed(client: Linktor | AsyncLinktor) -> bool:
    try:
        if isinstance(client, Linktor):
            client.get("/me")
        else:
            asyncio.run(client.get("/me"))
    except ClientClosedError:
        return True
    except LinktorError as error:
        pytest.fail(str(error))
    return False


def test_closing_the_root_ends_its_handles_and_closing_a_handle_nothing(sandbox: Sandbox) -> None:
    roots: list[Linktor | AsyncLinktor] = [sandbox.client(), sandbox.async_client()]
    for root in roots:
        handles = [
            root.with_organization("org_1"),
            root.with_credentials(sandbox.credentials["linktor"]["api_key"]),
        ]
        with sandbox.client().with_organization("org_1"):
            pass
        for handle in handles:
            handle.close()
        assert not any(closed(client) for client in (root, *handles))
        root.close()
        assert all(closed(client) for client in (root, *handles))


def test_a_handle_outlives_the_name_of_its_root(sandbox: Sandbox) -> None:
    class Broker:
        def __init__(self) -> None:
            self.client = sandbox.client(token_source=self.token)

        def token(self) -> tuple[str, float]:
            return sandbox.credentials["linktor"]["access_token"], 0.001

    broker = Broker()
    handle = broker.client.with_organization("org_1")
    gone = weakref.ref(broker)
    del broker
    gc.collect()
    assert handle.get("/me").status_code == 200
    del handle
    gc.collect()
    assert gone() is None


def test_a_handle_that_its_own_source_refers_to_is_collected(sandbox: Sandbox) -> None:
    class Broker:
        def __init__(self, client: Linktor) -> None:
            self.handle = client.with_credentials(token_source=self.token).with_organization("org_1")

        def token(self) -> str:
            return sandbox.credentials["linktor"]["access_token"]

    client = sandbox.client()
    broker = Broker(client)
    broker.handle.get("/me")
    gone = weakref.ref(broker)
    del broker
    gc.collect()
    assert gone() is None
    assert client.get("/me").status_code == 200
