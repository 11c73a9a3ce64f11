"""What the vectors cannot say of webhooks: Python's own shapes of bodies, headers, secrets and events."""

from __future__ import annotations

import array
import ast
import base64
import doctest
import email.message
import gc
import hashlib
import hmac
import inspect
import itertools
import json
import mmap
import pickle
import random
import subprocess
import sys
import weakref
import wsgiref.headers
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

from linktor import ConfigError, DecodeError, InvalidRequestError, WebhookVerificationError, _scheme, webhooks
from linktor.webhooks import Deduplicator, Verifier, _delivery, _receiver, _verifier, sign, verify, verify_signature

SECRET = "invented-secret"
NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
BODY = '{"id":"evt_1","type":"message.received","timestamp":"2026-01-02T12:00:00.25+01:00","data":{"name":"Ada ü"}}'
SIGNED = sign("linktor", BODY, SECRET, timestamp=NOON)
LINKTOR = Verifier("linktor", SECRET, now=NOON)
Pairs = list[tuple[str, str]]
PAIRS: Pairs = [("Host", "example.com"), ("Accept", "a"), *SIGNED.items(), ("accept", "b")]


def code(call: Callable[..., object], *arguments: Any) -> str | None:
    with pytest.raises(WebhookVerificationError) as raised:
        call(*arguments)
    return raised.value.code


class Multi:
    """Headers that are no mapping, and whose items repeat their names: Werkzeug, aiohttp."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)


class Once(Mapping[str, str]):
    """A mapping that is no `dict`: Django, Starlette."""

    def __init__(self, pairs: Pairs) -> None:
        self._values = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def message(pairs: Pairs) -> email.message.Message:
    """What `http.server` has."""
    headers = email.message.Message()
    for name, value in pairs:
        headers[name] = value
    return headers


def asgi(pairs: Pairs) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in pairs]


class Joining(Multi):
    """Headers whose items join what is repeated: httpx."""

    def items(self) -> Iterator[tuple[str, str]]:
        joined: dict[str, str] = {}
        for name, value in self._pairs:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return iter(joined.items())

    def multi_items(self) -> Pairs:
        return self._pairs


def grouped(pairs: Pairs) -> dict[str, list[str]]:
    """What an AWS Lambda event has."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def as_bytes(pairs: Pairs) -> dict[bytes, tuple[bytes, ...]]:
    return {name.encode(): tuple(value.encode() for value in values) for name, values in grouped(pairs).items()}


REPEATING: list[Callable[[Pairs], Any]] = [
    list,
    tuple,
    deque,
    iter,
    Multi,
    Joining,
    message,
    asgi,
    grouped,
    as_bytes,
    wsgiref.headers.Headers,
    lambda pairs: [[name, value] for name, value in pairs],
    lambda pairs: (pair for pair in pairs),
]
SINGLE: list[Callable[[Pairs], Any]] = [
    dict,
    Once,
    lambda pairs: MappingProxyType(dict(pairs)),
    lambda pairs: {name.swapcase(): value for name, value in pairs},
    lambda pairs: {**dict(pairs), "X-Absent": None, "X-Nothing": []},
]


@pytest.mark.parametrize("shape", REPEATING + SINGLE)
def test_headers_come_in_the_shapes_of_frameworks(shape: Callable[[Pairs], Any]) -> None:
    assert LINKTOR.verify(BODY, shape(PAIRS)).id == "evt_1"
    LINKTOR.verify_signature(BODY, shape(PAIRS))
    assert code(LINKTOR.verify, BODY, shape(PAIRS[:3])) == "missing_signature"
    assert code(LINKTOR.verify, "{}", shape(PAIRS)) == "signature_mismatch"


@pytest.mark.parametrize("name", list(SIGNED))
@pytest.mark.parametrize("shape", REPEATING)
def test_a_repeated_header_is_refused_in_every_shape(shape: Callable[[Pairs], Any], name: str) -> None:
    for again in (name, name.lower()):
        headers = shape([*PAIRS, (again, SIGNED[name])])
        assert code(LINKTOR.verify, BODY, headers) == "malformed_signature"


