"""What holds of receivers in every framework, and in none: each fact once, over all of them."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from linktor import ConfigError, WebhookVerificationError
from linktor.webhooks import AnyDeduplicator, Begun, Deduplicator, Receiver, Verifier, sign
from receivers import FRAMEWORKS, SECRET, Answer, Handler, Pairs, Send, delivery

Make = Callable[[Receiver, Handler], Send]
KEY = "evt_1"


@pytest.fixture(params=FRAMEWORKS)
def make(request: pytest.FixtureRequest) -> Make:
    return FRAMEWORKS[request.param]


def post(send: Send, given: tuple[bytes, Pairs]) -> Answer:
    return send("POST", *given)


def test_an_event_is_handled_once(make: Make) -> None:
    handler = Handler()
    send = make(Receiver("linktor", SECRET), handler)
    body, headers = delivery()
    answers = [send("POST", body, headers) for _ in range(3)]
    assert [(one.status, one.body) for one in answers] == [(200, "")] * 3
    (event,) = handler.events
    assert (event.id, event.type, event.content, event.data()) == (KEY, "message.received", body, {"text": "é"})
    assert post(send, delivery("evt_2")).status == 200
    assert len(handler.events) == 2


def test_an_event_whose_handling_failed_is_handled_when_it_comes_again(make: Make) -> None:
    handler = Handler([ZeroDivisionError(), 500, 404, 302, 201])
    send = make(Receiver("linktor", SECRET), handler)
    statuses = [post(send, delivery()).status for _ in range(7)]
    assert statuses == [500, 500, 404, 302, 201, 200, 200]
    assert len(handler.events) == 5


def test_an_event_without_an_id_is_always_handled(make: Make) -> None:
    handler = Handler()
    send = make(Receiver("linktor", SECRET), handler)
    assert [post(send, delivery(None)).status for _ in range(3)] == [200] * 3
    assert len(handler.events) == 3


def test_of_duplicates_at_once_one_is_handled(make: Make) -> None:
    handler = Handler(seconds=0.2)
    send = make(Receiver("linktor", SECRET), handler)
    given = delivery()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(send, given), range(6)))
    assert len(handler.events) == 1
    assert {one.status for one in answers} <= {200, 503}
    waiting = [one for one in answers if one.status == 503]
    assert waiting
    assert all(one.headers["retry-after"] == "5" for one in waiting)
    assert post(send, given).status == 200


def tampered(given: tuple[bytes, Pairs]) -> tuple[bytes, Pairs]:
    return given[0].replace(b"message", b"massage"), given[1]


def unsigned(given: tuple[bytes, Pairs]) -> tuple[bytes, Pairs]:
    return given[0], [("Content-Type", "application/json")]


def malformed(given: tuple[bytes, Pairs]) -> tuple[bytes, Pairs]:
    return given[0], [(name, f"{value},{value}") for name, value in given[1]]


def stale(given: tuple[bytes, Pairs]) -> tuple[bytes, Pairs]:
    return given[0], list(sign("linktor", given[0], SECRET, timestamp=1).items())


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (tampered, 401, "signature_mismatch"),
        (unsigned, 401, "missing_signature"),
        (malformed, 401, "malformed_signature"),
        (stale, 401, "timestamp_out_of_tolerance"),
        (lambda _: delivery(more="x" * 2000), 413, "payload_too_large"),
    ],
)
def test_what_is_refused_meets_no_handler(
    make: Make,
    change: Callable[[tuple[bytes, Pairs]], tuple[bytes, Pairs]],
    status: int,
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "linktor.webhooks")
    handler = Handler()
    send = make(Receiver("linktor", SECRET, size_limit=1000), handler)
    refused = post(send, change(delivery()))
    assert (refused.status, refused.body) == (status, code)
    assert not handler.events
    said = [record.getMessage() for record in caplog.records if record.name == "linktor.webhooks"]
    assert said == [f"webhook delivery refused: {code}"]
    assert post(send, delivery()).status == 200, "what was refused claims nothing"


REPEATING = ["starlette", "starlette async", "fastapi", "lambda v1", "lambda v2", "lambda alb repeating", "none"]


@pytest.mark.parametrize("name", REPEATING)
def test_a_signature_that_is_there_twice_is_refused(name: str) -> None:
    handler = Handler()
    send = FRAMEWORKS[name](Receiver("linktor", SECRET), handler)
    body, headers = delivery()
    for one in headers[1:]:
        refused = send("POST", body, [*headers, one])
        assert (refused.status, refused.body) == (401, "malformed_signature")
    assert not handler.events


@pytest.mark.parametrize("name", [name for name in FRAMEWORKS if not name.startswith("none")])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_only_a_post_delivers(name: str, method: str) -> None:
    handler = Handler()
    send = FRAMEWORKS[name](Receiver("linktor", SECRET), handler)
    refused = send(method, *delivery())
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    assert not handler.events


def test_an_id_that_nobody_signed_silences_no_other_event(make: Make) -> None:
    handler = Handler()
    send = make(Receiver("x_hub_signature_256", SECRET), handler)

    def deliver(id: str, body: bytes) -> int:  # noqa: A002
        signed = sign("x_hub_signature_256", body, SECRET)
        return send("POST", body, [*signed.items(), ("X-GitHub-Delivery", id)]).status

    assert [deliver("one", b"{}"), deliver("two", b"{}"), deliver("two", b"[]"), deliver("two", b"[]")] == [200] * 4
    assert [event.content for event in handler.events] == [b"{}", b"{}", b"[]"]


class Recording:
    """A deduplicator that tells what it was asked, and by which thread."""

    def __init__(self, *, failing: str = "", error: Exception | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.threads: set[int] = set()
        self._failing, self._error = failing, error or ConnectionError("the store is down")
        self._seen = Deduplicator()

    def _ask(self, name: str, id: str) -> Any:  # noqa: A002
        self.asked.append((name, id))
        self.threads.add(threading.get_ident())
        if name == self._failing:
            raise self._error
        return getattr(self._seen, name)(id)


class Plain(Recording):
    def begin(self, id: str) -> Begun:  # noqa: A002
        begun: Begun = self._ask("begin", id)
        return begun

    def commit(self, id: str) -> None:  # noqa: A002
        self._ask("commit", id)

    def release(self, id: str) -> None:  # noqa: A002
        self._ask("release", id)


class Async(Recording):
    async def begin(self, id: str) -> Begun:  # noqa: A002
        await asyncio.sleep(0.001)
        begun: Begun = self._ask("begin", id)
        return begun

    async def commit(self, id: str) -> None:  # noqa: A002
        await asyncio.sleep(0.001)
        self._ask("commit", id)

    async def release(self, id: str) -> None:  # noqa: A002
        await asyncio.sleep(0.001)
        self._ask("release", id)


BOTH: list[Callable[..., Plain | Async]] = [Plain, Async]


@pytest.mark.parametrize("store", BOTH)
def test_a_deduplicator_of_ones_own_is_asked(make: Make, store: Callable[..., Plain | Async]) -> None:
    seen = store()
    handler = Handler([503])
    send = make(Receiver("linktor", SECRET, deduplicator=seen), handler)
    assert [post(send, delivery()).status for _ in range(3)] == [503, 200, 200]
    assert [name for name, _ in seen.asked] == ["begin", "release", "begin", "commit", "begin"]
    assert {key for _, key in seen.asked} == {KEY}
    assert len(handler.events) == 2


@pytest.mark.parametrize("store", BOTH)
def test_a_deduplicator_that_fails_loses_no_event(
    make: Make, store: Callable[..., Plain | Async], caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    send = make(Receiver("linktor", SECRET, deduplicator=store(failing="begin")), handler)
    answer = post(send, delivery())
    assert (answer.status, answer.headers["retry-after"], answer.body) == (503, "5", "")
    assert not handler.events
    (record,) = [record for record in caplog.records if record.name == "linktor.webhooks"]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ConnectionError)


@pytest.mark.parametrize("store", BOTH)
@pytest.mark.parametrize(("failing", "outcome"), [("commit", 201), ("release", 410)])
def test_an_end_that_fails_is_logged_and_changes_no_answer(
    make: Make, store: Callable[..., Plain | Async], failing: str, outcome: int, caplog: pytest.LogCaptureFixture
) -> None:
    send = make(Receiver("linktor", SECRET, deduplicator=store(failing=failing)), Handler([outcome]))
    assert post(send, delivery()).status == outcome
    (record,) = [record for record in caplog.records if record.name == "linktor.webhooks"]
    assert record.levelno == logging.ERROR
    assert "invented" not in caplog.text
    assert "message.received" not in caplog.text


@pytest.mark.parametrize("begun", [None, True, "NEW", "", b"new", 1, "\ud800"])
def test_a_begin_that_says_something_else_is_said_to(begun: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Wrong(Plain):
        def begin(self, id: str) -> Begun:  # noqa: A002
            answer: Begun = begun
            return answer

    seen = Wrong()
    with Receiver("linktor", SECRET, deduplicator=seen).receive(*delivery()) as one:
        assert one.event is None
    assert one.status == 503
    assert begun == "\ud800" or "a deduplicator's begin must return new, in_progress or done" in str(one.error)
    assert not seen.asked
    assert len(caplog.records) == 1


def test_a_plain_deduplicator_does_not_block_the_event_loop() -> None:
    seen = Plain()

    async def deliver() -> None:
        async with Receiver("linktor", SECRET, deduplicator=seen).receive(*delivery()):
            pass

    asyncio.run(deliver())
    assert threading.get_ident() not in seen.threads


def test_a_function_that_returns_an_awaitable_is_awaited() -> None:
    inner = Async()

    class Wrapped:
        def begin(self, id: str) -> Any:  # noqa: A002
            return inner.begin(id)

        def commit(self, id: str) -> Any:  # noqa: A002
            return inner.commit(id)

        def release(self, id: str) -> Any:  # noqa: A002
            return inner.release(id)

    receiver = Receiver("linktor", SECRET, deduplicator=Wrapped())

    async def deliver() -> int:
        async with receiver.receive(*delivery()) as one:
            pass
        return one.status

    with receiver.receive(*delivery()) as one:
        assert one.event is not None
    assert asyncio.run(deliver()) == 200
    assert [name for name, _ in inner.asked] == ["begin", "commit", "begin"]


class Slow(Async):
    """A store that takes its time, before it answers and after it acted."""

    async def begin(self, id: str) -> Begun:  # noqa: A002
        begun = await super().begin(id)
        await asyncio.sleep(0.05)
        return begun

    async def commit(self, id: str) -> None:  # noqa: A002
        await asyncio.sleep(0.05)
        await super().commit(id)

    async def release(self, id: str) -> None:  # noqa: A002
        await asyncio.sleep(0.05)
        await super().release(id)


@pytest.mark.parametrize(
    ("handling", "after", "expected"),
    [(1.0, 0.03, "new"), (1.0, 0.15, "new"), (0.0, 0.08, "done")],
    ids=["in begin", "in the handler", "in commit"],
)
def test_whoever_hangs_up_leaves_no_claim_behind(handling: float, after: float, expected: str) -> None:
    async def deliver(receiver: Receiver) -> None:
        async with receiver.receive(*delivery()) as one:
            assert one.event is not None
            await asyncio.sleep(handling)

    async def hang_up() -> None:
        seen = Slow()
        task = asyncio.create_task(deliver(Receiver("linktor", SECRET, deduplicator=seen)))
        await asyncio.sleep(after)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.2)
        assert await seen.begin(KEY) == expected

    asyncio.run(hang_up())


@pytest.mark.parametrize("store", [Deduplicator, Plain])
def test_a_handler_that_is_cancelled_releases_its_event(store: Callable[[], AnyDeduplicator]) -> None:
    async def hang_up() -> None:
        receiver, handled = Receiver("linktor", SECRET, deduplicator=store()), 0

        async def deliver() -> None:
            nonlocal handled
            async with receiver.receive(*delivery()) as one:
                if one.event is not None:
                    handled += 1
                    await asyncio.sleep(1)

        for _ in range(2):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(deliver(), 0.1)
        assert handled == 2

    asyncio.run(hang_up())


def test_a_delivery_says_why_there_is_no_event() -> None:
    receiver = Receiver("linktor", SECRET)
    body, headers = delivery()
    with receiver.receive(b"{}", headers) as forged:
        assert forged.event is None
    assert isinstance(forged.error, WebhookVerificationError)
    assert (forged.error.code, forged.status, forged.body) == ("signature_mismatch", 401, "signature_mismatch")
    with receiver.receive(body, headers) as new, receiver.receive(body, headers) as again:
        assert (new.event is not None, new.error, new.status) == (True, None, 200)
        assert (again.event, again.error, again.status, again.headers) == (None, None, 503, {"retry-after": "5"})
    with receiver.receive(body, headers) as done:
        assert (done.event, done.error, done.status) == (None, None, 200)


@pytest.mark.parametrize("status", ["200", None, 99, 70_000, -1, 10**30])
def test_a_status_that_is_no_2xx_releases_the_event(status: Any) -> None:
    receiver = Receiver("linktor", SECRET)
    for _ in range(2):
        with receiver.receive(*delivery()) as one:
            assert one.event is not None
            one.status = status


def test_what_is_no_delivery_is_an_error_of_the_program() -> None:
    receiver = Receiver("linktor", SECRET)
    wrong: list[tuple[str, Any, Any]] = [("raw body", {"id": "evt_1"}, {}), ("headers", b"", 1)]
    for said, body, headers in wrong:
        with pytest.raises(TypeError, match=said), receiver.receive(body, headers):
            pass


def test_a_receiver_has_its_verifier_or_makes_it() -> None:
    verifier = Verifier("linktor", SECRET, tolerance=5)
    with Receiver(verifier).receive(*delivery()) as one:
        assert one.event is not None
    wrong: list[dict[str, Any]] = [{"secret": "a"}, {"tolerance": 1}, {"size_limit": 1}]
    for options in wrong:
        with pytest.raises(TypeError, match="those of the verifier"):
            Receiver(verifier, **options)
    none: Any = None
    for scheme, secret in (("linktr", SECRET), ("linktor", ""), ("linktor", none)):
        with pytest.raises(ConfigError):
            Receiver(scheme, secret)


class HalfAStore:
    begin = release = staticmethod(print)
    commit = "not a method"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Deduplicator, r"not the class Deduplicator: make one, Deduplicator\(…\)$"),
        (Plain, "not the class Plain: make one"),
        (HalfAStore(), "methods begin, commit and release: HalfAStore has no commit$"),
        ({}, "dict has no begin and no commit and no release$"),
        (False, "bool has no begin"),
    ],
)
def test_what_is_no_deduplicator_is_refused_when_the_receiver_is_made(given: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=f"deduplicator must be an object.*{said}"):
        Receiver("linktor", SECRET, deduplicator=given)


def test_two_receivers_do_not_share_what_they_know() -> None:
    shared = Deduplicator()
    for seen, expected in ((None, [True, True]), (shared, [True, False])):
        is_new: list[bool] = []
        for _ in range(2):
            with Receiver("linktor", SECRET, deduplicator=seen).receive(*delivery()) as one:
                is_new.append(one.event is not None)
        assert is_new == expected


def test_an_event_whose_id_is_not_signed_is_known_by_its_body_too() -> None:
    seen = Plain()
    body = b"{}"
    headers = {**sign("x_hub_signature_256", body, SECRET), "X-GitHub-Delivery": "one"}
    with Receiver("x_hub_signature_256", SECRET, deduplicator=seen).receive(body, headers):
        pass
    assert {key for _, key in seen.asked} == {f"one {hashlib.sha256(body).hexdigest()}"}


def test_what_is_not_used_is_not_imported() -> None:
    program = """
import sys
from linktor import webhooks
receiver = webhooks.Receiver("linktor", "invented")
with receiver.receive(b"", {}) as delivery:
    assert delivery.status == 401
for name in ("asyncio", "flask", "werkzeug", "fastapi", "starlette", "django", "anyio"):
    assert name not in sys.modules, name
@receiver.aws_lambda
def on_event(event: webhooks.Event) -> None: ...
assert on_event({"httpMethod": "GET"}, None)["statusCode"] == 405
for name in ("flask", "fastapi", "starlette", "django"):
    assert name not in sys.modules, name
"""
    subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", program], check=True)


def test_a_decorated_function_keeps_its_name_and_words() -> None:
    receiver = Receiver("linktor", SECRET)

    def on_event(event: Any) -> None:
        """Handle it."""

    for decorate in (receiver.flask, receiver.fastapi, receiver.starlette, receiver.django, receiver.aws_lambda):
        made: Any = decorate(on_event)
        assert (made.__name__, inspect.getdoc(made)) == ("on_event", "Handle it.")
