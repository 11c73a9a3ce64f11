"""A call, as the values that cross into the core."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Mapping
from contextvars import ContextVar

from ._errors import InvalidRequestError, unexpected
from ._logging import is_logged
from ._native import Unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._request import Overrides, PageOptions, Pairs, RequestOptions, Scalar, Several, Values

_SINGLE: tuple[type, ...] = (str, bytes, bytearray, memoryview, Mapping)

within: ContextVar[int | None] = ContextVar("linktor_within", default=None)
"""The question that a function of the user's is answering, so that its calls are known as such."""


def encode(
    *,
    params: Values | None = None,
    json: object = None,
    content: bytes | bytearray | memoryview | str | None = None,
    content_type: str | None = None,
    form: Values | None = None,
    headers: Mapping[str, str] | None = None,
    path_params: Mapping[str, Scalar] | None = None,
    organization_id: str | None = None,
    timeout: float | None = None,
    deadline: float | None = None,
    max_retries: int | None = None,
    max_retry_wait: float | None = None,
    idempotent: bool | None = None,
    request_id: str | None = None,
    idempotency_key: str | None = None,
    **unknown: object,
) -> tuple[bytes, str | None, Overrides | None, int | None, bool]:
    """Write a call's keywords as the core takes them."""
    if unknown:
        from ._request import RequestOptions

        raise unexpected("request", unknown.keys(), RequestOptions.__optional_keys__)
    body = b""
    if json is not None or content is not None or form is not None:
        if (json is not None) + (content is not None) + (form is not None) > 1:
            raise InvalidRequestError("several bodies: give one of json, content and form")
        if content is not None:
            body = _content(content)
        elif form is not None:
            from urllib.parse import urlencode

            try:
                body = urlencode(_pairs("form", form)).encode()
            except UnicodeEncodeError as error:
                raise _surrogate("form") from error
            content_type = content_type or "application/x-www-form-urlencoded"
        else:
            body = _json(json)
            content_type = content_type or "application/json"
    overrides: Overrides | None = None
    if (
        params is not None
        or headers is not None
        or path_params is not None
        or organization_id is not None
        or timeout is not None
        or deadline is not None
        or max_retries is not None
        or max_retry_wait is not None
        or idempotent is not None
        or request_id is not None
        or idempotency_key is not None
    ):
        overrides = {
            "path_params": []
            if path_params is None
            else [(name, _text("path_params", value)) for name, value in _items(path_params)],
            "params": [] if params is None else _pairs("params", params),
            "headers": [] if headers is None else _by_name(headers),
            "organization_id": organization_id,
            "request_id": request_id,
            "timeout": timeout,
            "deadline": deadline,
            "max_retries": max_retries,
            "max_retry_wait": max_retry_wait,
            "idempotent": idempotent,
            "idempotency_key": idempotency_key,
        }
    return body, content_type, overrides, within.get(), is_logged()


def encode_pages(options: PageOptions) -> Overrides | None:
    """Write what all calls of a list say as the core takes it."""
    from ._request import PageOptions

    if unknown := options.keys() - PageOptions.__optional_keys__:
        raise unexpected("paginate", unknown, PageOptions.__optional_keys__)
    return encode(**options)[2]


def _content(content: object) -> bytes:
    if isinstance(content, str):
        try:
            return content.encode()
        except UnicodeEncodeError as error:
            raise _surrogate("content") from error
    if isinstance(content, bytes):
        return content
    try:
        return bytes(memoryview(content))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    except TypeError:
        raise InvalidRequestError(f"content must be bytes or text, not a {type(content).__name__}") from None


def _surrogate(option: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{option} has a lone surrogate, which cannot be sent: decode it without surrogateescape"
    )


def _items(path_params: Mapping[str, Scalar]) -> Iterable[tuple[str, Scalar]]:
    try:
        return path_params.items()
    except AttributeError:
        raise InvalidRequestError(f"path_params must be a mapping, not a {type(path_params).__name__}") from None


def _by_name(headers: Mapping[str, str] | Pairs) -> Pairs:
    """Pair names and values; what are no headers is left for the extension to refuse."""
    return list(headers.items()) if isinstance(headers, Mapping) else headers


def _json(value: object) -> bytes:
    try:
        return json_module.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"json cannot be written as JSON: {error}") from error


def _pairs(option: str, values: Values) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    items: Iterable[tuple[str, Several]] = values.items() if isinstance(values, Mapping) else _listed(option, values)  # pyright: ignore[reportAssignmentType, reportUnknownVariableType]
    for name, value in items:
        if value is None:
            continue
        if isinstance(value, _SINGLE) or not isinstance(value, Iterable):
            pairs.append((name, _text(option, value)))
        else:
            pairs.extend((name, _text(option, one)) for one in value if one is not None)
    return pairs


def _listed(option: str, values: Any) -> list[tuple[str, Several]]:
    try:
        pairs: list[Any] = list(values)
        # A text of two letters is no pair.
        if not any(isinstance(pair, str) for pair in pairs):
            return [(name, value) for name, value in pairs]
    except (TypeError, ValueError) as error:
        raise _unpaired(option) from error
    raise _unpaired(option)


def _unpaired(option: str) -> InvalidRequestError:
    return InvalidRequestError(f"{option} must be a mapping, or a list of pairs of name and value")


def _text(option: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    raise InvalidRequestError(
        f"a value in {option} must be text, a number or a boolean, not a {type(value).__name__}; write it with str()"
    )


def taken(options: RequestOptions) -> tuple[bytes, str | None, Overrides | None, int | None, bool]:
    """Write a call's keywords, and forget them."""
    written = encode(**options)
    forget(options)
    return written


def forget(options: Any) -> None:
    """Empty a function's keywords: tracebacks show our frames, and bodies and secrets are not for them."""
    options.clear()


def finished(outcome: Any) -> Any:
    """Do what a call of this thread asks for, until it is done."""
    while isinstance(outcome, Unfinished):
        try:
            for function, arguments in outcome.due:
                function(*arguments)
        except BaseException:
            outcome.end()
            raise
        outcome = outcome.wait()
    return outcome