def test_what_is_repeated_is_not_joined() -> None:
    scheme: webhooks.Scheme = {"signature": {"kind": "hmac", "header": "X-Sign"}, "event": {"type": ["X-Type"]}}
    headers = [*sign(scheme, BODY, SECRET).items(), ("X-Type", "a"), ("X-Type", "b")]
    for shape in (list, Multi, Joining):
        assert verify(scheme, BODY, shape(headers), SECRET).type is None


@pytest.mark.parametrize("name", list(SIGNED))
def test_two_cases_of_a_name_are_two_headers(name: str) -> None:
    twice = {**SIGNED, name.upper(): SIGNED[name]}
    assert code(LINKTOR.verify, BODY, twice) == "malformed_signature"


@pytest.mark.parametrize("value", [None, [], ()])
def test_a_header_that_is_none_is_not_there(value: Any) -> None:
    assert code(LINKTOR.verify, BODY, {**SIGNED, "X-Linktor-Signature": value}) == "missing_signature"
    assert LINKTOR.verify(BODY, {**SIGNED, "x-linktor-signature": value}).id == "evt_1"


@pytest.mark.parametrize(
    "headers",
    [None, 1, "ab", b"ab", ["ab"], [("a", "b", "c")], [("a",)], [None], {1: "a"}, {None: "a"}],
)
def test_headers_that_are_none_are_said_to_be(headers: Any) -> None:
    for call in (LINKTOR.verify, LINKTOR.verify_signature):
        with pytest.raises(TypeError, match="headers"):
            call(BODY, headers)


@pytest.mark.parametrize("value", [1, {}, [1], [None], [[]]])
def test_a_value_that_is_none_is_said_to_be(value: Any) -> None:
    with pytest.raises(TypeError, match="headers: names and values must be text or bytes"):
        LINKTOR.verify(BODY, {"x-linktor-signature": value})


def test_a_header_that_the_scheme_does_not_read_may_be_anything() -> None:
    others: Any = {"Host": 1, "Accept": object(), b"\xff": [None]}
    assert LINKTOR.verify(BODY, SIGNED | others).id == "evt_1"


def test_headers_that_a_finalizer_writes_to_are_read_as_they_were() -> None:
    headers: dict[str, Any] = {}

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            headers[f"x-{len(headers)}"] = "a"

    thresholds, finalized = gc.get_threshold(), 0
    try:
        for n in range(2000):
            gc.set_threshold(1 + n % 8, 1000, 1000)
            headers.clear()
            headers.update({name: [value] * 30 for name, value in SIGNED.items()}, a="b", c=["d"] * 30)
            gc.disable()
            Cycle()
            gc.enable()
            try:
                LINKTOR.verify(BODY, headers)
            except WebhookVerificationError as error:
                assert error.code == "malformed_signature"
            finalized += len(headers) > 4
    finally:
        gc.set_threshold(*thresholds)
        gc.enable()
    assert finalized


def test_what_the_headers_raise_is_raised() -> None:
    def broken() -> Iterator[tuple[str, str]]:
        yield "a", "b"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        LINKTOR.verify(BODY, broken())


@pytest.mark.parametrize("junk", ["\ud800", "é", b"\xff", "\x00", "\N{SNOWMAN}"])
def test_a_header_beyond_ascii_is_malformed(junk: Any) -> None:
    for name in SIGNED:
        for headers in ({**SIGNED, name: junk}, [*SIGNED.items(), (junk, "a"), (name, junk)]):
            assert code(LINKTOR.verify, BODY, headers) == "malformed_signature"
    assert LINKTOR.verify(BODY, {**SIGNED, junk: junk}).id == "evt_1"


def mapped(body: bytes) -> mmap.mmap:
    memory = mmap.mmap(-1, len(body))
    memory[:] = body
    return memory


