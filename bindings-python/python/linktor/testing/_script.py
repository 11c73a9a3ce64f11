"""Scripted answers, as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Match(TypedDict, total=False):
    """Which requests take an answer; what is left out matches all."""

    family: str
    """The family's name."""
    method: str
    """The method, in upper case."""
    path: str
    """The path, as an `Entry` has it: ``/api/v1/me``."""


# A field's name may be a word that no class can spell.
_Pass = TypedDict("_Pass", {"pass": bool}, total=False)


class Answer(_Pass, total=False):
    """What the sandbox answers instead of its own route.

    At most one of ``body``, ``json`` and ``body_base64``, and one of ``reset``, ``close``, ``truncate`` and ``pass``,
    with which its own route answers after all, after ``delay_ms``.
    """

    status: int
    """The status, 200 to 999. Default: 200, or 302 for a redirect."""
    headers: Mapping[str, str | Sequence[str]]
    """Headers; a list repeats the name."""
    body: str
    """The body as text."""
    json: object
    """The body as JSON, with its ``Content-Type`` unless the headers have one."""
    body_base64: str
    """The body as bytes, in base64."""
    repeat: int
    """Send the body so many times over. Default: once."""
    delay_ms: int
    """Milliseconds to wait before the answer or the fault. Default: 0."""
    reset: bool
    """Reset the connection instead of answering."""
    close: bool
    """Close the connection instead of answering."""
    truncate: bool
    """Announce the whole body, send half of it, then close."""
    redirect: str
    """The ``Location``; a path that starts with ``~`` is under the family's base."""
    act: bool
    """Let the sandbox's own route act first, and throw its answer away: the server did it, and nobody was told."""
    match: Match
    """Only requests like this take the answer. Default: any."""
