"""Fields as the JSON that crosses into the core."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ._errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_GREATEST = 1e308


class Writable:
    """What is written as the object of its attributes."""

    __slots__ = ()


def written(fields: Mapping[str, object]) -> str:
    """Write fields as JSON. Raises `ConfigError` that names the first that cannot be written."""
    text = _json(fields)
    if text is None:
        raise ConfigError(f"{next(_unwritable(fields), 'an option')} cannot be written as JSON")
    return text


def judged(value: object) -> object:
    """Write what is beyond JSON's numbers as the greatest, for the core to judge, and NaN as the least."""
    return max(-_GREATEST, min(value, _GREATEST)) if isinstance(value, (int, float)) else value


def number(name: str, given: object, expected: str) -> object:
    """Write an option that is a number, or left out. Raises `ConfigError` that says what it must be."""
    if given is None or isinstance(given, (int, float)):
        return judged(given)
    raise ConfigError(f"{name} must be {expected}")


def _unwritable(fields: Mapping[str, object]) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Writable):
            yield from (f"{name}.{part}" for part in _unwritable(vars(value)))
        elif _json(value) is None:
            yield name


def _json(value: object) -> str | None:
    try:
        text = _encode(value)
        # A lone surrogate passes as JSON, and not as UTF-8.
        text.encode()
    except (TypeError, ValueError, RecursionError):
        # The message of the encoder is not shown: it may hold a secret.
        return None
    return text


def _plain(value: Any) -> object:
    fields: Any = value
    if isinstance(value, Writable):
        return vars(value)
    if isinstance(value, Mapping):
        return dict(fields)
    raise TypeError


_encode = json.JSONEncoder(allow_nan=False, default=_plain, ensure_ascii=False).encode
