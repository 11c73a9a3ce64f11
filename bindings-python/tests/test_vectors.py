"""Every case of tests/vectors/wire through the public API, sync and async."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import linktor
from linktor import AsyncLinktor, Linktor, LinktorError, Response
from sandbox import ROOT, Sandbox

CASES: list[tuple[str, dict[str, Any]]] = [
    (f"{file.stem}-{case['name']}", case)
    for file in sorted((ROOT / "tests" / "vectors" / "wire").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))["cases"]
]
MODES = ("sync", "async")
OF_TRANSPORT = {"host", "connection", "content-length", "accept-encoding"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

passed: set[tuple[str, str]] = set()
ran: set[tuple[str, str]] = set()


@pytest.fixture(scope="module", autouse=True)
def _report() -> Iterator[None]:
    yield
    if len(ran) < len(CASES) * len(MODES):
        return
    good = sum(all((name, mode) in passed for mode in MODES) for name, _ in CASES)
    line = f"vectors python: {good} passed, {len(CASES) - good} failed"
    report = ROOT / "target" / "vectors" / "python.txt"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(line + "\n", encoding="utf-8")
    print(f"\n{line}")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_vector(name: str, case: dict[str, Any], mode: str, sandbox: Sandbox) -> None:
    ran.add((name, mode))
    sandbox.script(*case.get("script", []))
    case = fill({key: value for key, value in case.items() if key != "script"}, case, sandbox)
    diff: list[str] = []
    (run_sync if mode == "sync" else run_async)(case, sandbox, diff)
    if "journal" in case:
        compare_journal(diff, case["journal"], sandbox.journal())
    assert not diff, "\n" + "\n".join(diff)
    passed.add((name, mode))


def fill(value: Any, case: dict[str, Any], sandbox: Sandbox) -> Any:
    if isinstance(value, dict):
        return {key: fill(inner, case, sandbox) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, case, sandbox) for inner in value]
    if isinstance(value, str) and "$" in value:
        known = sandbox.credentials.get(case["client"].get("provider", "linktor"), {})
        for name, text in {**known, "sandbox": sandbox.url}.items():
            value = value.replace(f"${name}", text)
    return value


def options(case: dict[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    given = dict(case["client"])
    family = given.get("provider", "linktor")
    if "base_url" not in given and family in sandbox.base_urls:
        given["base_url"] = sandbox.base_urls[family]
    return given


def source(results: list[Any]) -> Any:
    remaining = list(results)

    def next_token() -> Any:
        result = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        if isinstance(result, dict) and "error" in result:
            raise RuntimeError(result["error"])
        return result

    return next_token


def keywords(call: dict[str, Any]) -> dict[str, Any]:
    names = {name: name for name in call if name not in {"method", "path", "expect", "query"}}
    given = {name: call[name] for name in names}
    if "query" in call:
        given["params"] = call["query"]
    return given


def run_sync(case: dict[str, Any], sandbox: Sandbox, diff: list[str]) -> None:
    given = options(case, sandbox)
    if "token_source" in case:
        given["token_source"] = source(case["token_source"])
    try:
        client = Linktor(**given)
    except LinktorError as error:
        return compare_error(diff, "client", case.get("expect"), error)
    unexpected_success(diff, "client", case.get("expect"))
    with client:
        for number, call in enumerate(case.get("calls", [])):
            try:
                response = client.request(call["method"], call["path"], **keywords(call))
            except LinktorError as error:
                compare_error(diff, f"calls[{number}]", call["expect"], error)
            else:
                compare_response(diff, f"calls[{number}]", call["expect"], response)
    return None


def run_async(case: dict[str, Any], sandbox: Sandbox, diff: list[str]) -> None:
    given = options(case, sandbox)
    if "token_source" in case:
        next_token = source(case["token_source"])

        async def token_source() -> Any:
            await asyncio.sleep(0)
            return next_token()

        given["token_source"] = token_source
    try:
        client = AsyncLinktor(**given)
    except LinktorError as error:
        return compare_error(diff, "client", case.get("expect"), error)
    unexpected_success(diff, "client", case.get("expect"))

    async def run() -> None:
        async with client:
            for number, call in enumerate(case.get("calls", [])):
                try:
                    response = await client.request(call["method"], call["path"], **keywords(call))
                except LinktorError as error:
                    compare_error(diff, f"calls[{number}]", call["expect"], error)
                else:
                    compare_response(diff, f"calls[{number}]", call["expect"], response)

    return asyncio.run(run())


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
    return None


def compare_error(diff: list[str], where: str, expect: dict[str, Any] | None, error: LinktorError) -> None:
    if expect is None or "error" not in expect:
        diff.append(f"{where}: expected {expect!r}, got {error!r}")
        return
    for name, expected in expect["error"].items():
        if name == "message_contains":
            if expected not in error.message:
                diff.append(f"{where}.error: {expected!r} is not in {error.message!r}")
            continue
        actual = getattr(error, name)
        if name == "retry_after" and expected is not None and actual is not None:
            expected, actual = float(expected), float(actual)
        compare(diff, f"{where}.error.{name}", expected, actual)


def compare_journal(diff: list[str], expected: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
    compare(diff, "journal length", len(expected), len(entries))
    for number, (wanted, entry) in enumerate(zip(expected, entries, strict=False)):
        where = f"journal[{number}]"
        for name in ("method", "path", "query", "body"):
            if name in wanted:
                compare(diff, f"{where}.{name}", wanted[name], entry.get(name))
        if "json" in wanted:
            compare(diff, f"{where}.json", wanted["json"], json.loads(entry["body"] or "null"))
        if "headers" in wanted:
            compare_headers(diff, where, wanted["headers"], entry["headers"])


def compare_headers(diff: list[str], where: str, expected: dict[str, str], sent: list[list[str]]) -> None:
    actual = [(name, value) for name, value in sent if name not in OF_TRANSPORT]
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
