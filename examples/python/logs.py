"""What a client tells `logging`: messages to read, and the same as fields, for JSON lines and metrics.

Run: python examples/python/logs.py
"""

import json
import logging
import sys
from collections import Counter
from typing import Any

from linktor import NotFoundError
from linktor.testing import Sandbox


class JSONLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, "linktor", {})
        return json.dumps({"level": record.levelname, "logger": record.name, **fields})


class Metrics(logging.Handler):
    """Counts calls by status, and what was sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[int | None] = Counter()
        self.retries = 0

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = getattr(record, "linktor", {})
        if fields.get("event") == "call_ended":
            self.calls[fields.get("status")] += 1
            self.retries += fields["attempts"] - 1


def main() -> None:
    messages, lines, metrics = logging.StreamHandler(sys.stdout), logging.StreamHandler(sys.stdout), Metrics()
    lines.setFormatter(JSONLines())
    logger = logging.getLogger("linktor")
    # Calls and waits; their parts are DEBUG.
    logger.setLevel(logging.INFO)
    for handler in (messages, lines, metrics):
        logger.addHandler(handler)

    with Sandbox() as sandbox, sandbox.client() as client:
        sandbox.script({"status": 503, "headers": {"Retry-After": "0.2"}})
        client.get("/me")
        try:
            client.get("/contacts/{id}", path_params={"id": "nobody"})
            raise AssertionError("nobody was found")
        except NotFoundError:
            pass
    print(f"calls by status: {dict(metrics.calls)}, sent again: {metrics.retries}")
    assert (metrics.calls, metrics.retries) == ({200: 1, 404: 1}, 1)


if __name__ == "__main__":
    main()
