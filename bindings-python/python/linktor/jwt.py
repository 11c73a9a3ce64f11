"""JSON Web Tokens (RFC 7519), signed with HS256 (RFC 7518, 3.2) and nothing else: ``none`` is refused too.

>>> from linktor import jwt
>>> token = jwt.sign({"sub": "user-1"}, "invented-secret", expires_in=900, issuer="api.example.com")
>>> jwt.verify(token, "invented-secret", issuer="api.example.com")["sub"]
'user-1'
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import _native
from ._errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["sign", "verify"]


def sign(
    claims: Mapping[str, object],
    secret: str,
    *,
    expires_in: float | None = None,
    issuer: str | None = None,
    now: datetime | float | None = None,
) -> str:
    """Sign claims; ``iat`` is added unless it is there.

    Args:
        claims: What the token says, as JSON can express it.
        secret: The secret that whoever verifies it shares.
        expires_in: Seconds that the token lives, in whole seconds. Default: its ``exp`` claim, else 3600.
        issuer: The ``iss`` claim. Default: none is added.
        now: The time to sign at; a number is in seconds since 1970. Default: now.

    Raises:
        InvalidRequestError: The claims are no JSON object, or say ``exp`` or ``iss`` another way.
        ConfigError: The secret is empty, or a time cannot be one.
    """
    try:
        text = json.dumps(dict(claims), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the claims cannot be written as JSON: {error}") from error
    given = {"secret": secret, "expires_in": expires_in, "issuer": issuer, "now": _epoch(now)}
    return _native.jwt_sign(f'{{"claims": {text}, {json.dumps(given)[1:]}')


def verify(
    token: str,
    secret: str,
    *,
    issuer: str | None = None,
    leeway: float = 0,
    now: datetime | float | None = None,
) -> dict[str, Any]:
    """Return the claims of a token that is signed with this secret, is not expired, and comes from the issuer.

    Args:
        token: The token, without ``Bearer``.
        secret: The secret that it was signed with.
        issuer: What the ``iss`` claim must be. Default: anything.
        leeway: Seconds that clocks may differ when ``exp`` and ``nbf`` are compared.
        now: The time to verify at; a number is in seconds since 1970. Default: now.

    Raises:
        AuthenticationError: It is no such token; `code` is ``token_malformed``, ``algorithm_refused``,
            ``signature_mismatch``, ``token_expired``, ``token_not_yet_valid`` or ``issuer_mismatch``.
        ConfigError: The secret is empty, or a time cannot be one.
    """
    given = {"token": token, "secret": secret, "issuer": issuer, "leeway": leeway, "now": _epoch(now)}
    return _native.jwt_verify(json.dumps(given))


def _epoch(now: datetime | float | None) -> float | None:
    return now.timestamp() if isinstance(now, datetime) else now
