"""The sandbox as the tests drive it: its binary, its control plane, clients for its families."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from linktor import AsyncLinktor, CredentialOptions, Linktor

ROOT = Path(__file__).resolve().parents[2]
CREDENTIALS = {"api_key", *CredentialOptions.__optional_keys__}


def binary() -> Path:
    given = os.environ.get("LINKTOR_SANDBOX")
    built = [ROOT / "target" / profile / "linktor-sandbox" for profile in ("release", "debug")]
    for path in [Path(given)] if given else built:
        if path.is_file():
            return path
    raise FileNotFoundError("no linktor-sandbox: run `cargo build -p linktor-sandbox`, or set LINKTOR_SANDBOX")


class Sandbox:
    def __init__(self) -> None:
        self._process = subprocess.Popen([binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self.url: str = ready["url"]
        self.base_urls: dict[str, str] = ready["base_urls"]
        self.auth_urls: dict[str, str] = ready["auth_urls"]
        self.credentials: dict[str, dict[str, str]] = ready["credentials"]

    def stop(self) -> None:
        self._process.communicate()

    def client(self, family: str = "linktor", **options: Any) -> Linktor:
        return Linktor(**self._options(family, options))

    def async_client(self, family: str = "linktor", **options: Any) -> AsyncLinktor:
        return AsyncLinktor(**self._options(family, options))

    def _options(self, family: str, options: dict[str, Any]) -> dict[str, Any]:
        if not options.keys() & CREDENTIALS:
            options["api_key"] = self.credentials[family]["api_key"]
        given = {"provider": family, "base_url": self.base_urls[family], **options}
        if family in self.auth_urls:
            given["auth_url"] = self.auth_urls[family]
        return given

    def script(self, *answers: dict[str, Any]) -> None:
        self._ask("POST", "script", {"answers": list(answers)})

    def control(self, call: str, **arguments: Any) -> None:
        self._ask("POST", call, arguments)

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._ask("GET", "journal")["entries"]
        return entries

    def reset(self) -> None:
        self._ask("POST", "reset")

    def wait_for_abort(self, seconds: float = 2) -> list[dict[str, Any]]:
        """The journal, as soon as its last entry is aborted."""
        end = time.monotonic() + seconds
        while True:
            entries = self.journal()
            if (entries and entries[-1]["aborted"]) or time.monotonic() > end:
                return entries
            time.sleep(0.01)

    def wait_for_arrival(self, count: int = 1, seconds: float = 5) -> None:
        end = time.monotonic() + seconds
        while len(self.journal()) < count:
            assert time.monotonic() < end, "the request never arrived"
            time.sleep(0.005)

    def _ask(self, method: str, call: str, body: object = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{call}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answered: dict[str, Any] = json.load(answer)
        return answered
