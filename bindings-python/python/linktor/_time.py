"""Times as the numbers that cross into the core. What is none is a `ConfigError` that names the option."""

from __future__ import annotations

from datetime import datetime, timedelta

from ._errors import ConfigError
from ._json import number

_TIME = "a datetime, or seconds since 1970"


def seconds(name: str, time: object) -> object:
    """Write a length of time in seconds."""
    return number(name, time.total_seconds() if isinstance(time, timedelta) else time, "seconds, or a timedelta")


def epoch(name: str, time: object) -> object:
    """Write a time in seconds since 1970."""
    if isinstance(time, datetime):
        try:
            time = time.timestamp()
        except (OSError, OverflowError, ValueError):
            raise ConfigError(f"{name} must be {_TIME}, that a clock can show") from None
    return number(name, time, _TIME)
