"""A start loads what it uses, and every name is found all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest


def out_of(code: str) -> list[str]:
    """The words that a script without a sandbox says."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.split()


def test_import_starts_no_thread() -> None:
    assert out_of("import linktor, os; print(len(os.listdir('/proc/self/task')))") == ["1"]


SLOW_TO_LOAD = frozenset(
    {"asyncio", "dataclasses", "datetime", "email", "http", "inspect", "logging", "socket", "ssl", "typing", "urllib"}
)


@pytest.mark.parametrize(
    ("code", "slow"),
    [
        ("import linktor", SLOW_TO_LOAD | {"enum", "json", "re", "threading"}),
        ("from linktor import Linktor; Linktor('k', base_url='https://api.example.com', timeout=5)", SLOW_TO_LOAD),
        ("from linktor import AsyncLinktor; AsyncLinktor('k')", SLOW_TO_LOAD),
    ],
    ids=["package", "client", "async_client"],
)
def test_a_start_loads_nothing_slow(code: str, slow: frozenset[str]) -> None:
    loaded = out_of(f"import sys; before = set(sys.modules); {code}; print(*set(sys.modules) - before)")
    assert slow & set(loaded) == set()


def test_every_name_is_found_and_listed() -> None:
    assert out_of("import linktor; print(*set(linktor.__all__) - set(dir(linktor)))") == []
    assert out_of("import linktor; print(*[name for name in linktor.__all__ if not hasattr(linktor, name)])") == []
    assert out_of("from linktor import *; print(Linktor.__name__, jwt.__name__)") == ["Linktor", "linktor.jwt"]
    assert out_of("import linktor; print(hasattr(linktor, 'Linkto'))") == ["False"]


def test_threads_may_find_names_at_once() -> None:
    code = """
import linktor, sys, threading
sys.setswitchinterval(1e-6)
together, found = threading.Barrier(8), []
def find(first):
    together.wait()
    names = linktor.__all__[first:] + linktor.__all__[:first]
    found.append({name: getattr(linktor, name) for name in names})
threads = [threading.Thread(target=find, args=(first,)) for first in range(0, 56, 7)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), all(one == found[0] for one in found))
"""
    assert out_of(code) == ["8", "True"]
