"""The sandbox, and what only these tests wait for."""

from __future__ import annotations

import time
from pathlib import Path

from linktor import testing
from linktor.testing import Entry

ROOT = Path(__file__).resolve().parents[2]


class Sandbox(testing.Sandbox):
    def wait_for_abort(self, seconds: float = 2) -> list[Entry]:
        """The journal, as soon as its last entry is aborted."""
        end = time.monotonic() + seconds
        while True:
            entries = self.journal()
            if (entries and entries[-1].aborted) or time.monotonic() > end:
                return entries
            time.sleep(0.01)

    def wait_for_arrival(self, count: int = 1, seconds: float = 5) -> None:
        end = time.monotonic() + seconds
        while len(self.journal()) < count:
            assert time.monotonic() < end, "the request never arrived"
            time.sleep(0.005)
