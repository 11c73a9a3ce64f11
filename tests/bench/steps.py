"""The steps of a run: calls, signatures, memory, starts, sizes, and what only one of the languages has."""

import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from measure import ROUNDS, Bench, Driver, Measure, Run, Tick, Values

RUN_SECONDS = 0.3
"""How long a run of calls or of signatures is to take, unless each caller has but one call to make."""

WARM_UP = 4
"""How many such runs warm up, at once: compilers that compile what is hot need a second of it.

Their rate, and not that of the first calls, says how many calls a run is."""


class Step(Protocol):
    """Something to measure, in a number of runs that is known before."""

    @property
    def runs(self) -> int: ...

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]: ...


@dataclass(frozen=True)
class Calls:
    """GETs that decode their JSON, so many of them at once."""

    clients: Sequence[str]
    at_once: int
    kind: str = ""

    @property
    def runs(self) -> int:
        return len(self.clients) * (ROUNDS + 1)

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]:
        row = crowd(self.at_once)
        runs = {client: self._run(bench.driver(client)) for client in self.clients}
        found = bench.interleaved(", ".join(filter(None, [self.kind, row])), runs, tick)
        key, title = named(bench, self.kind, str(self.at_once))
        yield Measure(f"{key}.rate", f"Calls a second{title}", row, "/s", found["rate"])
        if self.at_once == 1:
            for rank in (50, 99):
                yield Measure(f"{key}.p{rank}", f"Latency{title}", f"p{rank}", "µs", found[f"p{rank}_us"])
        yield Measure(f"{key}.cpu", f"CPU time of 10,000 calls{title}", row, "s", found["cpu"])

    def _run(self, driver: Driver) -> Run:
        count = 0

        def run() -> dict[str, float]:
            nonlocal count
            if not count:
                first = max(2 * self.at_once, 100)
                rate = first / driver.ask(calls=first, at_once=self.at_once)["seconds"]
                # As many for each caller, and no fewer than one.
                count = self.at_once * max(1, round(rate * RUN_SECONDS / self.at_once))
                rate = WARM_UP * count / driver.ask(calls=WARM_UP * count, at_once=self.at_once)["seconds"]
                count = self.at_once * max(1, round(rate * RUN_SECONDS / self.at_once))
            took = driver.ask(calls=count, at_once=self.at_once)
            return took | {"rate": count / took["seconds"], "cpu": took["cpu_seconds"] / count * 10_000}

        return run


@dataclass(frozen=True)
class Verify:
    """Signatures of webhooks of a size."""

    clients: Sequence[str]
    size: int

    @property
    def runs(self) -> int:
        return len(self.clients) * (ROUNDS + 1)

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]:
        row = f"{self.size} B" if self.size < 1024 else f"{self.size // 1024} KiB"
        runs = {client: self._run(bench.driver(client)) for client in self.clients}
        rates = bench.interleaved(f"signatures, {row}", runs, tick)["rate"]
        yield Measure(f"{bench.language.name}.verify.{self.size}", "Signatures of webhooks a second", row, "/s", rates)

    def _run(self, driver: Driver) -> Run:
        count = 0

        def run() -> dict[str, float]:
            nonlocal count
            if not count:
                rate = 500 / driver.ask(verify=500, size=self.size)["seconds"]
                count = max(1, round(rate * RUN_SECONDS))
                rate = WARM_UP * count / driver.ask(verify=WARM_UP * count, size=self.size)["seconds"]
                count = max(1, round(rate * RUN_SECONDS))
            return {"rate": count / driver.ask(verify=count, size=self.size)["seconds"]}

        return run


@dataclass(frozen=True)
class Memory:
    """The highest resident memory of a process that makes 10,000 calls with one client, and nothing else."""

    clients: Sequence[str]
    at_once: int
    kind: str = ""
    rounds: int = 3

    @property
    def runs(self) -> int:
        return len(self.clients) * self.rounds

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]:
        peaks: Values = {client: [] for client in self.clients}
        for _ in range(self.rounds):
            for client in self.clients:
                with bench.fresh(client) as driver:
                    driver.ask(calls=10_000, at_once=self.at_once)
                    peaks[client].append(driver.highest_mib())
                tick(f"{bench.language.name}: memory, {client}")
        key, title = named(bench, self.kind, "memory")
        yield Measure(key, f"Peak memory of 10,000 calls{title}", crowd(self.at_once), "MiB", peaks)


