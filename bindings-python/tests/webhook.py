"""The steps of a case that are about webhooks, and the events that they bring."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, get_args

from comparison import compare, compare_fields
from linktor.webhooks import Deduplicator, Event, EventType, Receiver, sign, verify, verify_signature
from receivers import FRAMEWORKS, Handler

CHECKS: dict[str, Callable[..., object]] = {"verify": verify, "verify_signature": verify_signature, "sign": sign}
RECEIVERS = {"sync": "flask", "async": "starlette async", "transport": "lambda v2"}
"""The framework of each of the ways in which a case is run."""


def webhook(seen: Deduplicator, step: dict[str, Any]) -> object:
    """What a step's function or method returns."""
    name = step["webhook"]
    if name == "event_types":
        return sorted(get_args(EventType))
    if name not in CHECKS:
        return getattr(seen, name)(step["id"])
    given = {key: value for key, value in step.items() if key not in {"webhook", "expect", "body_base64"}}
    given["secret"] = secret(step["secret"])
    if "body_base64" in step:
        given["body"] = base64.b64decode(step["body_base64"])
    return CHECKS[name](**given)


def secret(given: Any) -> Any:
    if isinstance(given, list):
        return [secret(one) for one in given]
    return base64.b64decode(given["base64"]) if isinstance(given, dict) else given


def compare_event(diff: list[str], where: str, expect: dict[str, Any], event: Event) -> None:
    if expect.get("timestamp") is not None:
        expect = {**expect, "timestamp": float(expect["timestamp"])}
    readers: dict[str, Callable[[], object]] = {
        "id": lambda: event.id,
        "type": lambda: event.type,
        "timestamp": lambda: event.timestamp and event.timestamp.timestamp(),
        "organization": lambda: event.organization,
        "data": event.data,
    }
    compare_fields(diff, where, expect, readers)


class Inbox:
    """A case's receiver behind a framework, and its handler."""

    def __init__(self, told: dict[str, Any], seen: Deduplicator, framework: str) -> None:
        self._told = {**told, "secret": secret(told["secret"])}
        self._handler = Handler()
        given = dict(self._told)
        receiver = Receiver(given.pop("scheme"), given.pop("secret"), deduplicator=seen, **given)
        self._send = FRAMEWORKS[framework](receiver, self._handler)

    def deliver(self, diff: list[str], where: str, step: dict[str, Any]) -> None:
        body = step["receive"].encode()
        headers = [(name, value) for name, value in step.get("headers", [])]
        signer = secret(step.get("secret", self._told["secret"]))
        if signer is not None:
            options = {name: step[name] for name in ("id", "timestamp") if name in step}
            headers += sign(self._told["scheme"], body, signer, **options).items()
        self._handler.outcomes, before = [step.get("handler")], len(self._handler.events)
        answer = self._send(step.get("method", "POST"), body, headers)
        expect = step["expect"]
        handled = len(self._handler.events) - before
        for name, actual in {"status": answer.status, "body": answer.body, "handled": handled}.items():
            compare(diff, f"{where}.{name}", expect.get(name, actual), actual)
        for name, value in expect.get("headers", {}).items():
            compare(diff, f"{where}.headers.{name}", value, answer.headers.get(name))
