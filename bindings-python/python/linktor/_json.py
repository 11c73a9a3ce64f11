"""Fields as the JSON that crosses into the core."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

from ._credentials import JWT, OAuth
from ._errors import ConfigError


def written(fields: Mapping[str, object]) -> str:
    """Write fields as JSON. Raises `ConfigError` that names the first that cannot be written."""
    unwritable = next(_unwritable(fields), None)
    if unwritable is not None:
        raise ConfigError(f"{unwritable} cannot be written as JSON")
    return _json(fields)


def _unwritable(fields: Mapping[str, object]) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, (OAuth, JWT)):
            yield from (f"{name}.{part}" for part in _unwritable(vars(value)))
            continue
        try:
            # A lone surrogate passes as JSON, and not as UTF-8.
            _json(value).encode()
        except (TypeError, ValueError, RecursionError):
            # The message of the encoder is not shown: it may hold a secret.
            yield name


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, (OAuth, JWT)):
        return vars(value)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise TypeError
