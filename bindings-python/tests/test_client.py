from __future__ import annotations

import asyncio
import base64
import copy
import io
import json
import pickle
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta
from enum import Enum, IntEnum
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

import linktor
from linktor import (
    JWT,
    APIClient,
    APIConnectionError,
    APIError,
    AsyncAPIClient,
    AsyncLibromiConnect,
    AsyncLinkit,
    AsyncLinktor,
    AuthenticationError,
    CallbackError,
    ClientOptions,
    ConfigError,
    CredentialOptions,
    DecodeError,
    InvalidRequestError,
    LibromiConnect,
    Linkit,
    Linktor,
    LinktorError,
    NotFoundError,
    OAuth,
    PageOptions,
    RateLimitError,
    RequestOptions,
    RequestTimeoutError,
)
from linktor._errors import from_record
from linktor.testing import Entry
from sandbox import Sandbox

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBfDCCASOgAwIBAgIUT56CKOJMvjyA3PSXtnabWGMeXKAwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIaW52ZW50ZWQwIBcNMjYxMTIyMTk1NzM0WhgPMjEyNjEwMjkx
OTU3MzRaMBMxETAPBgNVBAMMCGludmVudGVkMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEFCtcKaKLbGrDn9UF4qb1cd7+7ZY4IiINSLpMKOdEStTjiJOYaF4M8aon
mjV1nDK3400OgujVobVC8K6kwhS2LqNTMFEwHQYDVR0OBBYEFI/TLlVx+yV0eMHi
NqL94BvRdj/GMB8GA1UdIwQYMBaAFI/TLlVx+yV0eMHiNqL94BvRdj/GMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgfSqGYmarlD89UUDOvTIWtAT5
oLZa5v+LoMHubYoiFgcCICI32now5S/AxM7AGeHlaF15kkRDUlyzf5rjFUovTgxD
-----END CERTIFICATE-----
"""
"""A root whose key nobody has."""


def sent(sandbox: Sandbox) -> Entry:
    return sandbox.journal()[-1]


class Color(str, Enum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


def test_a_query_is_written_as_in_every_language(sandbox: Sandbox) -> None:
    params = {
        "text": "a b&ü",
        "none": None,
        "yes": True,
        "no": False,
        "whole": 10**20,
        "half": 0.5,
        "color": Color.RED,
        "size": Size.LARGE,
        "several": ["x", 1, None, True],
        "nothing": [],
    }
    sandbox.client().get("/me", params=params)
    assert sent(sandbox).query == (
        "text=a+b%26%C3%BC&yes=true&no=false&whole=100000000000000000000&half=0.5&color=red&size=3"
        "&several=x&several=1&several=true"
    )


def test_a_query_may_be_pairs(sandbox: Sandbox) -> None:
    sandbox.client().get("/me", params=[("a", 1), ("b", 2), ("a", 3)])
    assert sent(sandbox).query == "a=1&b=2&a=3"


@pytest.mark.parametrize("value", [{"a": 1}, b"x", object(), [[1]]])
def test_a_query_value_without_a_form_is_refused(sandbox: Sandbox, value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="params"):
        sandbox.client().get("/me", params={"a": value})
    with pytest.raises(InvalidRequestError, match="path_params"):
        sandbox.client().get("/things/{a}", path_params={"a": value})
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    ("keywords", "content_type", "body"),
    [
        ({"json": {"ü": [1, None, True]}}, "application/json", '{"ü":[1,null,true]}'),
        ({"json": []}, "application/json", "[]"),
        ({"json": 0, "content_type": "application/ld+json"}, "application/ld+json", "0"),
        ({"content": "ü", "content_type": "text/plain"}, "text/plain", "ü"),
        ({"content": bytearray(b"x")}, None, "x"),
        (
            {"form": {"a": [1, 2], "b": None, "c": "x y"}},
            "application/x-www-form-urlencoded",
            "a=1&a=2&c=x+y",
        ),
    ],
)
def test_a_body_is_sent_with_its_type(
    sandbox: Sandbox, keywords: dict[str, Any], content_type: str | None, body: str
) -> None:
    sandbox.script({"json": {}})
    sandbox.client().post("/contacts", **keywords)
    entry = sent(sandbox)
    assert (entry.headers.get("content-type"), entry.text) == (content_type, body)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {"a": {1, 2}}, {(1, 2): 3}, "\ud800"])
def test_what_json_cannot_express_is_refused_before_anything_is_sent(sandbox: Sandbox, value: Any) -> None:
    with pytest.raises(ValueError, match="json") as raised:
        sandbox.client().post("/contacts", json=value)
    assert isinstance(raised.value, InvalidRequestError)
    assert (raised.value.kind, raised.value.sent) == ("invalid_request", "no")
    assert isinstance(raised.value.__cause__, (TypeError, ValueError))
    assert sandbox.journal() == []


def test_endless_json_is_refused(sandbox: Sandbox) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidRequestError):
        sandbox.client().post("/contacts", json=endless)


@pytest.mark.parametrize("content", [3, -1, True, [1, 2], {"a": 1}, io.BytesIO(b"x"), io.StringIO("x")])
def test_content_is_bytes_or_text(sandbox: Sandbox, content: Any) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        sandbox.client().post("/contacts", content=content)
    assert raised.value.message == f"content must be bytes or text, not a {type(content).__name__}"
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    ("named", "options"),
    [
        ("params", {"params": "a=1"}),
        ("params", {"params": ["ab"]}),
        ("params", {"params": [1]}),
        ("params", {"params": 1}),
        ("params", {"params": {1: "a"}}),
        ("params", {"params": {"a": "\ud800"}}),
        ("form", {"form": "a=b"}),
        ("form", {"form": [("a", "b", "c")]}),
        ("form", {"form": {"a": "\ud800"}}),
        ("path_params", {"path_params": [("id", 1)]}),
        ("path_params", {"path_params": "id"}),
        ("path_params", {"path_params": {"id": "\ud800"}}),
        ("content", {"content": "\ud800"}),
        ("headers", {"headers": {"X-A": "\ud800"}}),
        ("organization_id", {"organization_id": "\ud800"}),
        ("request_id", {"request_id": 1}),
    ],
)
def test_a_keyword_of_another_type_is_an_error_that_names_it(
    sandbox: Sandbox, named: str, options: dict[str, Any]
) -> None:
    client, async_client = sandbox.client(), sandbox.async_client()
    for call in (
        lambda: client.post("/things", **options),
        lambda: asyncio.run(async_client.post("/things", **options)),
    ):
        with pytest.raises((ConfigError, InvalidRequestError), match=named):
            cast("Any", call)()
    assert sandbox.journal() == []


@pytest.mark.parametrize("text", [None, 1, b"/x", "/\ud800"])
def test_what_is_no_text_is_an_error_that_names_it(sandbox: Sandbox, text: Any) -> None:
    client, async_client = sandbox.client(), sandbox.async_client()
    for named, kind, call in (
        ("path", InvalidRequestError, lambda: client.get(text)),
        ("path", InvalidRequestError, lambda: asyncio.run(async_client.get(text))),
        ("path", InvalidRequestError, lambda: list(client.paginate(text))),
        ("method", InvalidRequestError, lambda: client.request(text, "/x")),
        ("organization_id", ConfigError, lambda: client.with_organization(text)),
    ):
        with pytest.raises(kind, match=named):
            cast("Any", call)()
    if text is not None:
        with pytest.raises(ConfigError, match="class_"):
            client.rate_limit(text)
    assert sandbox.journal() == []


def test_two_bodies_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidRequestError, match="several bodies"):
        sandbox.client().post("/contacts", json={}, content=b"x")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_verb_is_sent(sandbox: Sandbox, method: str) -> None:
    sandbox.script({"json": {}}, {"json": {}})
    client = sandbox.client()
    getattr(client, method)("/contacts")
    client.request(method, "/contacts")
    assert [entry.method for entry in sandbox.journal()] == [method.upper()] * 2


def test_unknown_options_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match="time_out"):
        Linktor("k", time_out=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="query"):
        sandbox.client().get("/me", query={})  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Linktor("k", "linkit")  # type: ignore[call-arg]


def test_the_options_that_are_known_are_those_of_the_types(sandbox: Sandbox) -> None:
    client = sandbox.client()
    for refuse, known in (
        (Linktor, ClientOptions),
        (client.with_credentials, CredentialOptions),
        (partial(client.get, "/me"), RequestOptions),
        (partial(client.paginate, "/me"), PageOptions),
    ):
        with pytest.raises(TypeError) as raised:
            cast("Any", refuse)(unknown=1)
        names = str(raised.value).partition("there are ")[2]
        assert set(names.split(", ")) == known.__optional_keys__


@pytest.mark.parametrize("option", ["timeout", "deadline"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1e300])
def test_a_time_that_is_none_is_refused(sandbox: Sandbox, option: str, value: float) -> None:
    with pytest.raises(ValueError, match=option):
        Linktor("k", **{option: value})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=option):
        sandbox.client().get("/me", **{option: value})  # type: ignore[arg-type]
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    "options", [{"timeout": "soon"}, {"headers": 3}, {"base_url": object()}, {"max_connections": 0}]
)
def test_an_option_of_another_type_is_a_config_error_that_names_it(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        Linktor("k", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"api_key": b"k"}, "api_key must be a text"),
        ({"access_token": bytearray(b"t")}, "access_token must be a text"),
        ({"anonymous": object()}, "anonymous must be true or false"),
        ({"api_key": "k", "timeout": timedelta(seconds=3)}, "timeout must be a number of seconds"),
        ({"api_key": "k", "connect_timeout": timedelta(seconds=3)}, "connect_timeout must be a number of seconds"),
        ({"api_key": "k", "max_retries": object()}, "max_retries must be a whole number, at least 0"),
        ({"api_key": "k", "headers": object()}, "headers must be texts by name"),
        ({"api_key": "k", "allow_insecure_http": object()}, "allow_insecure_http must be true or false"),
        ({"api_key": "k", "root_certificates": Path("ca.pem")}, "root_certificates must be certificates in PEM"),
    ],
)
def test_an_option_that_json_has_no_form_for_is_told_what_it_must_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Linktor(**options)
    assert raised.value.message == message


def test_a_call_says_that_its_times_are_numbers(sandbox: Sandbox) -> None:
    late: Any = timedelta(seconds=3)
    for option in ("timeout", "deadline", "max_retry_wait"):
        with pytest.raises(ConfigError, match=f"{option} must be a number of seconds"):
            sandbox.client().get("/me", **{option: late})


@pytest.mark.parametrize("written", [str, str.encode])
def test_certificates_are_text_or_bytes(written: Callable[[str], Any]) -> None:
    client = Linktor("k", root_certificates=written(CERTIFICATE))
    assert client.rate_limit() is None
    with pytest.raises(ConfigError, match="root_certificates"):
        Linktor("k", root_certificates=cast("Any", b"\xff\xfe"))


def jwt(**fields: Any) -> dict[str, JWT]:
    return {"jwt": JWT(**{"secret": "invented", "subject": "user-1", **fields})}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (jwt(claims={"roles": {"admin"}}), "jwt.claims"),
        (jwt(claims={"level": float("nan")}), "jwt.claims"),
        (jwt(secret=b"invented"), "jwt.secret"),
        (jwt(ttl=timedelta(minutes=5)), "jwt.ttl"),
        ({"oauth": OAuth(client_id="id", client_secret=b"invented")}, "oauth.client_secret"),  # type: ignore[arg-type]
        ({"api_key": "\ud800"}, "api_key"),
    ],
)
def test_a_field_that_json_cannot_express_is_named(options: dict[str, Any], named: str) -> None:
    for make in (APIClient, APIClient("k").with_credentials):
        with pytest.raises(ConfigError) as raised:
            make(**options)
        assert raised.value.message == f"{named} cannot be written as JSON"


def test_a_response_shows_what_came(sandbox: Sandbox) -> None:
    sandbox.script(
        {
            "headers": {"X-Thing": ["a", "b"], "X-Request-ID": "srv-1"},
            "json": {"success": True, "data": {"n": 2**70}},
        }
    )
    response = sandbox.client().get("/me")
    assert response.status_code == 200
    assert response.headers["x-THING"] == "a, b"
    assert response.headers.get_list("X-Thing") == ["a", "b"]
    assert isinstance(response.headers, Mapping)
    assert "X-Thing" in response.headers
    assert response.headers.get("nothing") is None
    assert response.content == response.text.encode()
    assert response.json() == {"success": True, "data": {"n": 2**70}}
    assert response.data() == {"n": 2**70}
    assert (response.request_id, response.attempts) == ("srv-1", 1)
    assert repr(response) == '<Response 200, request_id="srv-1">'


def test_a_body_that_is_no_json_is_a_decode_error_with_its_request(sandbox: Sandbox) -> None:
    sandbox.script({"body": "<html>"}, {"body_base64": "/w=="}, {"body": "[" * 100_000 + "]" * 100_000})
    client = sandbox.client()
    response = client.get("/me", request_id="req-1")
    for read in (response.json, response.data):
        with pytest.raises(DecodeError) as raised:
            read()
        error = raised.value
        assert (error.kind, error.status_code, error.request_id, error.sent) == (
            "decode",
            200,
            "req-1",
            "yes",
        )
        assert error.body == "<html>"
    with pytest.raises(DecodeError):
        _ = client.get("/me").text
    with pytest.raises(DecodeError):
        client.get("/me").json()


@pytest.mark.parametrize(
    "data", [b'"Jos\xe9"', b"[" * 100_000 + b"]" * 100_000, b"1" * 5000], ids=["latin-1", "nested", "digits"]
)
def test_what_only_the_parser_of_python_refuses_is_told_with_its_answer(sandbox: Sandbox, data: bytes) -> None:
    body = b'{"data": ' + data + b"}"
    sandbox.script({"status": 201, "body_base64": base64.b64encode(body).decode()})
    response = sandbox.client().post("/contacts", json={}, request_id="req-1")
    for read in (response.json, response.data):
        with pytest.raises(DecodeError) as raised:
            read()
        error = raised.value
        assert (error.status_code, error.request_id, error.attempts, error.sent) == (201, "req-1", 1, "yes")
        assert error.message == "the body is not the JSON that was expected"
        assert error.reason
        assert error.body.startswith('{"data": ')


@pytest.mark.parametrize("written", [str(2**63), str(-(2**200)), r'"Hi \ud83d"', f"{'[' * 400}1{']' * 400}"], ids=len)
def test_whatever_is_json_is_read(sandbox: Sandbox, written: str) -> None:
    sandbox.script({"body": f'{{"success": true, "data": {written}}}'})
    response = sandbox.client().get("/me")
    assert response.data() == response.json()["data"] == json.loads(written)


def test_presets_speak_their_family(sandbox: Sandbox) -> None:
    presets: list[tuple[Linktor | AsyncLinktor, str]] = [
        (Linkit("k"), "linkit"),
        (AsyncLinkit("k"), "linkit"),
        (LibromiConnect(api_token="1|k"), "libromi"),
        (LibromiConnect("1|k"), "libromi"),
        (AsyncLibromiConnect(api_token="1|k"), "libromi"),
        (APIClient("k"), "api_v2"),
        (APIClient("k", provider="api_v1"), "api_v1"),
        (AsyncAPIClient("k"), "api_v2"),
        (Linktor(api_key="k"), "linktor"),
    ]
    for client, family in presets:
        assert repr(client) == f"{type(client).__name__}(provider='{family}')"
    base = sandbox.base_urls["api_v1"]
    client = APIClient(sandbox.credentials["api_v1"]["api_key"], provider="api_v1", base_url=base)
    assert client.get("/users/me").status_code == 200
    assert repr(client) == f"APIClient(provider='api_v1', base_url='{base}')"


@pytest.mark.parametrize("preset", [Linkit, AsyncLinkit, LibromiConnect, APIClient])
def test_a_preset_speaks_no_other_family(preset: type[Linktor]) -> None:
    with pytest.raises(ConfigError, match="provider"):
        preset("k", provider="linktor")


@pytest.mark.parametrize("preset", [LibromiConnect, AsyncLibromiConnect])
def test_libromi_takes_one_token(preset: type[LibromiConnect]) -> None:
    with pytest.raises(ConfigError, match="api_token"):
        preset("1|k", api_token="1|k")


@pytest.mark.parametrize("name", ["api_key", "access_token"])
def test_a_credential_of_none_is_refused_and_not_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LINKTOR_API_KEY", "k")
    Linktor().close()
    with pytest.raises(ConfigError, match=name):
        Linktor(**{name: None})  # type: ignore[arg-type]


def test_a_token_of_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBROMI_API_TOKEN", "1|k")
    LibromiConnect()
    with pytest.raises(ConfigError, match="api_key"):
        LibromiConnect(api_token=None)  # type: ignore[arg-type]


def test_a_provider_of_ones_own_is_a_document(sandbox: Sandbox) -> None:
    sandbox.script({"json": {}})
    provider = {"name": "mine", "credentials": ["api_key"], "headers": {"api_key": "raw"}}
    client = Linktor("k-1", provider=provider, base_url=sandbox.base_urls["linktor"])
    client.get("/me")
    assert sent(sandbox).headers["authorization"] == "k-1"
    assert repr(client).startswith("Linktor(provider='mine'")


def test_classes_are_the_builtin_ones_too() -> None:
    assert issubclass(RequestTimeoutError, TimeoutError)
    assert issubclass(APIConnectionError, ConnectionError)
    assert issubclass(ConfigError, ValueError)
    assert issubclass(InvalidRequestError, ValueError)
    with pytest.raises(ConnectionError) as raised:
        Linktor("k", base_url="http://127.0.0.1:9", max_retries=0).get("/me")
    error = raised.value
    assert isinstance(error, APIConnectionError)
    assert (error.kind, error.sent, error.status, error.attempts) == ("connection", "no", None, 1)
    assert "refused" in str(error.reason)


def test_an_unknown_kind_is_the_base_class() -> None:
    error = from_record({"kind": "brand_new", "message": "m", "display": "brand_new: m"})
    assert type(error) is LinktorError
    assert error.kind == "brand_new"


def test_errors_made_by_hand_are_whole() -> None:
    error = RateLimitError("slow down")
    assert (error.kind, str(error), error.message, error.attempts) == (
        "rate_limited",
        "rate_limited: slow down",
        "slow down",
        0,
    )


def errors(sandbox: Sandbox) -> list[LinktorError]:
    def source() -> str:
        raise KeyError("vault")

    sandbox.script({"status": 429, "headers": {"Retry-After": "7"}, "json": {"error": {"message": "slow"}}})
    found: list[LinktorError] = []
    for client, path in [
        (sandbox.client(max_retries=0), "/me"),
        (sandbox.client(), "/nowhere"),
        (sandbox.client(api_key="wrong"), "/me"),
        (sandbox.client(token_source=source), "/me"),
        (Linktor("k", base_url="http://127.0.0.1:9", max_retries=0), "/me"),
        (sandbox.client(), "/{id}"),
    ]:
        with pytest.raises(LinktorError) as raised:
            client.get(path)
        found.append(raised.value)
    assert [type(error) for error in found] == [
        RateLimitError,
        NotFoundError,
        AuthenticationError,
        CallbackError,
        APIConnectionError,
        InvalidRequestError,
    ]
    assert found[0].retry_after == 7.0
    return found


def test_errors_survive_pickling_and_copying(sandbox: Sandbox) -> None:
    names = (
        "kind message status_code status code details request_id retry_after attempts waited sent method path body"
        " reason"
    ).split()
    for error in errors(sandbox):
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            assert type(again) is type(error)
            assert str(again) == str(error)
            assert [getattr(again, name) for name in names] == [getattr(error, name) for name in names]
            assert again.__cause__ is None or isinstance(error, CallbackError)


def test_a_deadline_after_an_answer_keeps_the_answer_as_its_cause(sandbox: Sandbox) -> None:
    sandbox.script({"status": 401, "json": {"code": "TOKEN_INVALID", "message": "invalid or expired token"}})
    sandbox.script({"delay_ms": 5000, "json": {}})
    tokens = iter(["t-1", "t-2"])
    with pytest.raises(RequestTimeoutError) as raised:
        sandbox.client(token_source=lambda: next(tokens)).get("/me", deadline=0.4)
    for error in (raised.value, pickle.loads(pickle.dumps(raised.value))):
        assert isinstance(error.__cause__, AuthenticationError)
        assert isinstance(error.__cause__, APIError)
        assert error.__cause__.status == 401


def test_a_loop_without_add_reader_is_refused_in_words(sandbox: Sandbox) -> None:
    class Proactor(asyncio.SelectorEventLoop):
        def add_reader(self, *_: Any) -> Any:  # type: ignore[override]
            raise NotImplementedError

    with closing(Proactor()) as loop, pytest.raises(RuntimeError, match="add_reader"):
        loop.run_until_complete(sandbox.async_client().get("/me"))
    assert sandbox.journal() == []


def test_the_version_is_the_package_s() -> None:
    from importlib.metadata import version

    assert linktor.__version__ == version("linktor")
