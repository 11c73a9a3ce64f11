"""What is measured in each language, and against whom."""

import importlib.metadata
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from measure import Language
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from steps import Calls, Memory, Pipeline, Programs, Sizes, Step, Verify, Waiting

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILT = ROOT / "target"
SERVER = BUILT / "release" / "bench-server"
LOADS = (1, 32, 256, 2_000)
BODIES = (256, 1_024, 65_536)

Plan = tuple[Language, Sequence[Step]]


def rust() -> Plan:
    clients = ("linktor", "reqwest", "hyper")
    return Language("rust", lambda _: [BUILT / "release" / "bench-driver"]), [
        *(Calls(clients, load) for load in LOADS),
        Memory(clients, 32),
        *(Verify(("linktor", "hmac + sha2", "sha2"), size) for size in BODIES),
        Pipeline(),
    ]


def python() -> Plan:
    def command(client: str) -> Sequence[str | Path]:
        return [interpreter(client), HERE / "python" / "driver.py"]

    sync = ("linktor", "pyreqwest", "httpx", "niquests", "requests", "openai", "stripe")
    parallel = ("linktor, async", "pyreqwest, async", "aiohttp", "niquests, async", "httpx, async")
    imports = {name: f"import {name}" for name in (*sync, "aiohttp")} | {"pyreqwest": "import pyreqwest.client"}
    clients = {
        "linktor": "linktor.Linktor('lk_invented')",
        "pyreqwest": "pyreqwest.client.SyncClientBuilder().build()",
        "httpx": "httpx.Client()",
        "niquests": "niquests.Session()",
        "requests": "requests.Session()",
        "openai": "openai.OpenAI(api_key='sk_invented')",
        "stripe": "stripe.StripeClient('sk_invented')",
    }

    def program(name: str, code: str) -> Sequence[str | Path]:
        timed = f"import time; t = time.perf_counter(); {code}; print((time.perf_counter() - t) * 1e3)"
        return [interpreter(name), "-c", timed]

    (wheel,) = (BUILT / "bench" / "wheel").glob("linktor-*.whl")
    sizes: dict[str, Callable[[], float]] = {name: partial(installed, name) for name in (*sync, "aiohttp")}
    del sizes["niquests"]
    return Language("python", command), [
        Calls(sync, 1, "sync"),
        *(Calls(parallel, load, "async") for load in LOADS[:-1]),
        # Of httpx two runs of so many at once did not end within a minute.
        Calls(parallel[:-1], LOADS[-1], "async"),
        Memory(sync, 1, "sync", rounds=1),
        Memory(parallel, 32, "async", rounds=1),
        *(Verify(("linktor", "hmac.digest"), size) for size in BODIES),
        Programs({name: program(name, code) for name, code in imports.items()}, "Import", "import"),
        Programs(
            {name: program(name, f"{imports[name]}; {code}") for name, code in clients.items()},
            "Import, and a first client",
            "client",
        ),
        Sizes("The wheel", "wheel", {"linktor": lambda: wheel.stat().st_size}),
        Sizes("Installed, with what it depends on", "size", sizes),
    ]


def node() -> Plan:
    clients = ("linktor", "undici", "fetch", "axios", "got", "ky")
    folder = HERE / "node"
    packages = {"linktor": "@linktor/sdk", **{name: name for name in ("undici", "axios", "got", "ky")}}

    def program(name: str, kind: str, load: str) -> Sequence[str]:
        timed = f"const t = performance.now(); {load}('{packages[name]}'); console.log(performance.now() - t)"
        return ["node", f"--input-type={kind}", "--eval", f"{timed}; process.exit()"]

    required = {name: program(name, "commonjs", "require") for name in ("linktor", "undici", "axios")}
    imported = {name: program(name, "module", "await import") for name in packages}
    sizes = {name: partial(modules, folder / "node_modules", package) for name, package in packages.items()}
    (addon,) = (folder / "node_modules" / "@linktor").glob("*/*.node")
    return Language("node", lambda _: ["node", "--expose-gc", folder / "driver.mjs"]), [
        *(Calls(clients, load) for load in LOADS),
        Memory(clients, 32),
        *(Verify(("linktor", "node:crypto"), size) for size in BODIES),
        Programs(required, "Loading, by require", "require", folder=folder),
        Programs(imported, "Loading, by import", "import", folder=folder),
        Sizes("The addon", "addon", {"linktor": lambda: addon.stat().st_size}),
        Sizes("Installed, with what it depends on", "size", sizes),
    ]


def go() -> Plan:
    clients = ("linktor", "net/http, tuned", "net/http", "resty", "go-retryablehttp")
    programs = {"linktor": "sdk", "net/http": "nethttp", "neither": "bare"}
    return Language("go", lambda _: [BUILT / "bench" / "go-driver"]), [
        *(Calls(clients, load) for load in LOADS),
        Memory(clients, 32),
        Waiting(("linktor", "net/http, 128")),
        *(Verify(("linktor", "crypto/hmac"), size) for size in BODIES),
        Sizes("A program that makes a call", "size", {name: partial(linked, each) for name, each in programs.items()}),
    ]


TITLES = {"rust": "Rust", "python": "Python", "node": "Node.js", "go": "Go"}
PLANS = {"rust": rust, "python": python, "node": node, "go": go}


def interpreter(client: str) -> Path:
    """One of its own for niquests, whose urllib3-future takes the place of the urllib3 of requests."""
    folder = "venv-niquests" if client.startswith("niquests") else "venv"
    return BUILT / "bench" / folder / "bin" / "python"


def installed(name: str, seen: set[str] | None = None) -> float:
    """Bytes of a distribution and of all that it requires, as installed here."""
    seen = set() if seen is None else seen
    name = canonicalize_name(name)
    if name in seen:
        return 0
    seen.add(name)
    found = importlib.metadata.distribution(name)
    own = sum(path.stat().st_size for file in found.files or () if (path := Path(str(file.locate()))).exists())
    needed = (Requirement(one) for one in found.requires or ())
    here = (one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""}))
    return own + sum(installed(each, seen) for each in here)


def modules(root: Path, package: str, seen: set[str] | None = None) -> float:
    """Bytes of a package and of all that it depends on, as installed here."""
    seen = set() if seen is None else seen
    folder = root / package
    if package in seen or not folder.exists():
        return 0
    seen.add(package)
    own = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    about = json.loads((folder / "package.json").read_text())
    needed: Iterable[str] = [*about.get("dependencies", {}), *about.get("optionalDependencies", {})]
    return own + sum(modules(root, each, seen) for each in needed)


def linked(program: str) -> float:
    """Bytes of a Go program without its symbols."""
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / program
        command = ["go", "build", "-ldflags=-s -w", "-o", binary, f"./hello/{program}"]
        subprocess.run(command, check=True, cwd=HERE / "go", stdout=sys.stderr)
        return binary.stat().st_size
