"""The steps of a case that are about webhooks, and the events that they bring."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, get_args

from comparison import compare_fields
from linktor.webhooks import Deduplicator, Event, EventType, sign, verify, verify_signature

CHECKS: dict[str, Callable[..., object]] = {"verify": verify, "verify_signature": verify_signature, "sign": sign}


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
