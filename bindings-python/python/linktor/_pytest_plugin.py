"""The fixture for pytest, which finds it by itself; a session that does not use it loads no sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .testing import Sandbox


@pytest.fixture(scope="session")
def _linktor_sandbox() -> Iterator[Sandbox]:
    from .testing import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def linktor_sandbox(_linktor_sandbox: Sandbox) -> Sandbox:
    """Give a `linktor.testing.Sandbox` that is as new; one process serves the session, or a worker of pytest-xdist."""
    _linktor_sandbox.reset()
    return _linktor_sandbox
