"""The charts of the docs, each once for light pages and once for dark ones."""

from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from measure import Measure
from plan import LOADS, TITLES
from run import Results

OURS = {"light": "#0969da", "dark": "#4493f8"}
PEERS = {"light": "#afb8c1", "dark": "#5c6570"}
LINES = {
    "light": ("#bc4c00", "#1a7f37", "#8250df", "#9a6700", "#57606a", "#cf222e"),
    "dark": ("#f0883e", "#3fb950", "#a371f7", "#d29922", "#8b949e", "#f85149"),
}
INK = {"light": "#1f2328", "dark": "#e6edf3"}
README = {"rust": "rust.32.rate", "python": "python.async.32.rate", "node": "node.32.rate", "go": "go.32.rate"}
KIND = {"python": "python.async"}

Draw = Callable[[str], Figure]


def draw(results: Results, folder: Path) -> None:
    by_id = {one.id: one for each in results.measures.values() for one in each}
    folder.mkdir(exist_ok=True)
    in_readme = [(TITLES[name], by_id[measure]) for name, measure in README.items()]
    save(folder, "calls", lambda theme: calls(in_readme, theme))
    for language in results.measures:
        of = [by_id[f"{KIND.get(language, language)}.{load}.rate"] for load in LOADS]
        save(folder, f"calls-{language}", partial(loads, of))
    save(folder, "limits", partial(limits, results.simulation["rows"]))


def picture(name: str, alt: str) -> Iterator[str]:
    """The chart in Markdown: GitHub's way to show one or the other."""
    yield "<picture>"
    yield f'  <source media="(prefers-color-scheme: dark)" srcset="charts/{name}-dark.svg">'
    yield f'  <img alt="{alt}" src="charts/{name}-light.svg">'
    yield "</picture>"


def save(folder: Path, name: str, draw: Draw) -> None:
    for theme in ("light", "dark"):
        ink = INK[theme]
        style = {
            "axes.edgecolor": ink,
            "axes.labelcolor": ink,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "figure.constrained_layout.use": True,
            "font.size": 9,
            "legend.frameon": False,
            "savefig.transparent": True,
            # Texts, in whatever font the page has.
            "svg.fonttype": "none",
            "svg.hashsalt": name,
            "text.color": ink,
            "xtick.color": ink,
            "ytick.color": ink,
        }
        with mpl.rc_context(style):
            figure = draw(theme)
            figure.savefig(folder / f"{name}-{theme}.svg", metadata={"Date": None, "Creator": None})
            plt.close(figure)


def calls(of: Sequence[tuple[str, Measure]], theme: str) -> Figure:
    """A panel a language, and a bar a client."""
    figure, panels = plt.subplots(2, 2, figsize=(8, 4.6))
    for panel, (name, measure) in zip(panels.flat, of, strict=True):
        values = {shortened(client): measure.median(client) / 1e3 for client in measure.values}
        bars(panel, values, {"linktor"}, theme)
        panel.set_title(name)
    figure.supxlabel("thousand calls a second, 32 at once", fontsize=9)
    return figure


def loads(of: Sequence[Measure], theme: str) -> Figure:
    """A line a client, over how many calls there are at once; each with the range of its rounds."""
    figure, panel = plt.subplots(figsize=(8, 3.6))
    peers = iter(LINES[theme])
    for client in of[0].values:
        ours = client.startswith("linktor")
        there = [one for one in of if client in one.values]
        medians = [one.median(client) / 1e3 for one in there]
        ranges = (
            [middle - min(one.values[client]) / 1e3 for middle, one in zip(medians, there, strict=True)],
            [max(one.values[client]) / 1e3 - middle for middle, one in zip(medians, there, strict=True)],
        )
        panel.errorbar(
            range(len(there)),
            medians,
            yerr=ranges,
            label=shortened(client),
            color=OURS[theme] if ours else next(peers),
            linewidth=2.5 if ours else 1.2,
            elinewidth=0.8,
            marker="o",
            markersize=5 if ours else 3,
            zorder=3 if ours else 2,
        )
    panel.set_xticks(range(len(of)), [one.row for one in of])
    panel.set_ylim(bottom=0)
    panel.set_ylabel("thousand calls a second")
    figure.legend(loc="outside right center")
    return figure


def limits(rows: Sequence[dict[str, Any]], theme: str) -> Figure:
    """What each policy pays in refusals, and what it gets."""
    windows = list(dict.fromkeys(row["windows"] for row in rows))
    figure, panels = plt.subplots(2, len(windows), figsize=(8, 3.8), sharey=True)
    shown = (("refused_per_window", "429s in each", 1), ("used", "% of it used", 100))
    for panel, ((key, title, scale), each) in zip(panels.flat, product(shown, windows), strict=True):
        values = {row["policy"]: row[key] * scale for row in rows if row["windows"] == each}
        bars(panel, values, {"reactive", "proactive"}, theme)
        panel.set_title(f"{each} window: {title}", fontsize=9)
    return figure


def bars(panel: Axes, values: dict[str, float], ours: Container[str], theme: str) -> None:
    names = list(values)[::-1]
    colours = [OURS[theme] if name in ours else PEERS[theme] for name in names]
    drawn = panel.barh(names, [values[name] for name in names], color=colours, height=0.7)
    panel.bar_label(drawn, fmt="{:,.1f}", padding=3)
    panel.margins(x=0.25)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def shortened(client: str) -> str:
    return client.removesuffix(", async")
