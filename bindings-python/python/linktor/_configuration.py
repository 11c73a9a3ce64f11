"""A client's options, as the JSON that crosses into the core."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ._errors import ConfigError, unexpected
from ._json import Writable, judged, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._credentials import CredentialOptions
    from ._options import ClientOptions


class _Absent:
    def __repr__(self) -> str:
        return "<absent>"


ABSENT: Any = _Absent()
"""A key that is not given, so that its variable of the environment is read. `None` is one that is missing."""

# The names of `ClientOptions` and `CredentialOptions` again: those are types, which take long to load.
_NEVER_NOTHING = frozenset({"access_token", "email", "password", "oauth", "jwt", "token_source"})
_CREDENTIALS = _NEVER_NOTHING | {"anonymous"}
_OPTIONS = _CREDENTIALS | {
    "provider",
    "base_url",
    "auth_url",
    "token_store",
    "transport",
    "organization",
    "timeout",
    "connect_timeout",
    "deadline",
    "max_retries",
    "max_retry_wait",
    "retry_budget",
    "pacing",
    "limits",
    "max_connections",
    "headers",
    "client_version",
    "proxy",
    "root_certificates",
    "allow_insecure_http",
}

_TAKABLE: tuple[type, ...] = (type(None), str, int, float, list, tuple, Mapping, Writable)
_UNTAKABLE: list[object] = [[]]


def client_json(client: str, family: str, api_key: str, options: ClientOptions) -> str:
    """Write a client's options as the core reads them."""
    given = _given(client, _OPTIONS, api_key, options)
    given.setdefault("provider", family)
    if isinstance(given.get("headers"), Mapping):
        given["headers"] = list(given["headers"].items())
    if "limits" in given:
        given["limits"] = _limits(given["limits"])
    if isinstance(given.get("token_store"), os.PathLike):
        given["token_store"] = os.fspath(given["token_store"])
    elif not isinstance(given.get("token_store", ""), str):
        given["token_store"] = True
    if "transport" in given:
        if not callable(given["transport"]):
            raise ConfigError("transport must be callable")
        given["transport"] = True
    if isinstance(given.get("root_certificates"), bytes):
        # What is no UTF-8 is no PEM, which the core says.
        given["root_certificates"] = given["root_certificates"].decode(errors="replace")
    return written({name: _takable(value) for name, value in given.items()})


def _takable(value: object) -> object:
    """Write what JSON has no form for as what no option takes, so that the core says what it must be."""
    return judged(value) if isinstance(value, _TAKABLE) else _UNTAKABLE


def _limits(limits: Any) -> object:
    if isinstance(limits, str):
        return limits
    from ._rate_limit import Limit

    own: Any = limits
    if not isinstance(limits, Sequence) or not all(isinstance(one, Limit) for one in own):
        raise ConfigError("limits must be a tier's name, or a list of Limit")
    return [{"limit": judged(one.limit), "window": judged(one.window), "class": one.class_} for one in own]


def credentials_json(api_key: str, options: CredentialOptions) -> str:
    """Write a handle's credentials as the core reads them."""
    given = _given("with_credentials", _CREDENTIALS, api_key, options)
    return written({name: _takable(value) for name, value in given.items()})


def _given(function: str, known: frozenset[str], api_key: str, options: CredentialOptions) -> dict[str, Any]:
    given: dict[str, Any] = {
        name: value for name, value in options.items() if value is not None or name in _NEVER_NOTHING
    }
    if unknown := given.keys() - known:
        raise unexpected(function, unknown, known)
    if api_key is not ABSENT:
        given["api_key"] = api_key
    if given.get("anonymous") is False:
        del given["anonymous"]
    if "token_source" in given:
        if not callable(given["token_source"]):
            raise ConfigError("token_source must be callable")
        given["token_source"] = True
    return given
