"""What the sandbox received."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._headers import Headers

if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True)
class Entry:
    """A request to a family, recorded on arrival; ``repr`` shows neither its query nor values of headers nor its body.

    >>> entry = sandbox.journal()[-1]
    >>> entry.method, entry.path, entry.headers["Authorization"]
    """

    family: str
    """The family's name."""
    method: str
    """The method, as received."""
    path: str
    """The path after the family's prefix, percent-encoded as received: ``/api/v1/me``."""
    query: str | None = field(repr=False)
    """The query, as received, without its question mark."""
    headers: Headers
    """The headers, in order of arrival, found by name in any case."""
    body: bytes = field(repr=False)
    """The body; empty until it has come whole, and when there was none."""
    status: int | None
    """What was answered: `None` until then, and for ever after ``reset`` and ``close``."""
    aborted: bool
    """Whether the client went away before the answer was finished; set a moment after it left."""

    @property
    def text(self) -> str:
        """The body as text. What is no UTF-8 is replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Parse the body. Raises `ValueError` if it is no JSON."""
        return json.loads(self.body)


def entry(record: dict[str, Any]) -> Entry:
    """Read an entry as the sandbox writes it."""
    body = base64.b64decode(record["body_base64"]) if "body_base64" in record else record["body"].encode()
    return Entry(
        family=record["family"],
        method=record["method"],
        path=record["path"],
        query=record["query"],
        headers=Headers(record["headers"]),
        body=body,
        status=record["status"],
        aborted=record["aborted"],
    )