@dataclass(frozen=True)
class Programs:
    """What programs print, each of them in a fresh process: milliseconds that they took to load something."""

    programs: Mapping[str, Sequence[str | Path]]
    table: str
    id: str
    folder: Path | None = None

    @property
    def runs(self) -> int:
        return len(self.programs) * (ROUNDS + 1)

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]:
        times: Values = {name: [] for name in self.programs}
        for number in range(ROUNDS + 1):
            for name, command in self.programs.items():
                out = subprocess.run(command, check=True, capture_output=True, text=True, cwd=self.folder).stdout
                tick(f"{bench.language.name}: start, {name}")
                # The first start writes and reads what the next ones find in the caches.
                if number:
                    times[name].append(float(out))
        yield Measure(f"{bench.language.name}.{self.id}", self.table, "", "ms", times)


@dataclass(frozen=True)
class Sizes:
    """Megabytes of files and folders, which are made first where they are built for this alone."""

    table: str
    id: str
    sizes: Mapping[str, Callable[[], float]]

    @property
    def runs(self) -> int:
        return len(self.sizes)

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]:
        values: Values = {}
        for name, size in self.sizes.items():
            values[name] = [size() / 1e6]
            tick(f"{bench.language.name}: size, {name}")
        yield Measure(f"{bench.language.name}.{self.id}", self.table, "", "MB", values)


@dataclass(frozen=True)
class Waiting:
    """What calls hold that wait for their answers, each client in processes of its own."""

    clients: Sequence[str]
    calls: int = 10_000
    rounds: int = 3

    @property
    def runs(self) -> int:
        return len(self.clients) * self.rounds

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]:
        each: Values = {client: [] for client in self.clients}
        threads: Values = {client: [] for client in self.clients}
        for _ in range(self.rounds):
            for client in self.clients:
                with bench.fresh(client) as driver:
                    held = driver.ask(wait=self.calls)
                each[client].append((held["waiting_kib"] - held["before_kib"]) / self.calls)
                threads[client].append(held["threads"])
                tick(f"{bench.language.name}: waiting, {client}")
        table = f"{self.calls:,} calls that wait, 128 connections"
        yield Measure(f"{bench.language.name}.waiting", table, "memory of a call", "KiB", each)
        yield Measure(f"{bench.language.name}.threads", table, "threads of the system", "", threads)


@dataclass(frozen=True)
class Pipeline:
    """What the pipeline costs by itself, over a transport in memory, and the gate's part in it."""

    calls: int = 100_000

    @property
    def runs(self) -> int:
        return 3 * (ROUNDS + 1)

    def measure(self, bench: Bench, tick: Tick) -> Iterable[Measure]:
        gated, free = bench.driver("linktor"), bench.driver("linktor, pacing off")

        def run(driver: Driver, limits: bool) -> Run:
            return lambda: {"us": driver.ask(pipeline=self.calls, limits=limits)["seconds"] / self.calls * 1e6}

        runs = {"linktor": run(gated, False), "with rate limits": run(gated, True), "pacing off": run(free, True)}
        us = bench.interleaved("pipeline", runs, tick)["us"]
        gate = [ours - theirs for ours, theirs in zip(us["with rate limits"], us["pacing off"], strict=True)]
        yield Measure("rust.pipeline", "The pipeline alone, over a transport in memory", "a call", "µs", us)
        yield Measure("rust.gate", "The gate, of a call with rate limits", "", "µs", {"linktor": gate})


def named(bench: Bench, kind: str, what: str) -> tuple[str, str]:
    """The key of a measure, and how its table's title goes on."""
    return ".".join(filter(None, [bench.language.name, kind, what])), f", {kind}" if kind else ""


def crowd(at_once: int) -> str:
    return "one after the other" if at_once == 1 else f"{at_once:,} at once"
