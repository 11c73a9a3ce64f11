"""What a user writes, as mypy and pyright see it in strict mode; it is checked, and it runs."""

from __future__ import annotations

import asyncio
import email
import os
import time
from collections.abc import Mapping
from contextlib import aclosing, closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypedDict, get_type_hints

import pytest

import linktor
from linktor import (
    JWT,
    APIClient,
    AsyncLinktor,
    AsyncPaginator,
    AuthorizationRequest,
    AuthTest,
    ClientOptions,
    CredentialOptions,
    LibromiConnect,
    Limit,
    Linktor,
    LinktorError,
    OAuth,
    Page,
    PageOptions,
    Paginator,
    Provider,
    ProviderDocument,
    RateLimit,
    RateLimitError,
    RequestOptions,
    Response,
    Session,
    Token,
    WebhookVerificationError,
    jwt,
    webhooks,
)
from linktor.testing import Answer
from sandbox import Sandbox


def token() -> Token:
    return "t-1", 900.0


async def async_token() -> str:
    return "t-1"


def use(options: ClientOptions) -> tuple[int, str | None]:
    with Linktor(**options) as client:
        paging: RequestOptions = {"params": {"page": 1, "tag": ["a", "b"], "q": None}, "timeout": 5}
        response: Response = client.get("/contacts", **paging)
        contacts: list[dict[str, Any]] = response.data()
        try:
            client.post("/contacts/{id}", path_params={"id": 1}, json={"name": "Ada"}, max_retries=0)
        except RateLimitError as error:
            wait: float | None = error.retry_after
            return len(contacts), str(wait)
        except LinktorError as error:
            return len(contacts), error.code
    return len(contacts), None


async def use_async(options: ClientOptions) -> str | None:
    async with AsyncLinktor("k", **options) as client:
        response = await client.request("GET", "/me", headers={"X-Team": "a"})
        one, two = await asyncio.gather(client.get("/me"), client.get("/me"))
        assert one.status_code == two.status_code
        return response.headers.get("content-type")


class Contact(TypedDict):
    id: str


def read(client: Linktor) -> tuple[list[str], Page[Contact]]:
    paging: PageOptions = {"params": {"limit": 2}, "organization_id": "org_1"}
    contacts: Paginator[Contact] = client.paginate("/contacts", **paging)
    page = next(contacts.pages())
    return [contact["id"] for contact in contacts], page


async def read_async(client: AsyncLinktor) -> list[str]:
    contacts: AsyncPaginator[Contact] = client.paginate("/contacts")
    return [contact["id"] async for contact in contacts]


def read_first_page(client: Linktor) -> int:
    contacts: Paginator[Contact] = client.paginate("/contacts")
    with closing(contacts.pages()) as pages, closing(iter(contacts)) as items:
        return len(next(pages).items) + len(next(items))


async def read_first_page_async(client: AsyncLinktor) -> int:
    contacts: AsyncPaginator[Contact] = client.paginate("/contacts")
    async with aclosing(contacts.pages()) as pages, aclosing(aiter(contacts)) as items:
        return len((await anext(pages)).items) + len(await anext(items))


def act_for(root: APIClient, oauth: OAuth) -> APIClient:
    credentials: CredentialOptions = {"oauth": oauth}
    user: APIClient = root.with_credentials(**credentials).with_organization("org_1")
    request: AuthorizationRequest = user.auth.authorize_url(["read:users"], "https://app.example.com/callback")
    known: Session | None = user.auth.session()
    assert known is None
    assert AuthorizationRequest.from_json(request.to_json()) == request
    return user


async def is_good(client: AsyncLinktor) -> bool:
    result: AuthTest = await client.auth.test()
    return result.valid


def use_limits(base_url: str) -> float:
    limits: list[Limit] = [Limit(100, 60), Limit(limit=10, window=1.5, class_="messages")]
    patient: ClientOptions = {"max_retries": 5, "max_retry_wait": 90, "retry_budget": 100, "pacing": "off"}
    patient["base_url"] = base_url
    with Linktor("k", **patient) as client:
        response = client.put("/contacts/1", json={}, max_retries=0, max_retry_wait=0.5, idempotent=False)
        known: RateLimit | None = response.rate_limit
        assert known is not None
        fields: tuple[str, int | None, int | None, float | None] = (
            known.class_,
            known.limit,
            known.remaining,
            known.reset,
        )
        assert known.limit in fields
        error = LinktorError()
    Linktor("k", pacing="proactive", limits=tuple(limits)).close()
    LibromiConnect("1|k", pacing="proactive", limits="paid").close()
    asynchronous: RateLimit | None = AsyncLinktor("k").rate_limit(class_="messages")
    assert asynchronous is None
    return response.waited + error.waited


