#!/usr/bin/env python3
"""Writes docs/parity.md: how every vector went in every language, from what the runners left in target/vectors.

Fails where a vector failed or was not run, and where one was run that no file has.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
REPORTS = ROOT / "target" / "vectors"
PAGE = ROOT / "docs" / "parity.md"
COLUMNS = {
    "wire": {
        "rust": "Rust",
        "python-sync": "Python",
        "python-async": "Python, async",
        "node": "Node.js",
        "go": "Go",
    },
    "unit": {"rust-unit": "Rust"},
}
ABOUT = {
    "wire": "Calls through the public API against a scripted server, in every language.",
    "unit": "Pure rules of the core that all languages share, run once.",
}
HEAD = """\
# Parity

How every vector of [`tests/vectors`](../tests/vectors/README.md) went in every language.
`make parity` runs them all, writes this page, and fails unless all pass.
"""
PASSED, FAILED, MISSING = "✓", "✗", "–"
NOT_RUN = "it was not run"
MOST_NAMED = 20

# By file and case: true, or what went wrong. What was not run is not there.
Outcomes = dict[str, dict[str, "bool | str"]]


@dataclass(frozen=True)
class File:
    folder: str
    name: str
    rule: str
    cases: tuple[str, ...]


def main() -> int:
    files = list(read_files())
    columns = {column: read_column(column) for titles in COLUMNS.values() for column in titles}
    PAGE.write_text(page(files, columns), encoding="utf-8")

    wrong = list(malformed(files))
    print(f"\n{'vectors':12} {'passed':>8} {'failed':>8} {'missing':>8}")
    for folder, titles in COLUMNS.items():
        for column in titles:
            own = [file for file in files if file.folder == folder]
            marks = Counter(mark(columns[column], file, case) for file in own for case in file.cases)
            print(f"{column:12} {marks[PASSED]:8} {marks[FAILED]:8} {marks[MISSING]:8}")
            wrong += faults(column, columns[column], own)
    # What failed says more than what was not run.
    wrong.sort(key=lambda what: what.endswith(NOT_RUN))
    for what in wrong[:MOST_NAMED]:
        print(what, file=sys.stderr)
    if len(wrong) > MOST_NAMED:
        print(f"and {len(wrong) - MOST_NAMED} more", file=sys.stderr)
    return 1 if wrong else 0


def read_files() -> Iterator[File]:
    for folder in COLUMNS:
        for path in sorted((VECTORS / folder).glob("*.json")):
            document = json.loads(path.read_text(encoding="utf-8"))
            yield File(folder, path.stem, document["rule"], tuple(case["name"] for case in document["cases"]))


def read_column(column: str) -> Outcomes:
    """What a runner wrote, in one part or several."""
    outcomes: Outcomes = {}
    for path in [REPORTS / f"{column}.json", *sorted(REPORTS.glob(f"{column}.*.json"))]:
        if path.exists():
            outcomes |= json.loads(path.read_text(encoding="utf-8"))
    return outcomes


def malformed(files: list[File]) -> Iterator[str]:
    """What no run could tell of."""
    for folder in COLUMNS:
        if not any(file.folder == folder for file in files):
            yield f"{folder}: there are no files"
    for file in files:
        if not file.cases:
            yield f"{file.folder}/{file.name}: there are no cases"
        for case, times in Counter(file.cases).items():
            if times > 1:
                yield f"{file.folder}/{file.name}: {case}: {times} cases have this name"


def faults(column: str, outcomes: Outcomes, files: list[File]) -> Iterator[str]:
    for file in files:
        for case in file.cases:
            outcome = outcomes.get(file.name, {}).get(case, NOT_RUN)
            if outcome is not True:
                yield f"{column}: {file.name}: {case}: {one_line(str(outcome))}"
    known = {(file.name, case) for file in files for case in file.cases}
    for name, cases in outcomes.items():
        for case in cases:
            if (name, case) not in known:
                yield f"{column}: {name}: {case}: it was run, and no file has it"


def one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def mark(outcomes: Outcomes, file: File, case: str) -> str:
    outcome = outcomes.get(file.name, {}).get(case)
    return MISSING if outcome is None else PASSED if outcome is True else FAILED


def page(files: list[File], columns: dict[str, Outcomes]) -> str:
    parts = [HEAD]
    for folder, titles in COLUMNS.items():
        own = [file for file in files if file.folder == folder]
        rows = [[link(file), file.rule.replace("|", r"\|"), *counts(columns, [file])] for file in own]
        head, total = ["file", "rule", *titles.values()], ["all", "", *counts(columns, own)]
        parts += [f"\n## {folder}\n\n{ABOUT[folder]}\n\n", table(head, [*rows, total])]
    parts.append(f"\n{PASSED} is a vector that passed, {FAILED} one that failed, and {MISSING} one that was not run.\n")
    for file in files:
        titles = COLUMNS[file.folder]
        rows = [[escaped(case), *(mark(columns[column], file, case) for column in titles)] for case in file.cases]
        parts += [f"\n## {file.folder}/{file.name}\n\n", table(["vector", *titles.values()], rows)]
    return "".join(parts)


def link(file: File) -> str:
    # The anchor of a heading is its text without the slash.
    return f"[{file.name}](#{file.folder}{file.name})"


def counts(columns: dict[str, Outcomes], files: list[File]) -> Iterator[str]:
    """How many of files of one folder passed, by column."""
    total = sum(len(file.cases) for file in files)
    for column in COLUMNS[files[0].folder] if files else ():
        passed = sum(mark(columns[column], file, case) == PASSED for file in files for case in file.cases)
        yield f"{total}" if passed == total else f"{passed} / {total}"


def table(head: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows])


def escaped(name: str) -> str:
    return re.sub(r"[\\`|<]", r"\\\g<0>", name)


if __name__ == "__main__":
    sys.exit(main())