BODIES: list[Callable[[bytes], Any]] = [
    bytes,
    bytearray,
    memoryview,
    bytes.decode,
    mapped,
    lambda body: array.array("B", body),
    lambda body: memoryview(b"<<" + body + b">>")[2:-2],
    lambda body: memoryview(bytes(byte for one in body for byte in (one, 0)))[::2],
    lambda body: memoryview(bytearray(body[::-1]))[::-1],
    lambda body: type("Text", (str,), {"encode": None})(body.decode()),
    type("Bytes", (bytes,), {}),
]


@pytest.mark.parametrize("shape", BODIES)
@pytest.mark.parametrize("size", [0, 100_000])
def test_a_body_is_what_has_its_bytes(shape: Callable[[bytes], Any], size: int) -> None:
    body = BODY.encode() + b" " * size
    signed = sign("linktor", shape(body), SECRET, timestamp=NOON)
    assert signed == sign("linktor", body, SECRET, timestamp=NOON)
    event = LINKTOR.verify(shape(body), signed)
    assert (type(event.content), event.content) == (bytes, body)
    assert event.data() == {"name": "Ada ü"}
    LINKTOR.verify_signature(shape(body), signed)


def test_bytes_are_not_copied() -> None:
    body = BODY.encode()
    assert LINKTOR.verify(body, SIGNED).content is body


def test_an_event_keeps_nothing_but_bytes() -> None:
    class Marker: ...

    class Holder(bytes):
        held: tuple[webhooks.Event, Marker]

    body = Holder(BODY.encode())
    body.held = LINKTOR.verify(body, SIGNED), Marker()
    gone = weakref.ref(body.held[1])
    del body
    gc.collect()
    assert gone() is None


