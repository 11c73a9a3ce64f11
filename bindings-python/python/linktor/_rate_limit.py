"""Rate limits: what a server says of them, and what a client is to keep to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RateLimit:
    """What is known of one class of requests. What the server does not say is `None`."""

    class_: str
    """The class, by the provider's name for it; ``other`` where no rule names one."""
    limit: int | None
    """How many requests a window allows."""
    remaining: int | None
    """How many of them are left."""
    reset: float | None
    """Seconds until the window ends: from the answer on for a response's, from now on for a client's."""


@dataclass(frozen=True)
class Limit:
    """So many requests in a window of time, for the option ``limits``.

    >>> client = Linktor("YOUR_API_KEY", pacing="proactive", limits=[Limit(30, 60), Limit(5, 1, "messages")])
    """

    limit: int
    """How many requests, at least 1."""
    window: float
    """In how many seconds: more than zero, and at most a year."""
    class_: str | None = None
    """The class that it holds for, by the provider's name. Default: all classes together."""
