"""Providers of one's own: what they take, what they are, and where they are taken."""

from __future__ import annotations

import asyncio
import copy
import doctest
import json
import pickle
import re
from types import MappingProxyType
from typing import Any

import pytest

from linktor import (
    APIClient,
    APIError,
    AsyncLinkit,
    AsyncLinktor,
    ConfigError,
    LibromiConnect,
    Linkit,
    Linktor,
    Provider,
    _provider,
    _scheme,
    webhooks,
)
from linktor.testing import Answer
from sandbox import ROOT, Sandbox

FAMILIES = ["linktor", "linkit", "libromi", "api_v1", "api_v2"]
SIXTH = ROOT / "examples" / "rust" / "sixth_api.json"
PARCELS = Provider(
    name="parcels",
    credentials=["api_key", "password"],
    headers={"api_key": "raw", "organization": "x-depot", "request_id": "x-trace"},
    auth={
        "login": "/login",
        "test": {"path": "/whoami"},
        "grant": {
            "access_token": ["/session/token"],
            "expires_in": ["/session/seconds"],
            "organization": ["/depot"],
            "user": ["/clerk"],
        },
    },
    refreshable={"codes": ["SESSION_OVER"]},
    envelope={"keys": ["data", "more"], "list_keys": ["more"]},
    paging={"page_parameter": "p", "size_parameter": "n", "max_size": 50, "has_next": ["/more"]},
    errors={"code": ["/fault"], "message": ["/reason"]},
)


def own(**fields: Any) -> Provider:
    return Provider(**{"name": "mine", "credentials": ["api_key"], **fields})


def test_json_text_bytes_mappings_and_keywords_make_the_same_provider() -> None:
    text = SIXTH.read_text(encoding="utf-8")
    document = json.loads(text)
    read = [text, text.encode(), bytearray(text.encode()), document, MappingProxyType(document), PARCELS]
    assert {Provider.from_json(one) for one in read} == {PARCELS}


LOGIN = {"session": {"token": "parcel-token", "seconds": 600}, "depot": "north", "clerk": {"email": "c@example.com"}}
ANSWERS: list[Answer] = [
    {"json": LOGIN},
    {"json": {"name": "Clerk"}},
    {"json": {"data": ["P-1", "P-2"], "more": True}},
    {"status": 401, "json": {"fault": "SESSION_OVER", "reason": "log in again"}},
    {"json": LOGIN},
    {"json": {"data": ["P-3"], "more": False}},
    {"status": 404, "json": {"fault": "NO_SUCH_PARCEL", "reason": "it is lost"}},
]


@pytest.mark.parametrize("provider", [PARCELS, dict(PARCELS), json.loads(SIXTH.read_text(encoding="utf-8"))])
def test_a_client_speaks_as_its_provider_says(sandbox: Sandbox, provider: Any) -> None:
    base_url = sandbox.base_urls["linktor"]
    sandbox.script(*ANSWERS)
    client = Linktor(provider=provider, base_url=base_url, email="clerk@example.com", password="invented")
    assert client.auth.test().data == {"name": "Clerk"}
    session = client.auth.session()
    assert session is not None
    assert (session.organization, session.user) == ("north", {"email": "c@example.com"})
    assert list(client.paginate("/parcels", params={"n": 80})) == ["P-1", "P-2", "P-3"]
    with pytest.raises(APIError, match="it is lost") as raised:
        client.get("/lost")
    assert raised.value.code == "NO_SUCH_PARCEL"
    entries = sandbox.journal()
    called = [f"{entry.path.rsplit('/', 1)[1]}?{entry.query or ''}" for entry in entries]
    assert called == [
        "login?",
        "whoami?",
        "parcels?n=50&p=1",
        "parcels?n=50&p=2",
        "login?",
        "parcels?n=50&p=2",
        "lost?",
    ]
    headers = dict(entries[-1].headers)
    assert (headers["authorization"], headers["x-depot"], "x-trace" in headers) == (
        "Bearer parcel-token",
        "north",
        True,
    )
    assert repr(client) == f"Linktor(provider='parcels', base_url={base_url!r})"


def test_an_async_client_takes_one_too(sandbox: Sandbox) -> None:
    async def call() -> Any:
        async with AsyncLinktor("k-1", provider=PARCELS, base_url=sandbox.base_urls["linktor"]) as client:
            return (await client.get("/parcels")).data()

    sandbox.script({"json": {"data": None, "more": False}})
    assert asyncio.run(call()) == []
    assert dict(sandbox.journal()[0].headers)["authorization"] == "k-1"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_built_in_family_is_data_too(sandbox: Sandbox, family: Any) -> None:
    provider = Provider.named(family)
    document = json.loads(provider.to_json())
    assert (document["name"], dict(provider), len(provider)) == (family, document, len(document))
    assert Provider.from_json(provider.to_json()) == Provider.from_json(document) == provider
    assert Provider.from_json(provider.to_json()).to_json() == provider.to_json()
    assert sandbox.client(family, provider=provider).auth.test().valid
    assert repr(provider) == f"<Provider {family!r}>"


