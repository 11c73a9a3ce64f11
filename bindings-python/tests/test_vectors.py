"""Every case of tests/vectors/wire through the public API, sync and async."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comparison import compare, compare_error, compare_journal, compare_response, compare_value, unexpected_success
from linktor import AsyncLinktor, AsyncPaginator, AuthorizationRequest, Linktor, LinktorError, Response, jwt
from linktor.webhooks import Event
from sandbox import ROOT, Sandbox
from vector import Case, credentials
from webhook import compare_event, webhook

CASES: list[tuple[str, dict[str, Any]]] = [
    (f"{file.stem}-{case['name']}", case)
    for file in sorted((ROOT / "tests" / "vectors" / "wire").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))["cases"]
]
KINDS: dict[str, type[Linktor] | type[AsyncLinktor]] = {"sync": Linktor, "async": AsyncLinktor}
NOT_KEYWORDS = {"method", "path", "paginate", "query", "expect", "with_organization", "with_credentials"}

passed: set[tuple[str, str]] = set()
ran: set[tuple[str, str]] = set()


@pytest.fixture(scope="module", autouse=True)
def _report() -> Iterator[None]:
    yield
    if len(ran) < len(CASES) * len(KINDS):
        return
    good = sum(all((name, mode) in passed for mode in KINDS) for name, _ in CASES)
    line = f"vectors python: {good} passed, {len(CASES) - good} failed"
    report = ROOT / "target" / "vectors" / "python.txt"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(line + "\n", encoding="utf-8")
    print(f"\n{line}")


@pytest.mark.parametrize("mode", KINDS)
@pytest.mark.parametrize(("name", "data"), CASES, ids=[name for name, _ in CASES])
def test_vector(name: str, data: dict[str, Any], mode: str, sandbox: Sandbox, tmp_path: Path) -> None:
    ran.add((name, mode))
    sandbox.script(*data.get("script", []))
    case = Case(data, sandbox, tmp_path)
    diff: list[str] = []
    try:
        client = case.client(KINDS[mode])
    except LinktorError as error:
        compare_error(diff, "client", data.get("expect"), error)
    else:
        unexpected_success(diff, "client", data.get("expect"))
        asyncio.run(run(case, client, data.get("calls", []), diff))
    if "journal" in data:
        compare_journal(diff, case.fill(data["journal"]), sandbox.journal())
    assert not diff, "\n" + "\n".join(diff)
    passed.add((name, mode))


async def run(case: Case, client: Linktor | AsyncLinktor, steps: list[dict[str, Any]], diff: list[str]) -> None:
    for number, unfilled in enumerate(steps):
        where, step = f"calls[{number}]", case.fill(unfilled)
        if "restart" in step:
            client.close()
            client = case.client(type(client))
        elif "sleep" in step:
            await asyncio.sleep(step["sleep"])
        elif "control" in step:
            case.control(step["control"], step.get("with", {}))
        elif "authorize" in step:
            case.authorize()
        elif "paginate" in step:
            await paginate(client, step, where, diff)
        else:
            try:
                value = made(case, client, step)
                value = await value if inspect.isawaitable(value) else value
            except LinktorError as error:
                compare_error(diff, where, step.get("expect"), error)
            else:
                # A placeholder may stand for what this step has brought.
                expect = case.fill(unfilled.get("expect", {}))
                if isinstance(value, Response):
                    compare_response(diff, where, expect, value)
                elif isinstance(value, Event) and "error" not in expect:
                    compare_event(diff, where, expect, value)
                else:
                    compare_value(diff, where, expect, value)
    client.close()


def made(case: Case, client: Linktor | AsyncLinktor, step: dict[str, Any]) -> Any:
    """What a step's method returns: the value, or the awaitable of an async client."""
    if "jwt" in step:
        return getattr(jwt, step["jwt"])(
            **{name: value for name, value in step.items() if name not in {"jwt", "expect"}}
        )
    if "webhook" in step:
        return webhook(case.seen, step)
    if step.get("auth") == "authorize_url":
        return case.ask_consent(client.auth.authorize_url(step["scopes"], step["redirect_uri"]))
    if step.get("auth") == "exchange_code":
        assert case.consent is not None
        request = AuthorizationRequest.from_json(case.consent.to_json())
        return client.auth.exchange_code(step["callback"], request)
    if "rate_limit" in step:
        return client.rate_limit(step["rate_limit"])
    if "auth" in step:
        return getattr(client.auth, step["auth"])()
    return handle(client, step).request(step["method"], step["path"], **keywords(step))


async def paginate(client: Linktor | AsyncLinktor, step: dict[str, Any], where: str, diff: list[str]) -> None:
    items: list[Any] = []
    try:
        pages = client.paginate(step["paginate"], **keywords(step))
        if isinstance(pages, AsyncPaginator):
            async for item in pages:
                items.append(item)
        else:
            for item in pages:
                items.append(item)
    except LinktorError as error:
        compare_error(diff, where, step["expect"], error)
        compare(diff, f"{where}.items", step["expect"].get("items", items), items)
    else:
        compare_value(diff, where, step["expect"], items)


def handle(client: Linktor | AsyncLinktor, step: dict[str, Any]) -> Linktor | AsyncLinktor:
    if "with_organization" in step:
        client = client.with_organization(step["with_organization"])
    if "with_credentials" in step:
        client = client.with_credentials(**credentials(step["with_credentials"]))
    return client


def keywords(step: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in step.items() if name not in NOT_KEYWORDS}
    if "query" in step:
        given["params"] = step["query"]
    return given
