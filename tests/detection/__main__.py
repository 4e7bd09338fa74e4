"""How well the gates detect: slower queries, injected faults, and nothing at all, over many runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import faults
import histories
import slower
from records import Records
from table import Demand, holds, lines

ROOT = Path(__file__).parent.parent.parent
SHARES = {"nothing changed": 0.0, "+20 %": 0.2, "+50 %": 0.5, "+10 %": 0.1, "+5 %": 0.05}
AGAINST_ITSELF, EACH = 300, 100
VARIANTS = 10


def main() -> int:
    given = _arguments()
    if given.only == "history":
        return _history(given.runs.with_name("detection-history.jsonl"))
    records = Records(given.runs)
    least = dict.fromkeys(SHARES, 1 if given.quick else EACH)
    least["nothing changed"] = 3 if given.quick else AGAINST_ITSELF
    variants = 1 if given.quick else VARIANTS
    if given.only != "slower":
        faults.measure(ROOT, variants, records, _tell)
    if given.only != "faults":
        slower.measure(ROOT, {kind: (share, least[kind]) for kind, share in SHARES.items()}, records, _tell)
    demands = _of_faults(variants) if given.only != "slower" else {}
    demands |= _demands(least) if given.only != "faults" else {}
    print("\n".join(lines(records.runs, demands)))
    return 0 if holds(records.runs, demands) else 1


def _history(file: Path) -> int:
    histories.measure(ROOT, file, _tell)
    print("\n".join(histories.lines(file)))
    return 0 if histories.holds(file) else 1


def _of_faults(variants: int) -> dict[str, Demand | None]:
    gates = dict.fromkeys(fault.gate for fault in faults.FAULTS.values() if fault.gate != "benchmark")
    without = {f"no fault, {gate}": Demand(1, "pass", 0, must=True) for gate in gates}
    noticed: dict[str, Demand | None] = {
        kind: Demand(variants, "fail", 0, must=True) for kind in faults.FAULTS
    }
    noticed[faults.NO_ROUND_TRIP] = Demand(variants, "fail", 0, must=False)
    return without | noticed


def _demands(least: dict[str, int]) -> dict[str, Demand | None]:
    return {
        "nothing changed": Demand(least["nothing changed"], "fail", 3, must=False),
        "+5 %": None,
        "+10 %": None,
        "+20 %": Demand(least["+20 %"], "fail", 5, must=True),
        "+50 %": Demand(least["+50 %"], "fail", 0, must=True),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench --gates", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few runs of each kind")
    file = ROOT / ".gatepost" / "detection.jsonl"
    parser.add_argument("--runs", type=Path, default=file, help="the file that keeps the runs; %(default)s")
    parts = ("faults", "slower", "history")
    words = "injected faults, slower queries and none, or only a history of benchmarks"
    parser.add_argument("--only", choices=parts, help=words)
    return parser.parse_args()


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
