"""Times as the numbers that cross into the core."""

from __future__ import annotations

from datetime import datetime, timedelta


def seconds(time: timedelta | float | None) -> float | None:
    """Write a length of time in seconds."""
    return time.total_seconds() if isinstance(time, timedelta) else time


def epoch(time: datetime | float | None) -> float | None:
    """Write a time in seconds since 1970."""
    return time.timestamp() if isinstance(time, datetime) else time
