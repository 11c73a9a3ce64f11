"""Tables of what was measured: for a terminal, and as the page of the docs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from charts import picture
from measure import ROUNDS, Measure
from plan import TITLES
from run import Results
from targets import TARGETS, Target

PREFACE = Path(__file__).with_name("preface.md")


def told(results: Results) -> Iterator[str]:
    """For a terminal: a ratio first, and its range."""
    yield f"{results.machine}; {results.date}"
    for language, measures in results.measures.items():
        yield f"\n{TITLES[language]}: {versions(results, language)}"
        for measure in measures:
            ours = measure.ours
            yield f"\n{measure.table}{', ' * bool(measure.row)}{measure.row}: {number(measure, ours)}"
            for peer in measure.values:
                if peer != ours:
                    yield f"  {ratio(measure.ratios(ours, peer)):26} {peer:24} {number(measure, peer)}"
    by_id = indexed(results)
    for target in TARGETS:
        if target.measure in by_id and (not target.beside or target.beside in by_id):
            verdict = "met" if target.is_met(by_id) else "MISSED"
            yield f"{verdict:7} {what(target, by_id)}: {bound(target, by_id)}, is {reached(target, by_id)}"


def page(results: Results) -> Iterator[str]:
    """As Markdown."""
    by_id = indexed(results)
    yield PREFACE.read_text().format(**vars(results), rounds=ROUNDS)
    yield from picture("calls", "Calls a second of each client, 32 at once")
    yield "\n## Targets\n"
    yield from targets(by_id)
    for language, measures in results.measures.items():
        yield f"\n## {TITLES[language]}\n"
        yield f"{versions(results, language)}.\n"
        yield from picture(f"calls-{language}", f"Calls a second in {TITLES[language]}, by how many are made at once")
        for table in dict.fromkeys(one.table for one in measures):
            yield f"\n### {table}\n"
            yield from compared([one for one in measures if one.table == table])
    yield "\n## Rate limits, in simulated time\n"
    yield f"{results.simulation['setting']}. See [rate limits](limits.md) for what the policies are.\n"
    yield from picture("limits", "Answers of 429 a window, and how much of the limit was used, by policy")
    yield "\n| windows | policy | 429s a window | most in a later one | of the limit used | failed calls |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for row in results.simulation["rows"]:
        cells = (
            row["windows"],
            row["policy"],
            f"{row['refused_per_window']:,.1f}",
            f"{row['most_after_first']:,}",
            f"{row['used']:.1%}",
            f"{row['failed']:,}",
        )
        yield line(cells)


def targets(by_id: Mapping[str, Measure]) -> Iterator[str]:
    yield "| | target | measured | |"
    yield "| --- | --- | --- | --- |"
    for target in TARGETS:
        met = target.is_met(by_id)
        yield line(
            (what(target, by_id), bound(target, by_id), reached(target, by_id), "✓" if met else f"✗ {target.why}")
        )


def compared(rows: Sequence[Measure]) -> Iterator[str]:
    """A line for each row: ours, and then the peers by their ratios."""
    clients = list(dict.fromkeys(name for row in rows for name in row.values))
    ours = rows[0].ours
    yield line(("", ours, *(name for name in clients if name != ours)))
    yield line(("---", *("---:" for _ in clients)))
    for row in rows:
        cells = [
            f"**{ratio(row.ratios(ours, peer))}** {number(row, peer)}" if peer in row.values else ""
            for peer in clients
            if peer != ours
        ]
        yield line((row.row, number(row, ours) if cells else spread(row.values[ours], row.unit), *cells))


def what(target: Target, by_id: Mapping[str, Measure]) -> str:
    one = by_id[target.measure]
    language = TITLES.get(target.measure.partition(".")[0], "")
    peer = f", against {target.against}" if target.against else ""
    other = f", against {by_id[target.beside].row}" if target.beside else ""
    return ", ".join(filter(None, (language, one.table, one.row, target.client))) + peer + other


def bound(target: Target, by_id: Mapping[str, Measure]) -> str:
    limit = target.least if target.least is not None else target.most
    unit = "×" if target.is_ratio else after_number(by_id[target.measure].unit)
    aim = f" (aim {target.aim:g}{unit})" if target.aim else ""
    return f"{'≥' if target.least is not None else '≤'} {limit:g}{unit}{aim}"


def reached(target: Target, by_id: Mapping[str, Measure]) -> str:
    values = target.values(by_id)
    if target.is_ratio:
        return f"**{ratio(values)}**"
    return f"**{spread(values, by_id[target.measure].unit)}**"


def ratio(ratios: Sequence[float]) -> str:
    return spread(ratios, "×")


def spread(values: Sequence[float], unit: str) -> str:
    """The median, and the range where there is one."""
    if len(values) == 1:
        return shown(values[0], unit)
    return f"{shown(median(values), unit)} ({shown(min(values))}–{shown(max(values))})"


def number(measure: Measure, client: str) -> str:
    return shown(measure.median(client), measure.unit)


def shown(value: float, unit: str = "") -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{after_number(unit)}"


def after_number(unit: str) -> str:
    return unit if unit[:1] in ("", "/", "×") else f" {unit}"


def versions(results: Results, language: str) -> str:
    return ", ".join(f"{name} {version}" for name, version in results.versions[language].items())


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def indexed(results: Results) -> dict[str, Measure]:
    return {one.id: one for measures in results.measures.values() for one in measures} | simulated(results)


def simulated(results: Results) -> dict[str, Measure]:
    rows = results.simulation.get("rows", [])
    measures = {}
    for windows in dict.fromkeys(row["windows"] for row in rows):
        of = [row for row in rows if row["windows"] == windows]
        refused = {row["policy"]: [row["most_after_first"]] for row in of}
        used = {row["policy"]: [row["used"] * 100] for row in of}
        measures[f"limits.{windows}.refused"] = Measure(
            f"limits.{windows}.refused", "429s in any window after the first", f"{windows} windows", "", refused
        )
        measures[f"limits.{windows}.used"] = Measure(
            f"limits.{windows}.used", "Of the limit used", f"{windows} windows", "%", used
        )
    return measures
