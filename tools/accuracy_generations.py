"""The accuracy page's part about one generation of GPUs against the one before, as published of agents' traffic."""

from __future__ import annotations

from collections.abc import Sequence

from gigawatt.catalog import load
from gigawatt.report.formats import signed
from gigawatt.study.validate.generations import TRAFFIC, WATT, GenerationRow

TEXT = """
What SemiAnalysis measured of Vera Rubin on 2026-09-14, DeepSeek-V4-Pro in FP4 for coding agents, beside GB300: tokens
per second and watt of utility power at 100 tokens/s for a user, prompts and what of them a cache holds counted, and the
fastest user. Power is what the same house says is provided for a package, all in: {rubin:,.0f} and {blackwell:,.0f}
W. Lengths, cache and drafts of that traffic are not published: the catalog's `{traffic}` and three drafted tokens a
step are taken. Published speeds are of the slowest tenth of answers, predicted ones of the mean. Nothing was fitted to
these figures, and no bar was set before they were seen.

What is missed, and why: how far Vera Rubin is ahead of the same engine is understated. Many rows make TensorRT-LLM on
Blackwell a sixth quicker than it is in general, while of Rubin there is a single row, offline, which cannot; and on
GB300 SGLang was measured ahead of TensorRT-LLM, which is predicted the other way round. In absolute tokens one pool is
within 30 %, while two pools are three to five times too high: routing, caches that miss and bursts of agents are in
what was measured. The fastest user of GB300 on TensorRT-LLM is predicted nearly twice as fast as it was measured. On
SGLang, says the source, a GB300 comes near to Vera Rubin, as is predicted of both.

The watts flatter Vera Rubin: its {rubin:,.0f} W stand beside a package of 1,800 W in the list that they are from, which
is 190 kW a rack, and what was measured were packages of 2,300 W, 230 kW a rack. With the same quarter on top that is
{full:,.0f} W, and the published ratios of 2.1 and 2.8 become {least:.1f} and {most:.1f}.

"""
QUARTER_RATIO = 1.25


def text(found: Sequence[GenerationRow]) -> str:
    """What the page says of it."""
    rubin, blackwell = (load.get("accelerators", name) for name in ("vera-rubin-nvl72-max-p", "gb300-nvl72"))
    full_w = rubin.rack_power_w * QUARTER_RATIO / rubin.packages_per_rack_count
    rows = [row for row in found if (row.metric, row.unit) == (WATT, "ratio")]
    ratios = [row.published * rubin.all_in_power_w / full_w for row in rows]
    return TEXT.format(
        rubin=rubin.all_in_power_w,
        blackwell=blackwell.all_in_power_w,
        traffic=TRAFFIC,
        full=full_w,
        least=min(ratios),
        most=max(ratios),
    )


def figures(found: Sequence[GenerationRow]) -> list[list[str]]:
    """Every published figure with what is predicted of it, by one pool and by two."""
    rows = [["", "figure", "unit", "published", "one pool", "error", "two pools", "error"]]
    for row in found:
        told = [text for pools in (row.one_pool, row.two_pools) for text in _told(row, pools)]
        rows.append([row.name, row.metric, row.unit, f"{row.published:.3g}", *told])
    return rows


def _told(row: GenerationRow, predicted: float | None) -> tuple[str, str]:
    error = row.error_frac(predicted)
    return ("–", "–") if predicted is None or error is None else (f"{predicted:.3g}", signed(error))
