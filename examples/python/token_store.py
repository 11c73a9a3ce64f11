"""A token store of one's own: sessions in SQLite, which processes share, and one of them renews.

Run: python examples/python/token_store.py
"""

import multiprocessing
import sqlite3
import tempfile
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from linktor import Linktor
from linktor.testing import Sandbox


class SQLiteStore:
    def __init__(self, path: Path) -> None:
        self.path = path
        # The records are secret, so nobody else may read them.
        path.touch(mode=0o600)
        with closing(self.connect()) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS sessions (key TEXT PRIMARY KEY, record TEXT NOT NULL)")

    def load(self, key: str) -> str | None:
        with closing(self.connect()) as connection:
            row = connection.execute("SELECT record FROM sessions WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def save(self, key: str, record: str) -> None:
        with closing(self.connect()) as connection:
            connection.execute("REPLACE INTO sessions VALUES (?, ?)", (key, record))

    @contextmanager
    def lock(self, key: str) -> Generator[None]:
        # In a file of its own, as `save` writes meanwhile; it is free again if the process dies.
        with closing(self.connect(".lock")) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield

    def connect(self, suffix: str = "") -> sqlite3.Connection:
        return sqlite3.connect(f"{self.path}{suffix}", timeout=60, isolation_level=None)


def act(path: Path, base_url: str, known: Mapping[str, str]) -> None:
    store = SQLiteStore(path)
    email, password = known["email"], known["password"]
    with Linktor(email=email, password=password, token_store=store, base_url=base_url) as client:
        client.get("/me")


def main() -> None:
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        work = (Path(folder, "sessions.db"), sandbox.base_urls["linktor"], sandbox.credentials["linktor"])
        for renewal in ("login", "refresh"):
            processes = [multiprocessing.get_context("spawn").Process(target=act, args=work) for _ in range(4)]
            for process in processes:
                process.start()
            for process in processes:
                process.join()
                assert process.exitcode == 0
            asked = [entry for entry in sandbox.journal() if entry.path.endswith(f"/auth/{renewal}")]
            print(f"4 processes: {len(asked)} {renewal}")
            assert len(asked) == 1
            sandbox.control("expire", family="linktor")


if __name__ == "__main__":
    main()