ACME: webhooks.Scheme = {
    "signature": {"kind": "hmac", "header": "X-Acme-Signature", "timestamp_header": "X-Acme-Timestamp"},
    "event": {"id": ["/delivery"], "data": [""]},
}


DOCUMENT: ProviderDocument = {"name": "acme", "credentials": ["api_key"], "webhook": ACME}
PROVIDER = Provider(
    name="acme",
    credentials=["api_key", "oauth"],
    webhook=ACME,
    base_url="https://api.example.com",
    environment={"api_key": "ACME_API_KEY"},
    headers={"token": "raw", "fixed": {"x-api-version": "2"}, "always_json": True},
    refreshable={"codes": ["EXPIRED"]},
    auth={"oauth": {"url": "https://auth.example.com"}, "test": {"path": "/me", "query": [("per_page", "1")]}},
    unsafe_routes=[{"path": "/labels/*"}, {"method": "GET", "path": "/drafts/**"}],
    rate={
        "classes": [{"name": "labels", "routes": [{"path": "/labels/**"}]}],
        "tiers": {"free": [{"limit": 100, "window": 60}, {"limit": 5, "window": 0.5, "class": "labels"}]},
        "default_tier": {"named": "free"},
    },
    paging={"page_parameter": "p", "max_size": 50, "items": ["/rows"]},
    envelope={"keys": ["data"]},
    errors={"code": ["/fault"]},
)


def use_providers() -> set[Provider]:
    Linktor("k", provider=DOCUMENT, base_url="https://api.example.com").close()
    client = AsyncLinktor("k", provider=PROVIDER.replace(name="acme_2", refreshable="always", webhook=None))
    client.close()
    options: ClientOptions = {"provider": Provider.named("api_v2")}
    Linktor("k", **options).close()
    paging: dict[str, Any] = PROVIDER["paging"]
    own: Provider = Provider.from_json(PROVIDER.to_json()).replace(paging=PROVIDER["paging"] | {"max_size": 20})
    assert own["paging"] == paging | {"max_size": 20}
    return {own, PROVIDER, Provider.from_json(PROVIDER.to_json().encode()), Provider.from_json(DOCUMENT)}


def mistype() -> None:
    """Run by nobody: a type checker that passes a mistake finds that its comment is of no use."""
    webhooks.Verifier({"signature": {"kind": "hmac", "heaedr": "X"}}, "a")  # type: ignore[arg-type]
    webhooks.Verifier({"signature": {"kind": "hmac", "header": "X", "prefx": "a"}}, "a")  # type: ignore[arg-type]
    webhooks.verify({"signature": {"kind": "hmac", "header": "X"}, "evnt": {}}, b"", {}, "a")  # type: ignore[arg-type]
    webhooks.sign({"name": "acme", "credentials": [], "webhok": ACME}, b"", "a")  # type: ignore[arg-type]
    Provider(name="acme")  # type: ignore[call-arg]
    Provider(name="acme", credentials=["cookie"])  # type: ignore[list-item]
    Provider(name="acme", credentials=[], pagging={})  # type: ignore[call-arg]
    Provider(name="acme", credentials=[], paging={"max_siz": 10})  # type: ignore[typeddict-unknown-key]
    PROVIDER.replace(rate={"tiers": {"free": [{"limit": 1}]}})  # type: ignore[typeddict-item]
    PROVIDER["name"] = "other"  # type: ignore[index]
    linktor.Linkto("k")  # type: ignore[attr-defined]


