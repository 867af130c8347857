"""Predictions and their errors, on a terminal and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gigawatt import units

GROUPS = ("source", "engine", "gpu", "model")
Rows = list[list[str]]
COLUMNS = ("", "rows", "mean error", "median", "bias", "baseline")


def show(what: str, figures: Mapping[str, Any]) -> None:
    """A validation: one line of totals, errors by group with the constant-efficiency baseline beside, what was left."""
    print(f"\nPredicted against measured: {what}\n")
    for name, text in totals(figures):
        print(f"  {name:<34}{text}")
    for group in GROUPS:
        print(f"\nBy {group}\n" + _aligned([list(COLUMNS), *by_group(figures, group)]))
    if figures["skipped"]:
        print("\nNot answered")
        for row in figures["skipped"]:
            kind = "" if row.get("eligible", True) else " (other work, not in the coverage)"
            print(f"  {row['count']:>5}  {row['reason']}{kind}")


def totals(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of a validation that are one number, in words."""
    return [
        ("rows read, answered", f"{figures['rows']}, {figures['evaluated']}"),
        ("coverage of eligible rows", _share(figures["coverage_frac"])),
        ("mean absolute error (MAPE)", _share(figures["mape_frac"])),
        ("of a constant efficiency", _share(figures["baseline_mape_frac"])),
        ("median and 90th percentile", f"{_share(figures['median_frac'])}, {_share(figures['p90_frac'])}"),
        ("mean signed error (bias)", _share(figures["bias_frac"])),
        ("rank correlation within scenarios", _plain(figures["rank_correlation"])),
        ("rows inside P10 to P90", _share(figures["band_coverage_frac"])),
        ("parameters fitted", str(figures["parameters_fitted"])),
    ]


def by_group(figures: Mapping[str, Any], group: str) -> Rows:
    """One row a member of a group, as text."""
    return [
        [
            row["name"],
            str(row["rows"]),
            _share(row["mape_frac"]),
            _share(row["median_frac"]),
            _share(row["bias_frac"]),
            _share(row["baseline_mape_frac"]),
        ]
        for row in figures["by"][group]
    ]


def show_inference(found: Mapping[str, Any], front: Sequence[Mapping[str, float]] | None) -> None:
    """A prediction of serving; with its Pareto front where there is one."""
    print(f"\n{found['model']} on {found['gpu']} in {found['precision']}, engine {found['engine']}\n")
    layout, rate = found["layout"], found["tokens_per_s_per_gpu"]
    power, cost = found["energy_j_per_token"], found["usd_per_mtoken"]
    _pairs(
        ("output tokens/s per GPU", _band(rate)),
        ("layout", ", ".join(f"{axis} {count}" for axis, count in layout.items())),
        ("requests in flight per replica", f"{found['batch_count']:.4g}"),
        ("time per output token", f"{1e3 * found['tpot_s']:.3g} ms ({1 / found['tpot_s']:.3g} tokens/s per user)"),
        ("time to first token", f"{1e3 * found['ttft_s']:.3g} ms, a queueing approximation"),
        ("most of the time goes to", f"{found['binds']}; the batch is limited by {found['limited_by']}"),
        ("memory per GPU", units.show(found["memory_bytes"], "bytes")),
        ("energy", "not known" if power is None else f"{power:.3g} J/token at the rack"),
        ("cost", "not known" if cost is None else f"{cost:.3g} USD/Mtoken"),
        ("price of a GPU-hour", "not known" if cost is None else f"{found['usd_per_h']:.3g} USD, {found['usd_basis']}"),
    )
    if "facility" in found:
        _show_facility(found["facility"])
    for note in found["notes"]:
        print(f"  – {note['text']}")
    if front:
        head = ["tokens/s per GPU", "tokens/s per user", "batch", "tensor", "data", "expert", "pipeline"]
        rows = [
            [f"{row['tokens_per_s_per_gpu']:.4g}", f"{row['tokens_per_s_per_user']:.4g}", f"{row['batch_count']:.4g}"]
            + [f"{row[axis]}" for axis in head[3:]]
            for row in front
        ]
        print("\nPareto front\n" + _aligned([head, *rows]))


def _show_facility(found: Mapping[str, Any]) -> None:
    month = found["usd_per_month"]
    print()
    _pairs(
        ("GPUs on " + units.show(found["it_power_w"], "w"), f"{found['gpus_count']:,}"),
        ("output tokens/s", _band(found["tokens_per_s"])),
        ("users served at a time", f"{found['users_count']:,.0f}"),
        ("energy", units.show(found["energy_wh_per_month"], "wh") + " per month"),
        ("cost", "not known" if month is None else units.show(month, "usd") + " per month"),
    )


def show_training(found: Mapping[str, Any]) -> None:
    """A prediction of training."""
    usd, energy = found["usd"], found["energy_wh"]
    layout = {name.removesuffix("_count"): value for name, value in found["layout"].items()}
    print()
    _pairs(
        ("tokens/s per GPU", _band(found["tokens_per_s_per_gpu"])),
        ("model FLOP utilisation (MFU)", _share(found["mfu_frac"])),
        ("one step", f"{found['step_s']:.3g} s; most of it is {found['binds']}"),
        ("memory per GPU", units.show(found["memory_bytes"], "bytes")),
        ("layout", ", ".join(f"{name} {value:g}" for name, value in layout.items())),
        ("run", f"{found['days']:.3g} days for {units.show(found['tokens'], 'tokens')}"),
        ("goodput", _share(found["goodput_frac"])),
        ("energy", "not known" if energy is None else units.show(energy, "wh")),
        ("cost", "not known" if usd is None else units.show(usd, "usd")),
    )
    for note in found["notes"]:
        print(f"  – {note['text'] if isinstance(note, Mapping) else note}")


def _pairs(*pairs: tuple[str, str]) -> None:
    for name, text in pairs:
        print(f"  {name:<34}{text}")


def _band(found: Mapping[str, float]) -> str:
    return f"{found['p50']:,.4g} (P10 {found['p10']:,.4g}, P90 {found['p90']:,.4g})"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _aligned(rows: Rows) -> str:
    """Text in columns: words to the left, figures to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join("  " + line.rstrip() for line in lines)


def markdown(rows: Rows) -> str:
    """A table of a page: the first row is its head, all columns but the first to the right."""
    head, *body = rows
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))
