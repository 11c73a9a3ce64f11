"""What a case expects against what came: every difference is a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import linktor
from linktor import AuthorizationRequest, AuthTest, Headers, LinktorError, RateLimit, Response, Session
from linktor.testing import Entry

OF_TRANSPORT = {"host", "connection", "content-length", "accept-encoding"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECONDS_APART = 5
RESET_APART = 2


def compare(diff: list[str], where: str, expected: object, actual: object) -> None:
    if expected != actual or type(expected) is not type(actual):
        diff.append(f"{where}: expected {expected!r}, got {actual!r}")


def unexpected_success(diff: list[str], where: str, expect: dict[str, Any] | None) -> None:
    if expect is not None and "error" in expect:
        diff.append(f"{where}: expected {expect['error']!r}, and nothing was raised")


def compare_response(diff: list[str], where: str, expect: dict[str, Any], response: Response) -> None:
    if "error" in expect:
        try:
            # A 2xx whose envelope, or whose body, is wrong says so when it is read.
            response.data()
        except LinktorError as error:
            return compare_error(diff, where, expect, error)
        return unexpected_success(diff, where, expect)
    readers: dict[str, Callable[[], object]] = {
        "status": lambda: response.status_code,
        "json": response.json,
        "data": response.data,
        "text": lambda: response.text,
        "attempts": lambda: response.attempts,
        "request_id": lambda: response.request_id,
    }
    fields = dict(expect)
    if "rate_limit" in fields:
        compare_rate_limit(diff, f"{where}.rate_limit", fields.pop("rate_limit"), response.rate_limit)
    if "waited" in fields:
        compare_waited(diff, f"{where}.waited", fields.pop("waited"), response.waited)
    return compare_fields(diff, where, fields, readers)


def compare_fields(
    diff: list[str], where: str, expect: dict[str, Any], readers: dict[str, Callable[[], object]]
) -> None:
    for name, expected in expect.items():
        try:
            actual = readers[name]()
        except LinktorError as error:
            if not (isinstance(expected, dict) and "error" in expected):
                diff.append(f"{where}.{name}: expected {expected!r}, got {error!r}")
            else:
                compare_error(diff, f"{where}.{name}", expected, error)
        else:
            compare(diff, f"{where}.{name}", expected, actual)


def compare_value(diff: list[str], where: str, expect: dict[str, Any], value: object) -> None:
    """The result of anything but a request, whose fields, items or other names the step has."""
    unexpected_success(diff, where, expect)
    if "rate_limit" in expect:
        compare_rate_limit(diff, f"{where}.rate_limit", expect["rate_limit"], value)
    elif "headers" in expect:
        compare(diff, f"{where}.headers", lower(expect["headers"]), lower(value))
    elif isinstance(value, AuthorizationRequest):
        if "url" in expect:
            compare_url(diff, f"{where}.url", expect["url"], value.url)
    elif isinstance(value, (Session, AuthTest)) and expect.get("value") is not None:
        for name, expected in expect["value"].items():
            actual = getattr(value, name)
            if name == "expires_in" and expected is not None and actual is not None:
                if abs(expected - actual) > SECONDS_APART:
                    diff.append(f"{where}.expires_in: expected about {expected}, got {actual}")
            else:
                compare(diff, f"{where}.{name}", expected, actual)
    else:
        for name in expect.keys() & {"value", "items", "claims", "token", "types"}:
            compare(diff, f"{where}.{name}", expect[name], value)


def lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def compare_rate_limit(diff: list[str], where: str, expect: dict[str, Any] | None, actual: object) -> None:
    if expect is None or not isinstance(actual, RateLimit):
        return compare(diff, where, expect, actual)
    for name, expected in expect.items():
        known = actual.class_ if name == "class" else getattr(actual, name)
        if name == "reset" and expected is not None and known is not None:
            if abs(expected - known) > RESET_APART:
                diff.append(f"{where}.reset: expected about {expected}, got {known}")
        else:
            compare(diff, f"{where}.{name}", expected, known)
    return None


def compare_waited(diff: list[str], where: str, expect: list[float], actual: float) -> None:
    least, most = expect
    if not least <= actual <= most:
        diff.append(f"{where}: expected {least} to {most}, got {actual}")


def compare_url(diff: list[str], where: str, expected: str, actual: str) -> None:
    wanted, got = urlsplit(expected), urlsplit(actual)
    compare(diff, where, wanted._replace(query="").geturl(), got._replace(query="").geturl())
    fields, values = dict(parse_qsl(wanted.query)), dict(parse_qsl(got.query, keep_blank_values=True))
    compare(diff, f"{where} fields", sorted(fields), sorted(values))
    for name, value in fields.items():
        if value != "$any" or not values.get(name):
            compare(diff, f"{where}.{name}", value, values.get(name))


def compare_error(diff: list[str], where: str, expect: dict[str, Any] | None, error: LinktorError) -> None:
    if expect is None or "error" not in expect:
        diff.append(f"{where}: expected {expect!r}, got {error!r}")
        return
    for name, expected in expect["error"].items():
        if name == "message_contains":
            if expected not in error.message:
                diff.append(f"{where}.error: {expected!r} is not in {error.message!r}")
            continue
        if name == "waited":
            compare_waited(diff, f"{where}.error.waited", expected, error.waited)
            continue
        actual = getattr(error, name)
        if name == "retry_after" and expected is not None and actual is not None:
            expected, actual = float(expected), float(actual)
        compare(diff, f"{where}.error.{name}", expected, actual)


def compare_journal(diff: list[str], expected: list[dict[str, Any]], entries: list[Entry]) -> None:
    compare(diff, "journal length", len(expected), len(entries))
    for number, (wanted, entry) in enumerate(zip(expected, entries, strict=False)):
        where = f"journal[{number}]"
        sent = {"method": entry.method, "path": entry.path, "query": entry.query, "body": entry.text}
        for name in wanted.keys() & sent.keys():
            compare(diff, f"{where}.{name}", wanted[name], sent[name])
        if "json" in wanted:
            compare(diff, f"{where}.json", wanted["json"], entry.json() if entry.body else None)
        if "headers" in wanted:
            compare_headers(diff, where, wanted["headers"], entry.headers)


def compare_headers(diff: list[str], where: str, expected: dict[str, str], sent: Headers) -> None:
    actual = [(name, value) for name in sent if name not in OF_TRANSPORT for value in sent.get_list(name)]
    compare(diff, f"{where} header names", sorted(name.lower() for name in expected), sorted(n for n, _ in actual))
    values = dict(actual)
    for name, pattern in expected.items():
        text = pattern.replace("$language", "python").replace("$version", linktor.__version__)
        value = values.get(name.lower())
        if text == "$uuid":
            if value is None or not UUID.fullmatch(value):
                diff.append(f"{where}.headers.{name}: expected a UUID, got {value!r}")
        else:
            compare(diff, f"{where}.headers.{name}", text, value)
