"""What a rack does: tokens per second by class of inference, operations per second by training work; the kernels' word.

A platform that cannot do a piece of work (it lacks the precision, the model does not fit, no batch meets the TPOT) does
none of it, and that is noted; work that no platform can do is the scenario's fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import to_tokens
from gigawatt.errors import CalibrationError, Fault, ScenarioError
from gigawatt.scenario.schema import Experiments, Scenario, TrainingRun, UseCase

Floats = NDArray[np.float64]
Work = TypeVar("Work")
# What a kernel calls an argument → the key of the scenario that sets it.
KEYS = {"packages": "largest_gang", "global_batch": "largest_gang"}


def rack_rates(scenario: Scenario) -> tuple[dict[str, Floats], list[str]]:
    """Rates of one rack by group of work, each of shape (platform, work), and what cannot be done, in words.

    "use_cases": output tokens per second while it does nothing else, at the base date's software; "training_runs" and
    "experiments": useful operations per second. Raises ScenarioError for work that no platform can do.
    """
    asked = scenario.asked
    groups: dict[str, tuple[Mapping[str, Any], Callable[[Scenario, Any, str], float]]] = {
        "use_cases": (asked.use_cases, tokens_per_s),
        "training_runs": (asked.training_runs, run_flops),
        "experiments": (asked.experiments, experiment_flops),
    }
    found: dict[str, Floats] = {}
    faults: list[Fault] = []
    notes: list[str] = []
    for group, (works, rate) in groups.items():
        table = np.zeros((len(asked.platforms), len(works)))
        for n, (key, work) in enumerate(works.items()):
            rates, lacks = _over_platforms(scenario, work, rate)
            table[:, n] = list(rates.values())
            if len(lacks) == len(rates):
                first = next(iter(lacks.values()))
                faults += [replace(fault, path=f"{group}.{key}.{KEYS.get(fault.path, fault.path)}") for fault in first]
            notes += [f"{platform} cannot take {work.title}: {lack[0]}" for platform, lack in lacks.items()]
        found[group] = table
    if faults:
        raise ScenarioError(faults)
    return found, notes


def _over_platforms(
    scenario: Scenario, work: Work, rate: Callable[[Scenario, Work, str], float]
) -> tuple[dict[str, float], dict[str, tuple[Fault, ...]]]:
    rates, lacks = {}, {}
    for platform in scenario.asked.platforms:
        try:
            rates[platform] = rate(scenario, work, platform)
        except CalibrationError as error:
            rates[platform], lacks[platform] = 0.0, error.faults
    return rates, lacks


def tokens_per_s(scenario: Scenario, use: UseCase, platform: str) -> float:
    """Output tokens per second of one rack that serves a class and nothing else, at the base date's software."""
    record = scenario.records.accelerators[platform]
    model = scenario.records.models[use.model]
    serving = tokens.serve(
        to_tokens.chip(record),
        to_tokens.transformer(model),
        to_tokens.inference_efficiency(scenario.records.inference, record, model, use.precision),
        precision=use.precision,
        input_tokens=use.input_tokens,
        output_tokens=use.output_tokens,
        tpot_s=use.tpot_s,
    )
    return serving.tokens_per_s * record.packages_per_rack_count


def run_flops(scenario: Scenario, run: TrainingRun, platform: str) -> float:
    """Useful operations per second of one rack in the largest gang of a training run."""
    return _flops(scenario, run, run.largest_gang_count, platform)


def experiment_flops(scenario: Scenario, use: Experiments, platform: str) -> float:
    """Useful operations per second of one rack in a gang of experiments."""
    return _flops(scenario, use, use.gang_count, platform)


def _flops(scenario: Scenario, use: TrainingRun | Experiments, gang_count: int, platform: str) -> float:
    """Peak × MFU × goodput × availability, at the base date's software."""
    record, operations = scenario.records.accelerators[platform], scenario.asked.operations
    model = scenario.records.models[use.model]
    run = tokens.train(
        to_tokens.chip(record),
        to_tokens.transformer(model),
        to_tokens.training_efficiency(scenario.records.training, accelerator=record, model=model),
        precision=use.precision,
        packages_count=gang_count,
    )
    goodput = tokens.effective_frac(
        gang_count, operations.package_failures_per_h, operations.checkpoint_s, operations.restart_s
    )
    per_package = run.model_flops * goodput * operations.availability_frac
    return float(per_package * record.packages_per_rack_count)