def test_what_is_left_out_has_its_default() -> None:
    provider = own()
    assert json.loads(provider.to_json()) == dict(provider)
    assert provider == own(base_url=None, webhook=None, paging={}, headers={"fixed": {}}, refreshable="never")
    assert provider["paging"]["items"] == ["/data", ""]
    assert provider["auth"]["grant"]["access_token"] == ["/access_token"]
    assert own(auth={"oauth": {}})["auth"]["oauth"] == {"authorize": "/oauth/authorize", "token": "/oauth/token"}
    assert (provider.get("base_url"), "webhook" in provider) == (None, False)


def test_a_replaced_field_is_another_and_the_rest_stays() -> None:
    family = Provider.named("api_v1")
    mine = family.replace(base_url="https://api.example.org/v1", paging={"max_size": 10}, webhook=None)
    changed = {name for name in family if mine.get(name) != family[name]}
    assert changed == {"base_url", "paging", "webhook"}
    assert mine["paging"]["total"] == []
    assert (family.replace(), family.replace(name="mine")["name"]) == (family, "mine")


def test_it_is_a_value_that_nobody_changes() -> None:
    twin = Provider.from_json(PARCELS.to_json())
    assert (twin, hash(twin)) == (PARCELS, hash(PARCELS))
    assert own(rate={"tiers": {"a": [{"limit": 1, "window": 60}]}}) == own(
        rate={"tiers": {"a": [{"window": 60.0, "limit": 1, "class": None}]}}
    )
    others: list[object] = [PARCELS.replace(name="other"), dict(PARCELS), PARCELS.to_json(), None]
    assert PARCELS not in others
    for copied in (copy.copy(PARCELS), copy.deepcopy(PARCELS), pickle.loads(pickle.dumps(PARCELS))):
        assert copied == PARCELS
    PARCELS["paging"]["max_size"] = 1
    assert twin == PARCELS
    with pytest.raises(AttributeError):
        PARCELS.name = "other"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        PARCELS["name"] = "other"  # type: ignore[index]


DEEP: Any = []
for _ in range(1000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"pagging": {}}, "pagging"),
        ({"paging": {"max_siz": 10}}, "paging.max_siz"),
        ({"paging": {"max_size": "10"}}, "paging.max_size: "),
        ({"paging": {"max_size": 1.5}}, "paging.max_size: "),
        ({"paging": {"max_size": True}}, "paging.max_size: "),
        ({"paging": {"max_size": -1}}, "paging.max_size: "),
        ({"paging": {"max_size": 10**400}}, "paging.max_size: "),
        ({"paging": {"max_size": 0}}, "max_size"),
        ({"paging": {"max_size": float("nan")}}, "paging cannot be written"),
        ({"paging": {"max_size": float("inf")}}, "paging cannot be written"),
        ({"paging": {"items": [b"/data"]}}, "paging cannot be written"),
        ({"paging": {"items": "/data"}}, "paging.items: "),
        ({"paging": {"items": ["data"]}}, "paging.items "),
        ({"paging": ["p", "n"]}, "paging: a list"),
        ({"paging": None}, "paging: "),
        ({"paging": DEEP}, "paging"),
        ({"name": b"mine"}, "name cannot be written"),
        ({"name": "\ud800"}, "name cannot be written"),
        ({"name": "my api"}, "name must be"),
        ({"name": None}, "name: "),
        ({"base_url": 1}, "base_url: "),
        ({"credentials": ["cookie"]}, "credentials[0]: "),
        ({"credentials": {"api_key"}}, "credentials cannot be written"),
        ({"credentials": ["password"]}, "auth.login"),
        ({"headers": {"token": "Basic"}}, "headers.token: "),
        ({"headers": {"fixed": {"x-a": 1}}}, "headers.fixed.x-a: "),
        ({"refreshable": {"code": []}}, "refreshable"),
        ({"auth": {"test": {}}}, "auth.test: missing field `path`"),
        ({"auth": {"test": {"path": "/me", "query": {"a": "b"}}}}, "auth.test.query: "),
        ({"unsafe_routes": [{"path": "/a"}, ["GET", "/b"]]}, "unsafe_routes[1]: a list"),
        ({"unsafe_routes": [{"path": "a"}]}, "unsafe_routes"),
        ({"rate": {"tiers": {"free": [{"limit": 1, "window": "1m"}]}}}, "rate.tiers.free[0].window: "),
        ({"rate": {"tiers": {"free": [{"limit": 1, "window": 0}]}}}, "rate.tiers: `free`"),
        ({"rate": {"default_tier": {"named": "free"}}}, "rate.default_tier"),
        ({"webhook": {"signature": {"kind": "hmac"}}}, "webhook.signature: missing field `header`"),
        ({"webhook": {"signature": {"kind": "hmac", "header": "a b"}}}, "a b"),
        ({"webhook": "linktor"}, "webhook: "),
    ],
)
def test_what_cannot_be_is_refused_by_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(place)) as raised:
        own(**fields)
    assert (raised.value.kind, raised.value.attempts) == ("config", 0)


