from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sandbox import ROOT, Sandbox

FAMILIES = ("LINKTOR", "LINKIT", "LIBROMI", "API")


@pytest.fixture(scope="session", autouse=True)
def _bare_environment() -> None:
    for name in list(os.environ):
        if name != "LINKTOR_SANDBOX" and name.startswith(tuple(f"{family}_" for family in FAMILIES)):
            del os.environ[name]
    os.environ.setdefault("LINKTOR_SANDBOX", str(ROOT / "target" / "debug" / "linktor-sandbox"))


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox
