"""Drivers that are told what to do, rounds that are interleaved, and what comes of them.

A driver is started as ``DRIVER CLIENT URL`` and tells the version of its client. Then it is given lines of JSON:
``{"calls": n, "at_once": m}`` makes calls, ``{"verify": n, "size": bytes}`` verifies webhooks, and others are those of
one language. It answers each with a line of JSON: ``seconds``, ``cpu_seconds``, and so on.
"""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 9
"""Rounds that count, after one to warm up."""

Values = dict[str, list[float]]
Run = Callable[[], dict[str, float]]
Tick = Callable[[str], None]


@dataclass(frozen=True)
class Measure:
    """What clients were measured to do: a value a round each, under the client's name."""

    id: str
    table: str
    row: str
    unit: str
    values: Values

    @property
    def ours(self) -> str:
        return next((name for name in self.values if name.startswith("linktor")), next(iter(self.values)))

    def median(self, client: str) -> float:
        return median(self.values[client])

    def ratios(self, client: str, peer: str) -> list[float]:
        """Of the same round."""
        return [mine / theirs for mine, theirs in zip(self.values[client], self.values[peer], strict=True)]


class Driver:
    """A process of one client. It is given tasks, as lines of JSON, and answers each with what it took."""

    def __init__(self, command: Sequence[str | Path], client: str, url: str) -> None:
        self.process = subprocess.Popen(
            [*command, client, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.client = client
        self.version: str = self._read()["version"]

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def ask(self, **task: Any) -> dict[str, float]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        return self._read()

    def highest_mib(self) -> float:
        """Its highest resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver of {self.client} ended with status {self.process.wait()}")
        return json.loads(line)


@dataclass(frozen=True)
class Language:
    """Its name, and the command that its driver is started with for a client."""

    name: str
    command: Callable[[str], Sequence[str | Path]]


class Bench:
    """The drivers of a language that are running, each started when it is first needed."""

    def __init__(self, language: Language, url: str) -> None:
        self.language, self.url = language, url
        self.versions: dict[str, str] = {}
        self._stack, self._drivers = ExitStack(), dict[str, Driver]()

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def driver(self, client: str) -> Driver:
        if client not in self._drivers:
            self._drivers[client] = self._stack.enter_context(self.fresh(client))
        return self._drivers[client]

    def fresh(self, client: str) -> Driver:
        driver = Driver(self.language.command(client), client, self.url)
        self.versions[client.partition(",")[0]] = driver.version
        return driver

    def interleaved(
        self, what: str, runs: Mapping[str, Callable[[], dict[str, float]]], tick: Tick
    ) -> dict[str, Values]:
        """What the runs answered in each round, by key and client. Who begins changes with the round."""
        answers: dict[str, Values] = {}
        names = list(runs)
        for number in range(ROUNDS + 1):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                answer = runs[name]()
                tick(f"{self.language.name}: {what}, {name}")
                if number:
                    for key, value in answer.items():
                        answers.setdefault(key, {each: [] for each in names})[name].append(value)
        return answers