@pytest.mark.parametrize(
    "document",
    [
        None,
        1,
        "",
        "parcels",
        "[]",
        "null",
        "{",
        b"\xff",
        "\ud800",
        b'{"name": "\xff"}',
        '{"a": 1} x',
        {},
        {1: 2},
        [],
        (),
    ],
    ids=repr,
)
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(ConfigError):
        Provider.from_json(document)


@pytest.mark.parametrize("name", ["", "parcels", "\ud800", None, b"linktor"])
def test_there_is_no_other_family(name: Any) -> None:
    with pytest.raises(ConfigError):
        Provider.named(name)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="missing field `credentials`"):
        Provider(name="mine")  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match=r"auth\.oauth"):
        Provider.named("linktor").replace(credentials=["oauth"])


@pytest.mark.parametrize("preset", [Linkit, AsyncLinkit, LibromiConnect, APIClient])
def test_a_preset_takes_none(preset: type[Linktor]) -> None:
    for provider in (PARCELS, Provider.named("linkit")):
        with pytest.raises(ConfigError, match=f"provider of {preset.__name__}"):
            preset("k", provider=provider)


def test_its_deliveries_are_verified() -> None:
    provider = own(webhook={"signature": {"kind": "hmac", "header": "X-Sign"}, "event": {"id": ["/delivery"]}})
    headers = webhooks.sign(provider, '{"delivery": "d-1"}', "invented")
    assert list(headers) == ["X-Sign"]
    for scheme in (provider, dict(provider), {"name": "a", "credentials": [], "webhook": provider["webhook"]}):
        assert webhooks.Verifier(scheme, "invented").verify('{"delivery": "d-1"}', headers).id == "d-1"  # type: ignore[arg-type]
    assert webhooks.sign(Provider.named("libromi"), "{}", "a") == webhooks.sign("libromi", "{}", "a")
    for silent in (PARCELS, Provider.named("linkit")):
        with pytest.raises(ConfigError, match=silent["name"]):
            webhooks.Verifier(silent, "invented")


UNKNOWN = {"?": 1}
TYPES: list[tuple[dict[str, Any], type]] = [
    (UNKNOWN, _provider.ProviderDocument),
    (UNKNOWN, _provider.ProviderChanges),
    ({"environment": UNKNOWN}, _provider.Environment),
    ({"headers": UNKNOWN}, _provider.HeaderRules),
    ({"auth": UNKNOWN}, _provider.AuthRules),
    ({"auth": {"oauth": UNKNOWN}}, _provider.OAuthRules),
    ({"auth": {"test": UNKNOWN}}, _provider.TestCall),
    ({"auth": {"grant": UNKNOWN}}, _provider.GrantFields),
    ({"unsafe_routes": [UNKNOWN]}, _provider.Route),
    ({"rate": UNKNOWN}, _provider.RateRules),
    ({"rate": {"classes": [UNKNOWN]}}, _provider.RateClass),
    ({"rate": {"tiers": {"free": [UNKNOWN]}}}, _provider.TierLimit),
    ({"paging": UNKNOWN}, _provider.Paging),
    ({"envelope": UNKNOWN}, _provider.Envelope),
    ({"errors": UNKNOWN}, _provider.ErrorFields),
    ({"webhook": UNKNOWN}, _scheme.Scheme),
    ({"webhook": {"event": UNKNOWN}}, _scheme.EventFields),
]


@pytest.mark.parametrize(("fields", "kind"), TYPES)
def test_the_types_have_the_fields_of_the_core(fields: dict[str, Any], kind: type) -> None:
    with pytest.raises(ConfigError, match=r"unknown field `\?`") as raised:
        own(**fields)
    assert set(re.findall("`([a-z_]+)`", str(raised.value))) == kind.__annotations__.keys()


def test_the_examples_of_the_documentation_run() -> None:
    failed, attempted = doctest.testmod(_provider)
    assert (failed, attempted) == (0, 9)


def test_the_example_of_the_page_runs() -> None:
    page = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], scope)
    assert repr(scope["client"]) == "Linktor(provider='parcels')"
