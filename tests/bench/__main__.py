"""The SDK against its peers, side by side: speed, CPU time, memory, start, size.

    python tests/bench [rust] [python] [node] [go]

Prints what it measured. Without a language it measures all of them, and writes the page and the charts of the docs.
"""

import sys

import charts
import report
from plan import BUILT, PLANS, ROOT
from run import run

languages = sys.argv[1:]
if unknown := set(languages) - set(PLANS):
    sys.exit(f"there is no {', '.join(unknown)}; there are {', '.join(PLANS)}")
results = run(languages or list(PLANS))
print("\n".join(report.told(results)))
if not languages:
    results.save(BUILT / "bench" / "results.json")
    charts.draw(results, ROOT / "docs" / "charts")
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(report.page(results)) + "\n")
