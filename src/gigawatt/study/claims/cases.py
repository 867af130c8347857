"""The programme as asked and its what-ifs, each planned once and shared by the claims that need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import xarray as xr

from gigawatt.account.accounts import Accounts, account
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.programme import arrays
from gigawatt.progress import Progress, quiet
from gigawatt.scenario.load import DEFAULT, load
from gigawatt.scenario.schema import Scenario

# What-ifs release their tranches in proportion: they solve in seconds, to optimality, and so compare with each other.
PRO_RATA: dict[str, Any] = {"capital.tranches.release": "pro_rata"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCase:
    """One variant of the programme: its question, plan and books."""

    scenario: Scenario
    plan: Plan
    accounts: Accounts

    @property
    def installed_w(self) -> float:
        """Facility power in the reported quarter with the most of it [W]."""
        return self.accounts.headline.installed_facility_w

    @property
    def value_usd(self) -> float:
        """NPV with terminal value, less penalties [USD]: what the objective "npv" maximises."""
        values = self.accounts.values
        return values.npv_usd + values.terminal_value_usd - values.penalties_usd

    def figure(self, name: str) -> float | None:
        """A number of the headline; None where it does not exist."""
        value = getattr(self.accounts.headline, name)
        return None if value is None else float(value)

    def date(self, name: str) -> str | None:
        """A date of the headline; None where it is never reached."""
        value = getattr(self.accounts.headline, name)
        return None if value is None else str(value)


@dataclass
class Cases:
    """A base scenario and what was planned of it so far.

    base: preset or file. as_of_date: the day as of which it is asked, None for all that is known; the scenario is
    loaded as of the day that the catalog is held to, which is the caller's to set. Every variant is planned when it is
    first asked for, and kept.
    """

    base: str = DEFAULT
    progress: Progress = quiet
    as_of_date: str | None = None
    _found: dict[str, ClaimCase] = field(default_factory=dict)

    @cached_property
    def scenario(self) -> Scenario:
        """The question as asked."""
        return load(self.base)

    @cached_property
    def inputs(self) -> xr.Dataset:
        """Throughput, PUE, demand and prices of the scenario, without a plan."""
        return arrays.arrays(self.scenario)

    def knows(self, date: str) -> bool:
        """Whether what became known on a day is known as of the day that is asked for."""
        return self.as_of_date is None or date <= self.as_of_date

    @cached_property
    def of_letter(self) -> Cases:
        """The programme of the letter as of the same day; this one, where it is that."""
        return self if self.base == DEFAULT else Cases(progress=self.progress, as_of_date=self.as_of_date)

    @property
    def asked(self) -> ClaimCase:
        """The programme as asked, with tranches as the scenario releases them."""
        return self.case("as asked", {}, exact=True)

    @property
    def pro_rata(self) -> ClaimCase:
        """The programme with tranches in proportion: what the what-ifs are compared with."""
        return self.case("pro rata", {})

    def case(self, label: str, overrides: Mapping[str, Any], *, exact: bool = False) -> ClaimCase:
        """The programme with overrides, named by `label`; `exact` keeps the tranches' own release."""
        if label not in self._found:
            kept = exact or self.scenario.asked.capital.tranches is None
            whole = dict(overrides) if kept else PRO_RATA | dict(overrides)
            self.progress(f"planning the programme: {label}")
            scenario = load(self.base, whole) if whole else self.scenario
            planned = plan.make(scenario, with_worth=False)
            self._found[label] = ClaimCase(scenario=scenario, plan=planned, accounts=account(scenario, planned))
        return self._found[label]

    def slipped(self, quarters: int) -> ClaimCase:
        """Every announced ramp this many quarters late."""
        return self.case(
            f"ramps {quarters} quarters late", {f"sites.{site}.slip": quarters for site in self.scenario.asked.sites}
        )

    def announced_only(self) -> ClaimCase | None:
        """Without the sites that are assumed; None where all are announced."""
        assumed = assumed_sites(self.scenario)
        if not assumed or len(assumed) == len(self.scenario.asked.sites):
            return None
        return self.case("announced sites only", {f"sites.{site}": False for site in assumed})

    def with_sites_for(self, power_w: float) -> ClaimCase:
        """Up to this power in service [W], every site's ramp scaled up so that together they end with it."""
        sites = self.scenario.records.sites
        ratio = max(power_w / float(self.inputs.ramp_w.isel(period=-1).sum()), 1.0)
        ramps = {
            f"sites.{key}.ramp": {
                period: f"{value * ratio:.0f} W"
                for period, value in zip(site.ramp_w.periods, site.ramp_w.values, strict=True)
            }
            for key, site in sites.items()
        }
        target = {"programme.target": f"{power_w:.0f} W"}
        return self.case(f"up to {power_w / 1e9:g} GW with sites for it", target | ramps)

    def target(self, power_w: float) -> ClaimCase:
        """Up to this power in service [W]."""
        return self.case(f"up to {power_w / 1e9:g} GW", {"programme.target": f"{power_w:.0f} W"})


def assumed_sites(scenario: Scenario) -> list[str]:
    """Sites whose power nobody has announced."""
    grades = {key: site.evidence.get("announced_power_w") for key, site in scenario.records.sites.items()}
    return [key for key, evidence in grades.items() if evidence is not None and evidence.grade == "assumed"]
