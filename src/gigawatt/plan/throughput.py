"""What a rack does: tokens per second by class of inference, operations per second by training work; the kernels' word.

A platform that cannot do a piece of work (it lacks the precision, the model does not fit, no batch meets the TPOT) does
none of it, and that is noted; work that no platform can do is the scenario's fault. Packages of a scale-up domain that
whole replicas do not fill stand idle, and that is noted too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import to_tokens
from gigawatt.catalog.records import Accelerator
from gigawatt.errors import CalibrationError, Fault, ScenarioError
from gigawatt.scenario.schema import Experiments, Scenario, TrainingRun, UseCase

Floats = NDArray[np.float64]
# Work and platform → the rate of a rack, or what stands in its way.
Rates = dict[tuple[str, str], float | CalibrationError]
# Class and platform → how a replica serves it, or what stands in its way.
Served = dict[tuple[str, str], tokens.Serving | CalibrationError]
# Codes of notes, each with lines: what a platform cannot do, and what stands idle where it does.
UNABLE, IDLE = "unable", "idle"
# What a kernel calls an argument → the key of the scenario that sets it.
KEYS = {"packages": "largest_gang", "global_batch": "largest_gang"}


def rack_rates(scenario: Scenario) -> tuple[dict[str, Floats], dict[str, list[str]]]:
    """Rates of one rack by group of work, each of shape (platform, work), and notes in words by their code.

    "use_cases": output tokens per second while it does nothing else, at the base date's software; "training_runs" and
    "experiments": useful operations per second. Raises ScenarioError for work that no platform can do.
    """
    asked, served = scenario.asked, _served(scenario)
    groups: dict[str, tuple[Mapping[str, Any], Rates]] = {
        "use_cases": (asked.use_cases, tokens_per_s(scenario, served)),
        "training_runs": (asked.training_runs, flops(scenario, asked.training_runs)),
        "experiments": (asked.experiments, flops(scenario, asked.experiments)),
    }
    found: dict[str, Floats] = {}
    faults: list[Fault] = []
    notes: list[str] = []
    for group, (works, rates) in groups.items():
        table = np.zeros((len(asked.platforms), len(works)))
        for n, (key, work) in enumerate(works.items()):
            row = {platform: rates[key, platform] for platform in asked.platforms}
            lacks = {platform: rate.faults for platform, rate in row.items() if isinstance(rate, CalibrationError)}
            table[:, n] = [0.0 if isinstance(rate, CalibrationError) else rate for rate in row.values()]
            if len(lacks) == len(row):
                first = next(iter(lacks.values()))
                faults += [replace(fault, path=f"{group}.{key}.{KEYS.get(fault.path, fault.path)}") for fault in first]
            notes += [f"{platform} cannot take {work.title}: {lack[0]}" for platform, lack in lacks.items()]
        found[group] = table
    if faults:
        raise ScenarioError(faults)
    return found, {UNABLE: notes, IDLE: list(_idle(scenario, served))}


def _served(scenario: Scenario) -> Served:
    """How a replica serves each class on each platform."""
    records, places = scenario.records, list(product(scenario.asked.use_cases, scenario.asked.platforms))
    found = tokens.serve_each(
        [_serving(scenario, scenario.asked.use_cases[use], records.accelerators[platform]) for use, platform in places]
    )
    return dict(zip(places, found, strict=True))


def tokens_per_s(scenario: Scenario, served: Served) -> Rates:
    """Output tokens per second of one rack that serves a class and nothing else, at the base date's software.

    Packages that whole replicas do not fill do nothing.
    """
    return {
        (use, platform): one
        if isinstance(one, CalibrationError)
        else one.tokens_per_s * _working_count(one, scenario.records.accelerators[platform])
        for (use, platform), one in served.items()
    }


def _working_count(serving: tokens.Serving, record: Accelerator) -> float:
    """Packages of a rack that replicas fill, in the mean over the racks of a domain."""
    share = tokens.working_frac(record.scale_up_packages_count, serving.layout.packages_count)
    return float(share * record.packages_per_rack_count)


def _idle(scenario: Scenario, served: Served) -> Iterator[str]:
    """How many packages of a scale-up domain stand idle, in words, with the classes that leave them so."""
    found: dict[tuple[str, int], list[str]] = {}
    for (use, platform), one in served.items():
        if not isinstance(one, CalibrationError):
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


def _serving(scenario: Scenario, use: UseCase, record: Accelerator) -> tokens.ServingCase:
    model = scenario.records.models[use.model]
    return tokens.ServingCase(
        chip=to_tokens.chip(record),
        transformer=to_tokens.transformer(model),
        efficiency=to_tokens.inference_efficiency(scenario.records.inference, record, model, use.precision),
        precision=use.precision,
        traffic=tokens.Traffic(input_tokens=use.input_tokens, output_tokens=use.output_tokens, tpot_s=use.tpot_s),
    )


def flops(scenario: Scenario, works: Mapping[str, TrainingRun] | Mapping[str, Experiments]) -> Rates:
    """Useful operations per second of one rack in the largest gang of a training run, or in a gang of experiments."""
    found: Rates = {}
    for work, use in works.items():
        layouts: dict[int, tokens.Layout] = {}
        for platform in scenario.asked.platforms:
            try:
                found[work, platform] = _flops(scenario, use, platform, layouts)
            except CalibrationError as error:
                found[work, platform] = error
    return found


def _flops(
    scenario: Scenario, use: TrainingRun | Experiments, platform: str, layouts: dict[int, tokens.Layout]
) -> float:
    """Peak × MFU × goodput × share of a whole run × availability, at the base date's software.

    layouts: those of the work by the size of a scale-up domain, all that they take of a platform; filled in here.
    """
    gang_count = use.largest_gang_count if isinstance(use, TrainingRun) else use.gang_count
    record, operations = scenario.records.accelerators[platform], scenario.asked.operations
    chip, model = to_tokens.chip(record), scenario.records.models[use.model]
    transformer, domain_count = to_tokens.transformer(model), chip.scale_up_packages_count
    efficiency = to_tokens.training_efficiency(scenario.records.training, accelerator=record, model=model)
    if domain_count not in layouts:
        layouts[domain_count] = tokens.training_layouts(chip, transformer, gang_count, efficiency)
    run = tokens.train(
        chip,
        transformer,
        efficiency,
        precision=use.precision,
        packages_count=gang_count,
        layouts=layouts[domain_count],
    )
    goodput = tokens.effective_frac(
        gang_count, operations.package_failures_per_h, operations.checkpoint_s, operations.restart_s
    )
    progress_flops = run.model_flops * goodput * _share_frac(scenario, use, run.model_flops, float(goodput))
    return float(progress_flops * operations.availability_frac * record.packages_per_rack_count)


def _share_frac(scenario: Scenario, use: TrainingRun | Experiments, model_flops: float, goodput_frac: float) -> float:
    """Share of a run's package-hours that is steps and interruptions; of experiments, that of a run of middle size."""
    share = to_tokens.run_share(scenario.records.runs)
    hours = share.middle_package_hours_count
    if isinstance(use, TrainingRun):
        hours = tokens.bare_package_hours_count(
            run_flop=use.volume_flop, model_flops=model_flops, goodput_frac=goodput_frac
        )
    return float(tokens.run_share_frac(share, hours))
