"""JSON Web Tokens (RFC 7519), signed with HS256 (RFC 7518, 3.2) and nothing else: ``none`` is refused too.

>>> from linktor import jwt
>>> token = jwt.sign({"sub": "user-1"}, "invented-secret", expires_in=900, issuer="api.example.com")
>>> jwt.verify(token, "invented-secret", issuer="api.example.com")["sub"]
'user-1'
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import _native
from ._errors import InvalidRequestError
from ._json import written
from ._time import epoch, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

__all__ = ["sign", "verify"]


def sign(
    claims: Mapping[str, object],
    secret: str | bytes,
    *,
    expires_in: timedelta | float | None = None,
    issuer: str | None = None,
    now: datetime | float | None = None,
) -> str:
    """Sign claims; ``iat`` is added unless it is there.

    Args:
        claims: What the token says, as JSON can express it.
        secret: The secret that whoever verifies it shares; bytes are UTF-8.
        expires_in: Seconds that the token lives, whole ones, or a `timedelta`. Default: its ``exp`` claim, else 3600.
        issuer: The ``iss`` claim. Default: none is added.
        now: The time to sign at; a number is in seconds since 1970. Default: now.

    Raises:
        InvalidRequestError: The claims are no JSON object, their ``exp`` is no number, or they say ``exp`` or ``iss``
            another way.
        ConfigError: The secret is empty or no text, or a time cannot be one.
    """
    try:
        claims = dict(claims)
        json.dumps(claims, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the claims cannot be written as JSON: {error}") from error
    return _native.jwt_sign(
        written(
            {
                "claims": claims,
                "secret": _text(secret),
                "expires_in": seconds("expires_in", expires_in),
                "issuer": issuer,
                "now": epoch("now", now),
            }
        )
    )


def verify(
    token: str | bytes,
    secret: str | bytes,
    *,
    issuer: str | None = None,
    leeway: timedelta | float = 0,
    now: datetime | float | None = None,
) -> dict[str, Any]:
    """Return the claims of a token that is signed with this secret, is not expired, and comes from the issuer.

    Args:
        token: The token, without ``Bearer``; bytes are UTF-8.
        secret: The secret that it was signed with; bytes are UTF-8.
        issuer: What the ``iss`` claim must be. Default: anything.
        leeway: Seconds, or a `timedelta`, that clocks may differ when ``exp`` and ``nbf`` are compared.
        now: The time to verify at; a number is in seconds since 1970. Default: now.

    Raises:
        AuthenticationError: It is no such token; `code` is ``token_malformed``, ``algorithm_refused``,
            ``signature_mismatch``, ``token_expired``, ``token_not_yet_valid`` or ``issuer_mismatch``.
        ConfigError: The secret is empty or no text, or a time cannot be one.
    """
    return _native.jwt_verify(
        written(
            {
                "token": _readable(token),
                "secret": _text(secret),
                "issuer": issuer,
                "leeway": seconds("leeway", leeway),
                "now": epoch("now", now),
            }
        )
    )


def _readable(token: object) -> object:
    """Replace what is no UTF-8: whoever sends it must learn that it is no token, as with any other text."""
    if isinstance(token, str):
        token = token.encode(errors="replace")
    return token.decode(errors="replace") if isinstance(token, bytes) else token


def _text(secret: str | bytes) -> str:
    # A secret is never replaced by another: what is no UTF-8 stays as lone surrogates, which are refused.
    return secret.decode(errors="surrogateescape") if isinstance(secret, bytes) else secret
