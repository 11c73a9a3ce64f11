"""Sessions that outlive the process: a file that several processes may share.

Run: python examples/python/token_file.py
"""

import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from linktor import Linktor


def main() -> None:
    with subprocess.Popen([sandbox()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        known = ready["credentials"]["linktor"]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "tokens.json")
            for run in ("the first run", "the second run"):
                with Linktor(
                    email=known["email"],
                    password=known["password"],
                    token_store=file,
                    base_url=ready["base_urls"]["linktor"],
                ) as client:
                    client.get("/me")
                logins = [entry for entry in journal(ready["url"]) if entry["path"].endswith("/auth/login")]
                print(f"after {run}: {len(logins)} login")
                assert len(logins) == 1


def journal(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/_sandbox/journal") as answer:
        entries: list[dict[str, Any]] = json.load(answer)["entries"]
    return entries


def sandbox() -> Path:
    """The sandbox's binary: `cargo build -p linktor-sandbox` makes it."""
    target = Path(__file__).resolve().parents[2] / "target"
    places = [os.environ.get("LINKTOR_SANDBOX"), target / "release/linktor-sandbox", target / "debug/linktor-sandbox"]
    return next(Path(place) for place in places if place and Path(place).is_file())


if __name__ == "__main__":
    main()
