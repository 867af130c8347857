"""What a rack does: tokens per second by class of inference, operations per second by training work; the kernels' word.

A platform that cannot do a piece of work (it lacks the precision, the model does not fit, no batch meets the TPOT) does
none of it, and that is noted; work that no platform can do is the scenario's fault. Packages of a scale-up domain that
whole replicas do not fill stand idle, and that is noted too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from gigawatt import tokens
from gigawatt.catalog import to_tokens
from gigawatt.catalog.records import Accelerator
from gigawatt.errors import CalibrationError, Fault, ScenarioError
from gigawatt.ndarrays import Floats
from gigawatt.programme.slo import SLO, Accepted, Way, accepted, lines
from gigawatt.scenario.schema import Experiments, Scenario, TrainingRun, UseCase

# Work and platform → the rate of a rack, or what stands in its way.
Rates = dict[tuple[str, str], float | CalibrationError]
Served = dict[tuple[str, str], Way]
Cases = dict[tuple[str, str], tokens.ServingCase]
Kept = dict[tuple[str, str], Accepted | CalibrationError]
# Codes of notes, each with lines: what a platform cannot do, what stands idle where it does, and what pools and drafts
# bring.
UNABLE, IDLE, WAYS, STATES = "unable", "idle", "serving", "software"
# What a kernel calls an argument → the key of the scenario that sets it.
KEYS = {"packages": "largest_gang", "global_batch": "largest_gang"}


def rack_rates(scenario: Scenario) -> tuple[dict[str, Floats], dict[str, list[str]]]:
    """Rates of one rack by group of work, each of shape (platform, work), and notes in words by their code.

    "use_cases": output tokens per second that users accept while it does nothing else, at the base date's software;
    "slo_derating": their share of the steady state; "training_runs" and "experiments": useful operations per second.
    Raises ScenarioError for work that no platform can do.
    """
    asked = scenario.asked
    cases = _cases(scenario)
    served = _served(scenario, cases)
    kept = accepted(scenario, served, cases)
    groups: dict[str, tuple[Mapping[str, Any], Rates]] = {
        "use_cases": (asked.use_cases, tokens_per_s(scenario, served, kept)),
        "training_runs": (asked.training_runs, flops(scenario, asked.training_runs)),
        "experiments": (asked.experiments, flops(scenario, asked.experiments)),
    }
    found: dict[str, Floats] = {}
    faults: list[Fault] = []
    notes: list[str] = []
    for group, (works, own) in groups.items():
        table = np.zeros((len(asked.platforms), len(works)))
        for n, (key, work) in enumerate(works.items()):
            row = {platform: own[key, platform] for platform in asked.platforms}
            lacks = {platform: rate.faults for platform, rate in row.items() if isinstance(rate, CalibrationError)}
            table[:, n] = [0.0 if isinstance(rate, CalibrationError) else rate for rate in row.values()]
            if len(lacks) == len(row):
                first = next(iter(lacks.values()))
                faults += [replace(fault, path=f"{group}.{key}.{KEYS.get(fault.path, fault.path)}") for fault in first]
            notes += [f"{platform} cannot take {work.title}: {lack[0]}" for platform, lack in lacks.items()]
        found[group] = table
    if faults:
        raise ScenarioError(faults)
    found["slo_derating"] = _table(scenario, kept)
    states = [*_states(scenario)] if asked.use_cases else []
    told = {UNABLE: notes, IDLE: _idle(scenario, served), WAYS: _brings(scenario, served), STATES: states}
    told[SLO] = lines(scenario, kept)
    return found, {code: list(lines) for code, lines in told.items()}


def _states(scenario: Scenario) -> Iterator[str]:
    """Which software the rates of serving count on, in words, with the platforms that are served by it."""
    calibration, found = scenario.records.inference, dict[str, list[str]]()
    for platform, record in scenario.records.accelerators.items():
        day = to_tokens.software_date(calibration, record, "", scenario.asked.as_of_date)
        found.setdefault(to_tokens.state_text(calibration, record, "", day), []).append(platform)
    for text, platforms in found.items():
        yield f"{', '.join(platforms)}: {text}"


def _table(scenario: Scenario, kept: Kept) -> Floats:
    """Share of the steady state that users accept, shape (platform, use_case); 1 where a platform serves nothing."""
    uses = scenario.asked.use_cases
    rows = [[kept[use, platform] for use in uses] for platform in scenario.asked.platforms]
    shares = [[one.kept_frac if isinstance(one, Accepted) else 1.0 for one in row] for row in rows]
    return np.array(shares, dtype=float).reshape(len(rows), len(uses))


def _cases(scenario: Scenario) -> Cases:
    """Every class on every platform."""
    places = product(scenario.asked.use_cases, scenario.asked.platforms)
    return {place: serving_case(scenario, *place) for place in places}


def _served(scenario: Scenario, cases: Cases) -> Served:
    """How each class is served on each platform: as it asks for, or the way that gives most."""
    plain = dict(zip(cases, tokens.serve_each(list(cases.values())), strict=True))
    return {place: _way(scenario, place, cases[place], one) for place, one in plain.items()}


def _way(
    scenario: Scenario, place: tuple[str, str], case: tokens.ServingCase, plain: tokens.Serving | CalibrationError
) -> Way:
    """Replicas that do both, or two pools; `plain`: the former."""
    asked = scenario.asked.use_cases[place[0]].serving
    if asked == "aggregated":
        return plain
    try:
        pools = tokens.serve_disaggregated(case, tokens.PoolChoice(), handover_s=scenario.records.inference.handover_s)
    except CalibrationError as error:
        return error if asked == "disaggregated" else plain
    ways: list[tokens.Serving | tokens.Disaggregated] = [pools]
    ways += [plain] if asked == "best" and isinstance(plain, tokens.Serving) else []
    record = scenario.records.accelerators[place[1]]
    return max(ways, key=lambda way: _rack_tokens_per_s(way, record))


def tokens_per_s(scenario: Scenario, served: Served, kept: Kept) -> Rates:
    """Output tokens per second of one rack that serves a class and nothing else, at the base date's software.

    Those of the steady state that users accept. Packages that whole replicas do not fill do nothing.
    """
    found: Rates = {}
    for place, one in served.items():
        share, record = kept[place], scenario.records.accelerators[place[1]]
        if isinstance(one, CalibrationError):
            found[place] = one
        elif isinstance(share, CalibrationError):
            found[place] = share
        else:
            found[place] = _rack_tokens_per_s(one, record) * share.kept_frac
    return found


def _rack_tokens_per_s(way: tokens.Serving | tokens.Disaggregated, record: Accelerator) -> float:
    """Tokens per second of a rack; of its packages those that replicas fill, in the mean over the racks of a domain."""
    domain, packages = record.scale_up_packages_count, record.packages_per_rack_count
    if isinstance(way, tokens.Disaggregated):
        return float(way.state.tokens_per_s * tokens.pooled_working_frac(domain, way.pools) * packages)
    return float(way.tokens_per_s * tokens.working_frac(domain, way.layout.packages_count) * packages)


def _idle(scenario: Scenario, served: Served) -> Iterator[str]:
    """How many packages of a scale-up domain stand idle, in words, with the classes that leave them so."""
    found: dict[tuple[str, int], list[str]] = {}
    for (use, platform), one in served.items():
        if isinstance(one, tokens.Serving):
            titles = found.setdefault((platform, int(one.layout.packages_count)), [])
            titles.append(scenario.asked.use_cases[use].title)
    for (platform, replica), titles in found.items():
        domain = scenario.records.accelerators[platform].scale_up_packages_count
        idle = int(tokens.idle_count(domain, replica))
        if idle:
            held = math.ceil(replica / domain) * domain
            yield (
                f"{platform} leaves {idle} of every {held} packages in scale-up domains idle, too few for another "
                f"replica of {replica}: {', '.join(titles)}"
            )


def _brings(scenario: Scenario, served: Served) -> Iterator[str]:
    """What two pools and drafting, where asked for, bring over replicas that do both without drafts, in words."""
    asked = [place for place in served if _differs(scenario.asked.use_cases[place[0]])]
    if not asked:
        return
    plain = [replace(serving_case(scenario, *place), traffic=_traffic(scenario, place[0])) for place in asked]
    for (use, platform), other in zip(asked, tokens.serve_each(plain), strict=True):
        way, record = served[use, platform], scenario.records.accelerators[platform]
        if isinstance(way, CalibrationError):
            continue
        title, rate = scenario.asked.use_cases[use].title, _rack_tokens_per_s(way, record)
        said = f"{platform} serves {title} {_in_words(way, scenario.asked.use_cases[use].draft_count)}"
        if isinstance(other, CalibrationError):
            yield f"{said}, which replicas that read and write without drafts cannot"
        else:
            gain = rate / _rack_tokens_per_s(other, record) - 1
            more = "more" if gain >= 0 else "less"
            yield f"{said}: {abs(gain):.0%} {more} tokens than replicas that read and write without drafts"


def _differs(use: UseCase) -> bool:
    return use.serving != "aggregated" or use.draft_count > 0


def _in_words(way: tokens.Serving | tokens.Disaggregated, drafted: int) -> str:
    """A way of serving."""
    drafts = f", {drafted} tokens drafted a step" if drafted else ""
    if isinstance(way, tokens.Serving):
        return f"by replicas of {way.layout.packages_count:.0f} packages{drafts}"
    pools = way.pools
    sizes = (
        pools.prefill_count * pools.prefill.packages_count,
        pools.decode_count * pools.decode.packages_count,
    )
    return "by {:.0f} packages that read prompts for {:.0f} that write answers".format(*sizes) + drafts


def _traffic(scenario: Scenario, use: str) -> tokens.Traffic:
    """Lengths and limit of a class, without drafts."""
    case = scenario.asked.use_cases[use]
    return tokens.Traffic(input_tokens=case.input_tokens, output_tokens=case.output_tokens, tpot_s=case.tpot_s)


def serving_case(scenario: Scenario, key: str, platform: str) -> tokens.ServingCase:
    """A class of inference on a platform, as the kernels take it."""
    use, record = scenario.asked.use_cases[key], scenario.records.accelerators[platform]
    model = scenario.records.models[use.model]
    calibration = scenario.records.inference
    drafting = to_tokens.drafting(calibration, model, use.draft_count)
    age_years = _software_age_years(scenario, record)
    return tokens.ServingCase(
        chip=to_tokens.chip(record),
        transformer=to_tokens.transformer(model),
        efficiency=to_tokens.inference_efficiency(calibration, record, model, use.precision, age_years=age_years),
        precision=use.precision,
        traffic=replace(_traffic(scenario, key), drafting=drafting),
    )


def _software_age_years(scenario: Scenario, record: Accelerator) -> float:
    """How much older than its calibration the software is that serves on a part, on the day that the scenario asks."""
    calibration, day = scenario.records.inference, scenario.asked.as_of_date
    if day is None:
        return 0.0
    return to_tokens.years_between(to_tokens.software_date(calibration, record, "", day), calibration.base_date)


def flops(scenario: Scenario, works: Mapping[str, TrainingRun] | Mapping[str, Experiments]) -> Rates:
    """Useful operations per second of one rack in the largest gang of a training run, or in a gang of experiments."""
    found: Rates = {}
    for work, use in works.items():
        grids: dict[int, tokens.LayoutGrid] = {}
        for platform in scenario.asked.platforms:
            try:
                found[work, platform] = _flops(scenario, use, platform, grids)
            except CalibrationError as error:
                found[work, platform] = error
    return found


def _flops(
    scenario: Scenario, use: TrainingRun | Experiments, platform: str, grids: dict[int, tokens.LayoutGrid]
) -> float:
    """Peak × MFU × goodput × share of a whole run, at the base date's software.

    grids: layouts of the work by the size of a scale-up domain, all that they take of a platform; filled in here.
    """
    gang_count = use.largest_gang_count if isinstance(use, TrainingRun) else use.gang_count
    record, operations = scenario.records.accelerators[platform], scenario.asked.operations
    chip, model = to_tokens.chip(record), scenario.records.models[use.model]
    transformer, domain_count = to_tokens.transformer(model), chip.scale_up_packages_count
    efficiency = to_tokens.training_efficiency(
        scenario.records.training, accelerator=record, model=model, precision=use.precision
    )
    if domain_count not in grids:
        grids[domain_count] = tokens.training_grid(chip, transformer, gang_count, efficiency)
    run = tokens.best_training(
        chip,
        transformer,
        efficiency,
        precision=use.precision,
        packages_count=gang_count,
        grid=grids[domain_count],
    )
    goodput = tokens.effective_frac(
        gang_count, operations.package_failures_per_h, operations.checkpoint_s, operations.restart_s
    )
    progress_flops = run.model_flops * goodput * _share_frac(scenario, use, run.model_flops, float(goodput))
    return float(progress_flops * record.packages_per_rack_count)


def _share_frac(scenario: Scenario, use: TrainingRun | Experiments, model_flops: float, goodput_frac: float) -> float:
    """Share of a run's package-hours that is steps and interruptions; of experiments, that of a run of middle size."""
    share = to_tokens.run_share(scenario.records.runs)
    hours = share.middle_package_hours_count
    if isinstance(use, TrainingRun):
        hours = tokens.bare_package_hours_count(
            run_flop=use.volume_flop, model_flops=model_flops, goodput_frac=goodput_frac
        )
    return float(tokens.run_share_frac(share, hours))


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """How a class is served on a platform, and output tokens per second of a rack of it at the base date's software.

    The rate is that of the whole steady state, whatever part of it a plan counts on.
    """

    case: tokens.ServingCase
    way: tokens.Serving | tokens.Disaggregated
    rack_tokens_per_s: float


def steady(scenario: Scenario) -> dict[tuple[str, str], Steady]:
    """Every class on every platform that serves it."""
    cases = _cases(scenario)
    return {
        place: Steady(
            case=cases[place],
            way=way,
            rack_tokens_per_s=_rack_tokens_per_s(way, scenario.records.accelerators[place[1]]),
        )
        for place, way in _served(scenario, cases).items()
        if not isinstance(way, CalibrationError)
    }
