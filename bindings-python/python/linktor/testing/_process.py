"""The sandbox's process: where its program is, how it starts and ends."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import IO, Any, cast

_PROGRAM = "linktor-sandbox"
_READY = {"url", "base_urls", "auth_urls", "credentials"}
_START = 30.0
"""Seconds until the ready line must be there."""


class SandboxError(Exception):
    """The sandbox cannot be found or started, does not answer, or refused a call; the message says why."""


class Process:
    """A running sandbox, which ends with this process, however that ends."""

    ready: dict[str, Any]
    """The ready line."""

    def __init__(self) -> None:
        """Start it, and wait until it is ready. Raises `SandboxError`."""
        self._path = _program()
        # A pipe that nobody reads would stop it one day.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [self._path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                # Ctrl-C is for the test, which may go on.
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            raise SandboxError(f"{self._path} cannot be run: {error}") from error
        try:
            self.ready = self._read_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it."""
        with self._process:
            self._process.kill()
        self._errors.close()

    def state(self) -> str:
        """Tell in words whether it runs, and what it wrote to stderr."""
        code = self._process.poll()
        running = "it runs" if code is None else f"it ended with {code}"
        if self._errors.closed:
            return running
        # Seeking would move the place at which the sandbox writes.
        said = os.pread(self._errors.fileno(), 65536, 0).decode(errors="replace").strip()
        return f"{running}, and said: {said}" if said else running

    def _read_ready(self) -> dict[str, Any]:
        line = self._read_line()
        try:
            ready: dict[str, Any] = json.loads(line)
            missing = _READY - ready.keys()
        except (ValueError, AttributeError):
            raise SandboxError(f"{self._path} is no sandbox: its first line is {line[:200]!r}") from None
        if missing:
            raise SandboxError(
                f"{self._path} is of another version than linktor: it does not tell {', '.join(sorted(missing))}; "
                "run: pip install --upgrade 'linktor[testing]'"
            )
        return ready

    def _read_line(self) -> bytes:
        output = cast("IO[bytes]", self._process.stdout).fileno()
        line, end = b"", time.monotonic() + _START
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0, end - time.monotonic())):
                    raise SandboxError(f"{self._path} is not ready after {_START:g} s: {self.state()}")
                part = os.read(output, 65536)
                if not part:
                    self._process.kill()
                    self._process.wait()
                    raise SandboxError(f"{self._path} did not start: {self.state()}")
                line += part
        return line


def _program() -> str:
    given = os.environ.get("LINKTOR_SANDBOX")
    if given:
        if found := shutil.which(given):
            return found
        raise SandboxError(f"LINKTOR_SANDBOX is {given!r}, which is no program")
    places = [
        str(Path(__file__).parents[2] / "bin"),  # pip install --target
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")),
        os.environ.get("PATH", os.defpath),
    ]
    found = shutil.which(_PROGRAM, path=os.pathsep.join(places))
    if found is None:
        raise SandboxError(
            f"{_PROGRAM} is not installed; run: pip install {_PROGRAM} (or 'linktor[testing]'), "
            "or set LINKTOR_SANDBOX to where it is"
        )
    return found
