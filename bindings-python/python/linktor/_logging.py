"""What a client does, for ``logging``: the logger is ``linktor``.

Calls and waits are INFO, their parts DEBUG, tokens that are in danger WARNING. A record's ``linktor`` attribute is a
`dict` of what is known: ``event``, ``provider``, ``method``, ``path``, ``request_id``, ``attempt``, ``attempts``,
``status``, ``error``, ``reason``, ``expected`` and ``elapsed`` (seconds). No credential, query or body is in it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from typing import Any

_DEBUG, _INFO, _WARNING = 10, 20, 30
_logger: Logger | None = None


def is_logged() -> bool:
    """Tell whether anybody wants to know of calls. Who never imported ``logging`` does not."""
    if _logger is None:
        return "logging" in sys.modules and _made().isEnabledFor(_INFO)
    return _logger.isEnabledFor(_INFO)


def tell(event: dict[str, Any]) -> None:
    """Log an event. A handler that fails is told of, and disturbs no call."""
    level, say = _EVENTS[event["event"]]
    logger = _made()
    if logger.isEnabledFor(level):
        try:
            logger.log(level, "%s", say(event), extra={"linktor": event})
        except Exception as error:  # noqa: BLE001
            sys.excepthook(type(error), error, error.__traceback__)


def _made() -> Logger:
    global _logger
    if _logger is None:
        from logging import getLogger

        _logger = getLogger("linktor")
    return _logger


def _call(event: dict[str, Any]) -> str:
    return f"{event['method']} {event['path']}"


def _outcome(event: dict[str, Any]) -> str:
    return " ".join(str(event[known]) for known in ("status", "error") if known in event)


def _attempts(event: dict[str, Any]) -> str:
    return "1 attempt" if event["attempts"] == 1 else f"{event['attempts']} attempts"


_REASONS = {
    "rate_limit": "room in the rate limit",
    "retry_after": "another try, as the server asked",
    "backoff": "another try",
}

_EVENTS: dict[str, tuple[int, Callable[[dict[str, Any]], str]]] = {
    "call_started": (_DEBUG, lambda event: f"{_call(event)}: begins, request id {event['request_id']}"),
    "renewal_started": (_DEBUG, lambda event: f"{_call(event)}: waits for a new token"),
    "renewal_ended": (
        _DEBUG,
        lambda event: f"{_call(event)}: " + (f"no new token, {event['error']}" if "error" in event else "new token"),
    ),
    "tokens_unsaved": (
        _WARNING,
        lambda event: f"{_call(event)}: goes on with tokens that the token store could not save",
    ),
    "token_store_unlocked": (
        _WARNING,
        lambda event: f"the token store of {event['provider']} has no locks: two processes may renew the same session",
    ),
    "attempt_started": (_DEBUG, lambda event: f"{_call(event)}: attempt {event['attempt']}"),
    "attempt_ended": (
        _DEBUG,
        lambda event: f"{_call(event)}: attempt {event['attempt']}: {_outcome(event)} after {event['elapsed']:.3f} s",
    ),
    "wait_started": (
        _INFO,
        lambda event: f"{_call(event)}: waits {event['expected']:.1f} s for {_REASONS[event['reason']]}",
    ),
    "wait_ended": (_DEBUG, lambda event: f"{_call(event)}: waited {event['elapsed']:.3f} s"),
    "call_ended": (
        _INFO,
        lambda event: (
            f"{_call(event)}: {_outcome(event)} after {event['elapsed']:.3f} s, {_attempts(event)}, "
            f"request id {event['request_id']}"
        ),
    ),
}
