"""What things are called in a report: platforms, sites, classes and limits, as a reader says them."""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.scenario.schema import Scenario
from gigawatt.units import GIGAWATT_W

# What the grade of a number means.
GRADES = {
    "measured": "measured by someone who says how",
    "vendor": "the vendor's own figure",
    "press": "reported by the press or an analyst",
    "derived": "worked out from published figures",
    "assumed": "our assumption",
}
_KINDS = {
    "supply": "supply of {} racks",
    "grid power": "grid power at {}",
    "demand": "demand for {}",
    "target": "the programme's target",
    "covenant": "the debt covenant",
    "debt covenant": "the debt covenant",
    "debt limit": "the limit of debt",
    "cash": "cash",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """The power by which a programme is told: its name, its symbol, gigawatts of it, and the money that is told by it
    where a gigawatt has a billion dollars."""

    name: str
    symbol: str
    gw: float
    money: str


def of_gigawatts(scenario: Scenario) -> bool:
    """Whether a programme is one of gigawatts: smaller ones do not speak of their first."""
    return scenario.asked.programme.target_w >= GIGAWATT_W


def power(scenario: Scenario) -> Power:
    """A gigawatt, or a megawatt for a programme of less."""
    return power_of(scenario.asked.programme.target_w)


def power_of(size_w: float) -> Power:
    """The same for any power."""
    if size_w >= GIGAWATT_W:
        return Power(name="gigawatt", symbol="GW", gw=1.0, money="billion USD")
    return Power(name="megawatt", symbol="MW", gw=1e-3, money="million USD")


def platform(scenario: Scenario, key: str) -> str:
    """ "GB300 NVL72" for the record "NVIDIA GB300 NVL72"."""
    record = scenario.records.accelerators[key]
    return record.name.removeprefix(f"{record.vendor} ")


def site(scenario: Scenario, key: str) -> str:
    """A campus by the name in front of its brackets: "Abilene" for "Abilene (Stargate I)"."""
    return scenario.records.sites[key].name.partition(" (")[0]


def use_case(scenario: Scenario, key: str) -> str:
    """The title of a class of inference, a training run or experiments; other keys as they are."""
    asked = scenario.asked
    for group in (asked.use_cases, asked.training_runs, asked.experiments):
        if key in group:
            return str(group[key].title)
    return key.capitalize()


def pool(key: str) -> str:
    """ "Vera Rubin" for "vera_rubin"."""
    return key.replace("_", " ").title()


def kind_and_thing(limit: str) -> tuple[str, str]:
    """A limit's kind, and the thing that it limits: "supply of vera_rubin" → ("supply", "vera_rubin")."""
    for joint in (" of ", " at "):
        kind, found, thing = limit.partition(joint)
        if found and kind in ("supply", "demand", "grid power"):
            return kind, thing
    return limit, ""


def thing(scenario: Scenario, kind: str, key: str) -> str:
    """The name of what a limit of some kind is about."""
    if kind == "supply":
        return pool(key)
    if kind == "grid power" and key in scenario.records.sites:
        return site(scenario, key)
    return use_case(scenario, key) if kind == "demand" else key


def limit(scenario: Scenario, text: str) -> str:
    """A limit as a reader says it: "supply of Vera Rubin racks"."""
    kind, key = kind_and_thing(text)
    return _KINDS.get(kind, text).format(thing(scenario, kind, key))