def receive(verifier: webhooks.Verifier, seen: webhooks.Deduplicator, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        event: webhooks.Event = verifier.verify(body, headers)
    except WebhookVerificationError as error:
        return 413 if error.code == "payload_too_large" else 401
    if event.id is None or seen.begin(event.id) == "done":
        return 200
    if event.type == "message.received":
        message: dict[str, Any] = event.data()
        at: datetime | None = event.timestamp
        assert isinstance(message, dict)
        assert at is None or at.tzname() == "UTC"
        seen.commit(event.id)
        return 200
    seen.release(event.id)
    return 500


def use_webhooks() -> list[int]:
    own: list[webhooks.AnyScheme] = ["linktor", os.environ.get("SCHEME", "standard_webhooks"), PROVIDER, ACME]
    own.append(DOCUMENT)
    names: list[webhooks.EventType] = ["message.received", "flow.failed"]
    answers: list[int] = []
    for scheme in own:
        verifier = webhooks.Verifier(scheme, ["c2VjcmV0", b"b2xk"], tolerance=timedelta(minutes=1), size_limit=1000)
        for name in names:
            body = f'{{"id": "evt_{name}", "delivery": "evt_{name}", "type": "{name}", "data": {{}}}}'.encode()
            headers: dict[str, str] = webhooks.sign(scheme, body, "c2VjcmV0", timestamp=time.time())
            answers.append(receive(verifier, webhooks.Deduplicator(capacity=10), body, headers))
            webhooks.verify_signature(scheme, body, list(headers.items()), b"c2VjcmV0", now=datetime.now(timezone.utc))
            event = webhooks.verify(scheme, memoryview(body), [(b"host", b"a"), *headers.items()], "c2VjcmV0")
            webhooks.verify(scheme, body.decode(), {name: [value] for name, value in headers.items()}, "c2VjcmV0")
            webhooks.verify(scheme, event.content, email.message_from_string(head(headers)), "c2VjcmV0")
    return answers


def head(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in headers.items())


def test_what_is_typed_of_webhooks_runs() -> None:
    assert use_webhooks() == [200, 500] * 5


def test_what_is_typed_of_providers_runs() -> None:
    assert len(use_providers()) == 3


@pytest.mark.parametrize("options", [RequestOptions, PageOptions, ClientOptions, CredentialOptions])
def test_options_can_be_read_at_run_time(options: type) -> None:
    assert get_type_hints(options).keys() == options.__annotations__.keys()


def test_what_is_typed_runs(sandbox: Sandbox) -> None:
    base_url, key = sandbox.base_urls["linktor"], sandbox.credentials["linktor"]
    for source in (token, async_token):
        sandbox.script({"json": {"data": []}}, {"status": 429})
        assert use({"base_url": base_url, "token_source": source}) == (0, "None")
    sandbox.script({"json": {}}, {"json": {}}, {"json": {}})
    assert key
    assert asyncio.run(use_async({"base_url": base_url})) == "application/json"


def test_what_is_typed_of_limits_runs(sandbox: Sandbox) -> None:
    sandbox.script({"headers": {"X-RateLimit-Limit": "60"}, "json": {}})
    assert use_limits(sandbox.base_urls["linktor"]) == 0


def test_what_is_typed_of_sessions_and_lists_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    base_url = sandbox.base_urls["linktor"]
    oauth = OAuth(client_id="id", client_secret="invented", account="ada")
    act_for(APIClient(oauth=oauth, token_store=tmp_path / "tokens.json"), oauth)
    APIClient(jwt=JWT(secret="invented", subject="user-1", claims={"scopes": ["read:users"]}, ttl=60))
    sandbox.script(*[Answer(json={"data": [{"id": "a"}]})] * 3)
    ids, page = read(Linktor("k", base_url=base_url))
    assert (ids, page.items, page.next) == (["a"], [{"id": "a"}], None)
    sandbox.script(*[Answer(json={"data": [{"id": "a"}]})] * 4)
    assert read_first_page(Linktor("k", base_url=base_url)) == 2
    assert asyncio.run(read_first_page_async(AsyncLinktor("k", base_url=base_url))) == 2
    agent = AsyncLinktor(email="ada@example.com", password="invented", base_url=base_url)
    sandbox.script({"status": 401, "json": {}})
    assert asyncio.run(read_async(AsyncLinktor("k", base_url=base_url))) == ["a"]
    assert not asyncio.run(is_good(agent))
    claims: dict[str, Any] = jwt.verify(jwt.sign({"sub": "user-1"}, "invented", expires_in=60), "invented", leeway=5)
    assert claims["sub"] == "user-1"
