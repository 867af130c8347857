"""A simulation as one JSON object, as design.md §7 promises to other programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gigawatt.study.note import Note
from gigawatt.study.simulation import outages
from gigawatt.study.simulation.event import EventOutcome, Phase
from gigawatt.study.simulation.simulation import LivedResult
from gigawatt.study.summary import strict

LONGEST_COUNT = 10


def summary(simulation: LivedResult) -> dict[str, Any]:
    """The fields of `gigawatt simulate --json`, files aside; what does not exist is null."""
    result = simulation.result
    timeline, seen = result.timeline, result.timeline.summary
    found = {
        "gigawatt": result.provenance["gigawatt"],
        "scenario": result.scenario.name,
        "hash": result.scenario.hash,
        "mode": simulation.mode,
        "seed": simulation.seed,
        "from": simulation.first_date.isoformat(),
        "to": simulation.last_date.isoformat(),
        "step_s": round(simulation.step_h * 3600),
        "availability_frac": seen.availability_frac,
        "pue_mean": seen.pue_mean,
        "pue_p99": seen.pue_p99,
        "energy_wh": seen.energy_wh,
        "it_wh": seen.it_wh,
        "energy_usd": seen.energy_usd,
        "water_l": seen.water_l,
        "carbon_kg": seen.carbon_kg,
        "failures_count": sum(seen.failures.values()),
        "failures": dict(seen.failures),
        "goodput_frac": seen.goodput_frac,
        "served": dict(seen.served),
        "unserved": dict(seen.unserved),
        "curtailed_wh": seen.curtailed_wh,
        "calls": None if seen.calls is None else asdict(seen.calls),
        "residual_frac": seen.residual_frac,
        "plan_vs_sim": [asdict(row) for row in seen.plan_vs_sim],
        "outages": outages.longest_first(timeline.outages, LONGEST_COUNT),
        "notes": [asdict(note) for note in (*result.notes, *_assumed(timeline.notes))],
    }
    return dict(strict(found | ({} if result.outcome is None else _outcome(result.outcome))))


def _assumed(texts: tuple[str, ...]) -> list[Note]:
    return [Note(code="simulation", path="simulate", text=text) for text in texts]


def _outcome(found: EventOutcome) -> dict[str, Any]:
    phases = {name: getattr(found, name) for name in ("before", "during", "without", "after")}
    return {
        "events": list(found.events),
        "begin": f"{found.begin}Z",
        "end": f"{found.end}Z",
        **{name: _phase(phase) for name, phase in phases.items()},
        "cut": [asdict(row) for row in found.cut],
    }


def _phase(phase: Phase | None) -> Mapping[str, Any] | None:
    """Means of the programme, and beside them those of the event's sites."""
    if phase is None:
        return None
    sites = {site: asdict(means) for site, means in phase.sites.items()}
    return {"hours": phase.hours_h, **asdict(phase.programme), "sites": sites}
