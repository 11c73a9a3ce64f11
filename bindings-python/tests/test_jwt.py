from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from linktor import AuthenticationError, ConfigError, InvalidRequestError, LinktorError, jwt

SECRET = "invented-secret"
NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


def test_what_is_signed_is_verified() -> None:
    claims = MappingProxyType({"sub": "user-1", "name": "Ada ü", "levels": [1, 2.5, None], "big": 2**53})
    token = jwt.sign(claims, SECRET, expires_in=900, issuer="api.example.com", now=NOON)
    at = NOON.timestamp()
    assert jwt.verify(token, SECRET, issuer="api.example.com", now=NOON) == {
        **claims,
        "iss": "api.example.com",
        "iat": at,
        "exp": at + 900,
    }
    assert jwt.verify(jwt.sign({}, SECRET), SECRET)


def test_times_are_datetimes_or_seconds() -> None:
    token = jwt.sign({}, SECRET, expires_in=60, now=NOON.timestamp())
    late = NOON + timedelta(seconds=90)
    assert jwt.verify(token, SECRET, leeway=31, now=late)["exp"] == NOON.timestamp() + 60
    elsewhere = late.astimezone(timezone(timedelta(hours=5)))
    for now in (late, elsewhere, late.timestamp()):
        with pytest.raises(AuthenticationError) as raised:
            jwt.verify(token, SECRET, now=now)
        assert raised.value.code == "token_expired"


def test_texts_may_be_bytes_and_lengths_of_time_timedeltas() -> None:
    token = jwt.sign({}, SECRET.encode(), expires_in=timedelta(minutes=1), now=NOON)
    late = NOON + timedelta(seconds=90)
    claims = jwt.verify(token.encode(), SECRET.encode(), leeway=timedelta(seconds=31), now=late)
    assert claims["exp"] - claims["iat"] == 60


@pytest.mark.parametrize("junk", ["\ud800", b"\xff"])
def test_a_token_that_is_no_text_is_malformed(junk: str | bytes) -> None:
    token: Any = jwt.sign({}, SECRET)
    if isinstance(junk, bytes):
        token = token.encode()
    for text in (junk, token + junk, junk + token, token[:20] + junk + token[20:]):
        with pytest.raises(AuthenticationError) as raised:
            jwt.verify(text, SECRET)
        assert raised.value.code == "token_malformed"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"secret": "\ud800"}, "secret"),
        ({"secret": b"\xff"}, "secret"),
        ({"secret": bytearray(b"invented")}, "secret"),
        ({"secret": None}, "secret must be a text"),
        ({"issuer": "\ud800"}, "issuer"),
        ({"issuer": 1}, "issuer must be a text"),
        ({"now": timedelta(1)}, "now"),
    ],
)
def test_an_argument_that_cannot_be_one_is_named(options: dict[str, Any], named: str) -> None:
    arguments = {"secret": SECRET, **options}
    for call in (lambda: jwt.sign({}, **arguments), lambda: jwt.verify("a.b.c", **arguments)):
        with pytest.raises(ConfigError, match=named):
            call()


@pytest.mark.parametrize("token", [None, 1, ["a.b.c"]])
def test_a_token_that_is_neither_text_nor_bytes_is_named(token: Any) -> None:
    with pytest.raises(ConfigError, match="token must be a text"):
        jwt.verify(token, SECRET)


@pytest.mark.parametrize("claims", [{"a": object()}, {"a": float("nan")}, {("a",): 1}, {"a": "\ud800"}])
def test_claims_that_json_cannot_express_are_refused(claims: dict[Any, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="claims"):
        jwt.sign(claims, SECRET)


@pytest.mark.parametrize("options", [{"expires_in": -1}, {"expires_in": float("nan")}, {"now": -1}])
def test_a_time_that_is_none_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        jwt.sign({}, SECRET, **options)


def test_no_error_shows_secret_or_token() -> None:
    token = jwt.sign({"sub": "user-1"}, SECRET)
    for call in (
        lambda: jwt.verify(token, "another"),
        lambda: jwt.verify(token[:-2], SECRET),
        lambda: jwt.verify(token, SECRET, issuer="other"),
        lambda: jwt.verify(token, SECRET, leeway=-1),
        lambda: jwt.sign({"exp": 1}, SECRET, expires_in=60),
        lambda: jwt.sign({}, None),  # type: ignore[arg-type]
    ):
        with pytest.raises(LinktorError) as raised:
            call()
        shown = f"{raised.value!r} {raised.value} {vars(raised.value)}"
        assert SECRET not in shown
        assert token not in shown
        assert token.split(".")[1] not in shown
