"""A script in a process of its own, with a client's options at hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox import Sandbox

PRELUDE = """
import asyncio, logging, os, sys, threading, time
from linktor import *
# In the development mode asyncio tells of slow callbacks, as a busy machine makes them.
logging.getLogger("asyncio").setLevel(logging.ERROR)
BASE, KEY = sys.argv[1:]
options = {"api_key": KEY, "base_url": BASE}
"""


@contextmanager
def script(sandbox: Sandbox, code: str) -> Iterator[subprocess.Popen[str]]:
    base, key = sandbox.base_urls["linktor"], sandbox.credentials["linktor"]["api_key"]
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", PRELUDE + code, base, key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(sandbox: Sandbox, code: str, seconds: float = 10) -> str:
    """The output of a script that ends by itself, and says nothing on stderr."""
    with script(sandbox, code) as process:
        out, err = process.communicate(timeout=seconds)
    assert process.returncode == 0, err
    assert err == "", err
    return out.strip()