def test_a_body_that_is_too_long_is_not_copied() -> None:
    program = """
import resource
from linktor import WebhookVerificationError, webhooks
body, verifier = bytearray(200_000_000), webhooks.Verifier("linktor", "invented")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for verify in (verifier.verify, verifier.verify_signature):
    try:
        verify(body, {})
    except WebhookVerificationError as error:
        print(error.code)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["payload_too_large", "payload_too_large", "True"]


@pytest.mark.parametrize("shape", [bytes, bytearray, memoryview])
def test_the_limit_is_of_bytes_in_every_shape(shape: Callable[[bytes], Any]) -> None:
    body = BODY.encode().ljust(100_001)
    signed = sign("linktor", body, SECRET)
    assert Verifier("linktor", SECRET, size_limit=100_001).verify(shape(body), signed).id == "evt_1"
    assert code(Verifier("linktor", SECRET, size_limit=100_000).verify, shape(body), signed) == "payload_too_large"


def test_a_body_that_is_written_to_later_does_not_change_the_event() -> None:
    body = bytearray(BODY.encode())
    event = LINKTOR.verify(body, SIGNED)
    body[:] = b"x" * len(body)
    assert event.content == BODY.encode()


@pytest.mark.parametrize("body", [None, {"id": "evt_1"}, ["a"], 1, object(), json.loads])
def test_what_is_no_raw_body_is_said_to_be(body: Any) -> None:
    for call in (
        lambda: LINKTOR.verify(body, SIGNED),
        lambda: LINKTOR.verify_signature(body, SIGNED),
        lambda: verify("linktor", body, SIGNED, SECRET),
        lambda: sign("linktor", body, SECRET),
    ):
        with pytest.raises(TypeError, match=r"raw body.*await request\.body\(\).*request\.get_data\(\)"):
            call()


def test_a_text_that_has_no_utf_8_is_signed_by_nobody() -> None:
    for body in ("\ud800", f"{BODY}\udc80", "\ud83d" * 100_000):
        assert code(LINKTOR.verify, body, SIGNED) == "signature_mismatch"
        with pytest.raises(InvalidRequestError, match="body is a text that has no UTF-8"):
            sign("linktor", body, SECRET)


def test_a_secret_is_text_or_bytes_or_several() -> None:
    several: list[Any] = [SECRET, SECRET.encode(), ["new", SECRET], ("new", SECRET.encode()), deque([b"\xff", SECRET])]
    for secret in several:
        assert verify("linktor", BODY, SIGNED, secret, now=NOON).id == "evt_1"
    assert code(Verifier("linktor", ["new", b"\xff"], now=NOON).verify, BODY, SIGNED) == "signature_mismatch"
    assert sign("linktor_body", BODY, "ü") == sign("linktor_body", BODY, "ü".encode())


@pytest.mark.parametrize(
    "secret",
    [None, "", b"", " \t\r\n", [], [None], ["a", ""], 1, [1], {"a": 1}, {"a"}, bytearray(b"a"), "\ud800", iter("a")],
)
def test_what_is_no_secret_is_an_error_of_configuration(secret: Any) -> None:
    for call in (lambda: Verifier("linktor", secret), lambda: sign("linktor", BODY, secret)):
        with pytest.raises(ConfigError, match="secret"):
            call()


@pytest.mark.parametrize("secret", [bytearray(b"a"), bytearray(), memoryview(b"a"), array.array("B", b"a")])
def test_a_buffer_is_no_secret_and_named(secret: Any) -> None:
    with pytest.raises(ConfigError, match=f"secret must be text or bytes, .* not {type(secret).__name__}"):
        Verifier("linktor", secret)


@pytest.mark.parametrize(
    "options",
    [
        {"tolerance": -1},
        {"tolerance": timedelta(seconds=-1)},
        {"tolerance": float("nan")},
        {"tolerance": float("inf")},
        {"tolerance": "300"},
        {"size_limit": 0},
        {"size_limit": -1},
        {"size_limit": 2.5},
        {"now": -1},
        {"now": "2026-01-02"},
        {"scheme": None},
        {"scheme": "linktr"},
        {"scheme": {}},
        {"scheme": {"signature": object()}},
    ],
    ids=str,
)
def test_an_option_that_cannot_be_one_is_an_error_of_configuration(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Verifier(**{"scheme": "linktor", "secret": SECRET, **options})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tolerance", Decimal(300), "seconds, or a timedelta"),
        ("tolerance", "300", "seconds, or a timedelta"),
        ("tolerance", float("inf"), "a length of time"),
        ("tolerance", float("nan"), "a length of time"),
        ("size_limit", Decimal(1), "a whole number of bytes"),
        ("now", date(2026, 1, 2), "a datetime, or seconds since 1970"),
        ("now", datetime.min, "a datetime, or seconds since 1970"),
        ("now", datetime.min.replace(tzinfo=timezone.utc), "a time since 1970"),
        ("now", 10**400, "a time since 1970"),
        ("timestamp", datetime.min, "a datetime, or seconds since 1970"),
        ("timestamp", Decimal(1), "a datetime, or seconds since 1970"),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_one_says_what_it_must_be(name: str, value: Any, expected: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be {expected}"):
        if name == "timestamp":
            sign("linktor", BODY, SECRET, timestamp=value)
        else:
            Verifier("linktor", SECRET, **{name: value})


def test_an_option_that_there_is_not_is_named() -> None:
    calls: list[Callable[..., object]] = [Verifier, verify, verify_signature, sign]
    for call in calls:
        with pytest.raises(TypeError, match="tolerence"):
            call("linktor", SECRET, tolerence=300)


def test_times_are_datetimes_or_seconds() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))
    for at in (NOON, elsewhere, NOON.timestamp(), int(NOON.timestamp())):
        assert sign("linktor", BODY, SECRET, timestamp=at) == SIGNED
        assert verify("linktor", BODY, SIGNED, SECRET, now=at).id == "evt_1"
    late = NOON + timedelta(seconds=61)
    for tolerance in (60, 60.9, timedelta(minutes=1)):
        stale = Verifier("linktor", SECRET, tolerance=tolerance, now=late)
        assert code(stale.verify, BODY, SIGNED) == "timestamp_out_of_tolerance"
    verify_signature("linktor", BODY, SIGNED, SECRET, tolerance=timedelta(seconds=61), now=late)
    assert code(LINKTOR.verify, BODY, sign("linktor", BODY, SECRET)) == "timestamp_out_of_tolerance"
    assert verify("linktor", BODY, sign("linktor", BODY, SECRET), SECRET).id == "evt_1"


def test_a_scheme_is_a_name_or_a_mapping() -> None:
    scheme: webhooks.Scheme = {
        "signature": {"kind": "hmac", "header": "X-Acme-Signature", "prefix": "sha256="},
        "event": {"id": ["/delivery"], "type": ["X-Acme-Event"], "data": [""]},
    }
    headers = sign(scheme, b'{"delivery": 7}', SECRET)
    digest = hmac.new(SECRET.encode(), b'{"delivery": 7}', hashlib.sha256).hexdigest()
    assert headers == {"X-Acme-Signature": f"sha256={digest}"}
    forms: list[Any] = [scheme, MappingProxyType(scheme)]
    for form in forms:
        event = verify(form, b'{"delivery": 7}', {**headers, "x-acme-event": "parcel.sent"}, SECRET)
        assert (event.id, event.type, event.timestamp, event.data()) == ("7", "parcel.sent", None, {"delivery": 7})


def test_an_event_says_what_its_body_says() -> None:
    event = LINKTOR.verify(BODY, SIGNED)
    assert (event.id, event.type, event.organization) == ("evt_1", "message.received", None)
    assert event.timestamp == datetime(2026, 1, 2, 11, 0, 0, 250_000, tzinfo=timezone.utc)
    assert event.timestamp.tzinfo is timezone.utc
    assert event.data() == {"name": "Ada ü"}
    assert event.data() is not event.data()


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ('"2026-01-02T12:00:00.123456Z"', NOON.replace(microsecond=123_456)),
        ('"2026-01-02T12:00:00.999999Z"', NOON.replace(microsecond=999_999)),
        ('"1969-12-31T23:59:59.5Z"', datetime(1969, 12, 31, 23, 59, 59, 500_000, timezone.utc)),
        ('"0001-01-01T00:00:00Z"', datetime(1, 1, 1, tzinfo=timezone.utc)),
        ('"9999-12-30T00:00:00Z"', datetime(9999, 12, 30, tzinfo=timezone.utc)),
        ('"0000-12-31T00:00:00Z"', None),
        ('"-009990-01-01T00:00:00Z"', None),
        ("1767355200123", NOON.replace(microsecond=123_000)),
    ],
)
def test_a_time_is_one_of_utc_where_python_has_it(time: str, expected: datetime | None) -> None:
    body = f'{{"timestamp": {time}}}'
    assert verify("linktor_body", body, sign("linktor_body", body, SECRET), SECRET).timestamp == expected


def test_an_event_cannot_be_changed_and_shows_no_data() -> None:
    event = LINKTOR.verify(BODY, SIGNED)
    for name in ("id", "type", "timestamp", "organization", "content", "data", "extra"):
        with pytest.raises(AttributeError):
            setattr(event, name, None)
    with pytest.raises(TypeError):
        type(event)()
    assert repr(event) == str(event) == '<Event id="evt_1", type="message.received">'
    with pytest.raises(AttributeError):
        LINKTOR.extra = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("written", "data"),
    [
        (str(2**63), 2**63),
        (f"[{-(2**200)}]", [-(2**200)]),
        (r'"Hi \ud83d"', "Hi \ud83d"),
        (r'{"\udc00": [9223372036854775808]}', {"\udc00": [2**63]}),
        (f'{"[" * 400}"ü"{"]" * 400}', None),
    ],
)
def test_data_is_whatever_is_json(written: str, data: Any) -> None:
    for body in (f'{{"id": "evt_1", "data": {written}}}', f'\ufeff{{"data": {written}}}'):
        read = verify("linktor_body", body, sign("linktor_body", body, SECRET), SECRET).data()
        assert read == (json.loads(written) if data is None else data)


DEEP = f'{{"data": {"[" * 100_000 + "]" * 100_000}}}'


@pytest.mark.parametrize("body", ["", "no JSON", b"\xff", "{", '{"data": 1} x', b'{"data": "\xff"}', DEEP], ids=len)
def test_data_of_what_is_no_json_is_an_error_that_does_not_show_it(body: Any) -> None:
    event = verify("linktor_body", body, sign("linktor_body", body, SECRET), SECRET)
    assert (event.id, event.type, event.timestamp, event.organization) == (None, None, None, None)
    with pytest.raises(DecodeError) as raised:
        event.data()
    assert (raised.value.kind, raised.value.body, raised.value.attempts) == ("decode", "", 0)


def test_an_error_can_be_pickled() -> None:
    with pytest.raises(WebhookVerificationError) as raised:
        LINKTOR.verify("{}", SIGNED)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert isinstance(copy, WebhookVerificationError)
    assert (str(copy), copy.code, copy.kind) == (str(raised.value), "signature_mismatch", "webhook_verification")
    assert (copy.sent, copy.attempts, copy.status_code) == ("no", 0, None)


def test_what_holds_keys_or_claims_is_not_pickled() -> None:
    for thing in (LINKTOR, Deduplicator()):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(thing)


def key(prefix: str, numbers: str) -> str:
    return prefix + base64.b64encode(bytes.fromhex(numbers)).decode()


# RFC 8032, 7.1, test 1.
PRIVATE = key("whsk_", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = key("whpk_", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
KEYS: dict[webhooks.SchemeName, tuple[str, str]] = {
    "linktor": (SECRET, SECRET),
    "linktor_body": (SECRET, SECRET),
    "libromi": (SECRET, SECRET),
    "api_v1": (SECRET, SECRET),
    "api_v2": (SECRET, SECRET),
    "x_hub_signature_256": (SECRET, SECRET),
    "standard_webhooks": (key("whsec_", "00" * 24), key("whsec_", "00" * 24)),
    "standard_webhooks_v1a": (PRIVATE, PUBLIC),
}


REFUSALS: set[str | None] = {"missing_signature", "malformed_signature", "signature_mismatch"}
VALUES = [
    b'""',
    b'"a"',
    b"1e999",
    b"-1",
    b'"\\ud800"',
    b"null",
    b"[1]",
    b'"1767355200"',
    b"\xff",
    b"9" * 400,
    b'"\\u0000"',
]


@pytest.mark.parametrize("scheme", KEYS)
def test_garbage_is_refused_and_never_worse(scheme: webhooks.SchemeName) -> None:
    chance = random.Random(7)
    private, public = KEYS[scheme]
    verifier = Verifier(scheme, public)
    names = list(sign(scheme, b"", private))

    def junk() -> Any:
        size = chance.choice([0, 1, 16, 64, 71, 400])
        raw = chance.choice([chance.randbytes(size), bytes(chance.choices(b"0aF=,.v1 sha256\t", k=size))])
        text = "".join(map(chr, chance.choices([32, 48, 97, 233, 0xD800, 0x1F600], k=size)))
        return chance.choice([raw, raw.decode("latin-1"), text, [raw, text], None])

    for _ in range(500):
        body = chance.choice([chance.randbytes(chance.choice([0, 9, 999, 70_000])), BODY, "\ud800"])
        headers = {name: junk() for name in names} | {"X-GitHub-Delivery": junk(), chance.randbytes(3): junk()}
        assert code(verifier.verify, body, headers) in REFUSALS


@pytest.mark.parametrize("scheme", KEYS)
def test_whatever_is_signed_is_verified_and_can_be_looked_at(scheme: webhooks.SchemeName) -> None:
    chance = random.Random(7)
    private, public = KEYS[scheme]
    verifier = Verifier(scheme, public)
    for _ in range(500):
        body = chance.choice(
            [
                chance.randbytes(chance.choice([0, 1, 99, 70_000])),
                bytes(chance.choices(b'{}[]":,\\u"0123dtyeiasp \xef\xbb\xbf', k=40)),
                b'{"id":%b,"type":%b,"timestamp":%b,"data":%b}' % tuple(chance.choices(VALUES, k=4)),
            ]
        )
        event = verifier.verify(body, sign(scheme, body, private))
        shown = (repr(event), event.id, event.type, event.timestamp, event.organization, event.content)
        assert shown[-1] == body
        try:
            event.data()
        except DecodeError as error:
            assert error.kind == "decode"


def test_threads_share_a_verifier() -> None:
    bodies = [BODY + " " * (n % 3) * 50_000 for n in range(60)]
    signed = [sign("linktor", body, SECRET, timestamp=NOON) for body in bodies]

    def check(n: int) -> tuple[str | None, str | None]:
        event = LINKTOR.verify(bodies[n % 60].encode(), signed[n % 60])
        return event.id, code(LINKTOR.verify, bodies[n % 60], signed[(n + 1) % 60])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(check, range(600))) == {("evt_1", "signature_mismatch")}


def test_of_many_threads_one_gets_an_event() -> None:
    seen = Deduplicator()
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda n: seen.begin(f"evt_{n // 20}"), range(2000)))
    assert (begun.count("new"), begun.count("in_progress")) == (100, 1900)


def test_a_deduplicator_says_what_it_cannot_take() -> None:
    seen = Deduplicator(capacity=1)
    blank: list[Any] = ["", " ", None]
    for name in ("begin", "commit", "release"):
        for nothing in blank:
            with pytest.raises(InvalidRequestError, match="no id"):
                getattr(seen, name)(nothing)
        with pytest.raises(InvalidRequestError, match="has no UTF-8"):
            getattr(seen, name)("\ud800")
        for wrong in (1, b"evt_1"):
            with pytest.raises(TypeError):
                getattr(seen, name)(wrong)
    bad: list[Any] = [0, -1, 1.5, "a", True, float("nan")]
    for capacity in bad:
        with pytest.raises(ConfigError, match="capacity"):
            Deduplicator(capacity)


def test_nothing_is_kept_of_what_was_verified() -> None:
    body = BODY.encode() + b"\n"
    headers = sign("linktor", body, SECRET, timestamp=NOON)
    values = [body, headers, *headers, *headers.values()]
    before = [sys.getrefcount(value) for value in values]
    for _ in range(100):
        LINKTOR.verify(body, headers).data()
        assert code(LINKTOR.verify, b"{}", headers) == "signature_mismatch"
    gc.collect()
    assert [sys.getrefcount(value) for value in values] == before


MODULES = (webhooks, _scheme, _verifier, _delivery, _receiver)


@pytest.mark.parametrize("name", webhooks.__all__)
def test_what_is_public_is_documented(name: str) -> None:
    public = getattr(webhooks, name)
    if inspect.isclass(public) or inspect.isroutine(public):
        assert public.__doc__
        assert public.__module__ in {module.__name__ for module in MODULES}
    else:
        assert name in set[str]().union(*map(documented, MODULES))


def documented(module: ModuleType) -> set[str]:
    """The names whose assignment is followed by a text."""
    body = ast.parse(inspect.getsource(module)).body
    return {
        one.target.id
        for one, after in itertools.pairwise(body)
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
    }


def test_the_examples_of_the_documentation_run() -> None:
    outcomes = [doctest.testmod(module) for module in MODULES]
    assert (sum(one.failed for one in outcomes), sum(one.attempted for one in outcomes) > 20) == (0, True)
    finder = doctest.DocTestFinder()
    shown = {
        test.name.removeprefix(f"{module.__name__}.")
        for module in MODULES
        for test in finder.find(module)
        if test.examples
    }
    assert shown >= {
        "linktor.webhooks",
        "Receiver.receive",
        "Verifier",
        "Deduplicator",
        "verify",
        "verify_signature",
        "sign",
    }
