"""How far quick plans are from full ones: every preset as it ships, and with overrides, asked both ways.

Writes src/gigawatt/study/preview/measured.toml. What is compared is the objective, which a full plan can only better.

    python benchmarks/previews.py
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gigawatt.errors import Infeasible
from gigawatt.plan import plan
from gigawatt.scenario.load import load, presets
from gigawatt.study.preview import answer

PLACE = Path(answer.__file__).parent / "measured.toml"
HEAD = "# Quick plans against full ones: presets as they ship and with overrides, by benchmarks/previews.py.\n"
# To a thousandth of a percent, which is more than a solver's rounding.
SAME_FRAC = 1e-5
CAMPUS: dict[str, tuple[Any, ...]] = {
    "programme.target": ("40 MW", "60 MW", "75 MW", "90 MW"),
    "finance.discount": ("6 %/year", "14 %/year", "18 %/year"),
    "demand.price_scale": (0.6, 0.8, 1.2, 1.5),
    "capital.opening_cash": ("60 million USD", "150 million USD", "600 million USD", "1 billion USD"),
    "capital.covenant": ("20 %", "35 %", "70 %"),
    "capital.tranches.lag": (2, 4),
    "capital.tranches.every": ("10 MW", "20 MW", "45 MW"),
}
THREE: dict[str, tuple[Any, ...]] = {
    "programme.target": ("80 MW", "250 MW"),
    "finance.discount": ("6 %/year", "14 %/year"),
    "demand.price_scale": (0.7, 1.4),
    "capital.opening_cash": ("100 million USD", "300 million USD"),
}
LETTER: dict[str, tuple[Any, ...]] = {
    "programme.target": ("5 GW",),
    "demand.price_scale": (1.2,),
    "finance.discount": ("12 %/year",),
    "capital.debt_limit": ("20 billion USD",),
}
CHANGES = {"one-campus": CAMPUS, "three-sites": THREE, "loi-2025-09": LETTER}


def questions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each preset, and each of its overrides by itself."""
    for name in presets():
        yield name, {}
        for path, values in CHANGES.get(name, {}).items():
            yield from ((name, {path: value}) for value in values)


def added_frac(name: str, overrides: dict[str, Any]) -> float | None:
    """What a full plan is worth above the quick one, over its size; None where no plan is lawful."""
    scenario = load(name, overrides)
    try:
        full, quick = (plan.make(one, with_worth=False) for one in (scenario, answer.quick(scenario)))
    except Infeasible:
        return None
    return (full.objective - quick.objective) / max(abs(full.objective), 1.0)


def main() -> None:
    """Measure, and write what was found."""
    found = list[float]()
    for name, overrides in questions():
        added = added_frac(name, overrides)
        print(name, overrides, "no lawful plan" if added is None else f"{100 * added:.4f} %", flush=True)
        found += [] if added is None else [added]
    kept = {
        "measured_date": f'"{datetime.now(UTC).date().isoformat()}"',
        "questions_count": len(found),
        "same_count": sum(added <= SAME_FRAC for added in found),
        "most_added_frac": f"{max([*found, 0.0]):.3g}",
    }
    PLACE.write_text(HEAD + "".join(f"{key} = {value}\n" for key, value in kept.items()), encoding="utf-8")


if __name__ == "__main__":
    main()
