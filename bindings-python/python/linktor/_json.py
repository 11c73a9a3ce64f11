"""Fields as the JSON that crosses into the core."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

from ._credentials import JWT, OAuth
from ._errors import ConfigError


def written(fields: Mapping[str, object]) -> str:
    """Write fields as JSON. Raises `ConfigError` that names the first that cannot be written."""
    text = _json(fields)
    if text is None:
        raise ConfigError(f"{next(_unwritable(fields), 'an option')} cannot be written as JSON")
    return text


def _unwritable(fields: Mapping[str, object]) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, (OAuth, JWT)):
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


def _plain(value: object) -> object:
    if isinstance(value, (OAuth, JWT)):
        return vars(value)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise TypeError


_encode = json.JSONEncoder(allow_nan=False, default=_plain, ensure_ascii=False).encode
