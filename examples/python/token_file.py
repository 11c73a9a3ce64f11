"""Sessions that outlive the process: a file that several processes may share.

Run: python examples/python/token_file.py
"""

import tempfile
from pathlib import Path

from linktor import Linktor
from linktor.testing import Sandbox


def main() -> None:
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        known = sandbox.credentials["linktor"]
        file = Path(folder, "tokens.json")
        for run in ("the first run", "the second run"):
            with Linktor(
                email=known["email"],
                password=known["password"],
                token_store=file,
                base_url=sandbox.base_urls["linktor"],
            ) as client:
                client.get("/me")
            logins = [entry for entry in sandbox.journal() if entry.path.endswith("/auth/login")]
            print(f"after {run}: {len(logins)} login")
            assert len(logins) == 1


if __name__ == "__main__":
    main()
