"""A run: the languages one after the other, against a server of their own, and what came of it."""

import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from measure import Bench, Measure
from plan import PLANS, ROOT, SERVER
from tqdm import tqdm


@dataclass
class Results:
    """All that was measured in one run."""

    machine: str
    date: str
    minutes: float = 0
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    measures: dict[str, list[Measure]] = field(default_factory=dict)
    simulation: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))


def run(languages: Sequence[str]) -> Results:
    allow_connections()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    results = Results(machine(), datetime.now(timezone.utc).date().isoformat())
    plans = {name: PLANS[name]() for name in languages}
    started = time.monotonic()
    total = sum(step.runs for _, steps in plans.values() for step in steps)
    # None where nobody looks.
    with tqdm(total=total, unit="run", smoothing=0.05, file=sys.stderr, disable=None) as bar:

        def tick(what: str) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update()

        for name, (language, steps) in plans.items():
            with server() as url, Bench(language, url) as bench:
                results.measures[name] = [one for step in steps for one in step.measure(bench, tick)]
                results.versions[name] = bench.versions | {"linktor": version()}
    if "rust" in languages:
        results.simulation = simulation()
    results.minutes = (time.monotonic() - started) / 60
    return results


@contextmanager
def server() -> Iterator[str]:
    with subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())["url"]


def simulation() -> dict[str, Any]:
    """How much of a limit a crowd puts to use, and how many refusals that costs."""
    command = ["cargo", "bench", "--quiet", "-p", "linktor", "--bench", "rate_limit"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout)


def version() -> str:
    """The project's own: Go does not know it of a module that lies beside it."""
    found = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert found
    return found[1]


def allow_connections() -> None:
    """Both ends of many connections, on machines that allow few unless they are asked."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    system = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} × {model}, {system}, load {os.getloadavg()[0]:.2f} at the start"
