"""Every case of tests/vectors/wire through the public API: sync, async, and by a transport of the user's own."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from comparison import compare, compare_error, compare_journal, compare_response, compare_value, unexpected_success
from linktor import AsyncLinktor, AsyncPaginator, AuthorizationRequest, Linktor, LinktorError, Response, jwt
from linktor.webhooks import Event
from sandbox import ROOT, Sandbox
from transport import AsyncRecorder, Recorder
from vector import Case, credentials
from webhook import RECEIVERS, Inbox, compare_event, webhook

CASES: list[tuple[str, str, dict[str, Any]]] = [
    (file.stem, f"{file.stem}-{case['name']}", case)
    for file in sorted((ROOT / "tests" / "vectors" / "wire").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))["cases"]
]
MODES = ("sync", "async", "transport")
OF_THE_CLIENTS_OWN_TRANSPORT = {
    "config-a_proxy_that_is_no_url_is_refused",
    "config-a_proxy_of_an_unknown_scheme_is_refused",
    "errors-an_error_whose_body_breaks_is_told_by_its_status",
    "errors-a_truncated_answer_is_a_protocol_error",
    "responses-a_gzipped_body_is_read",
    "retry-a_post_is_not_repeated_after_an_answer_that_breaks_off",
    "retry-the_error_is_that_of_the_last_attempt",
}
RUNS = [
    pytest.param(file, data, mode, is_odd, id=f"{name}-{mode}")
    for is_odd, (file, name, data) in ((number % 2 == 1, one) for number, one in enumerate(CASES))
    for mode in MODES
    if mode != "transport" or ("transport_own" not in data and name not in OF_THE_CLIENTS_OWN_TRANSPORT)
]
NOT_KEYWORDS = {"method", "path", "paginate", "query", "expect", "with_organization", "with_credentials"}

# By mode, file and name: true, or what went wrong.
outcomes: defaultdict[str, defaultdict[str, dict[str, bool | str]]] = defaultdict(lambda: defaultdict(dict))


@pytest.fixture(scope="module", autouse=True)
def _report() -> Iterator[None]:
    yield
    folder = ROOT / "target" / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    for mode in ("sync", "async"):
        (folder / f"python-{mode}.json").write_text(json.dumps(outcomes[mode]), encoding="utf-8")


@contextmanager
def recorded(mode: str, file: str, name: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        outcomes[mode][file][name] = f"{type(error).__name__}: {error}"
        raise
    outcomes[mode][file][name] = True


@pytest.mark.parametrize(("file", "data", "mode", "is_odd"), RUNS)
def test_vector(file: str, data: dict[str, Any], mode: str, is_odd: bool, sandbox: Sandbox, tmp_path: Path) -> None:
    with recorded(mode, file, data["name"]):
        run_case(data, mode, is_odd, sandbox, tmp_path)


def run_case(data: dict[str, Any], mode: str, is_odd: bool, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.script(*data.get("script", []))
    case = Case(data, sandbox, tmp_path)
    diff: list[str] = []
    is_async = mode == "async" or (mode == "transport" and is_odd)
    own: dict[str, Any] = {"transport": AsyncRecorder() if is_async else Recorder()} if mode == "transport" else {}

    def new() -> Linktor | AsyncLinktor:
        return case.client(AsyncLinktor if is_async else Linktor, **own)

    try:
        client = new()
    except LinktorError as error:
        compare_error(diff, "client", data.get("expect"), error)
    else:
        unexpected_success(diff, "client", data.get("expect"))
        inbox = Inbox(case.fill(data), case.seen, RECEIVERS[mode]) if "receiver" in data else None
        asyncio.run(run(case, client, new, data.get("calls", []), inbox, diff))
    if "journal" in data:
        compare_journal(diff, case.fill(data["journal"]), sandbox.journal())
    assert not diff, "\n" + "\n".join(diff)


async def run(
    case: Case,
    client: Linktor | AsyncLinktor,
    new: Callable[[], Linktor | AsyncLinktor],
    steps: list[dict[str, Any]],
    inbox: Inbox | None,
    diff: list[str],
) -> None:
    for number, unfilled in enumerate(steps):
        where, step = f"calls[{number}]", case.fill(unfilled)
        if "restart" in step:
            client.close()
            client = new()
        elif "sleep" in step:
            await asyncio.sleep(step["sleep"])
        elif "control" in step:
            case.control(step["control"], step.get("with", {}))
        elif "store" in step:
            await look(case, step, where, diff)
        elif "receive" in step:
            assert inbox is not None
            inbox.deliver(diff, where, step)
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
    if case.store is not None:
        case.store.is_over.set()


async def look(case: Case, step: dict[str, Any], where: str, diff: list[str]) -> None:
    """What the case's own store was asked, or is to do wrong from here on."""
    store = case.store
    assert store is not None
    if step["store"] == "change":
        store.faults = step["with"]
        return
    # A renewal for which nobody waits any more may be about to end.
    for _ in range(200):
        if store.calls == step["expect"]["calls"]:
            break
        await asyncio.sleep(0.01)
    compare(diff, f"{where}.calls", step["expect"]["calls"], store.calls)
    compare(diff, f"{where}.records", step["expect"].get("records", len(store.records)), len(store.records))
    store.calls.clear()


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
