"""A result as the arrays that a report shows, each made once: sums, shares and selections of plan and books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.account.metrics import Headline
from gigawatt.catalog.records import Source
from gigawatt.ndarrays import Floats
from gigawatt.plan.worth import Binding
from gigawatt.programme import money, opening
from gigawatt.report import names
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study import nothing
from gigawatt.study.claims.statements import statements
from gigawatt.study.dates import quarter
from gigawatt.study.result import Result
from gigawatt.study.run.slo import SloTaken, taken
from gigawatt.study.run.tranches import Tranche, tranches
from gigawatt.units import DAY_S, GIGAWATT_W

RUNNING = ("non_compute", "energy", "opex", "rent")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """Arrays by quarter of the solved horizon, and by platform, site or class where their names stand beside.

    reported: how many of the quarters a report shows. starts: where a calendar year begins in these. books: the
    statements, line by line. packages_count: of a rack of each platform. slo: what the SLO derating takes, None where
    the plan has none.
    """

    result: Result
    periods: tuple[str, ...]
    reported: int
    starts: tuple[int, ...]
    platforms: tuple[str, ...]
    sites: tuple[str, ...]
    classes: tuple[str, ...]
    platform_w: Floats
    site_w: Floats
    stock_count: Floats
    bought_count: Floats
    packages_count: Floats
    demand_tokens_per_day: Floats
    served_tokens_per_day: Floats
    books: Mapping[str, Floats]
    tranches: tuple[Tranche, ...]
    binds: tuple[Binding, ...]
    slo: SloTaken | None

    @property
    def scenario(self) -> Scenario:
        return self.result.scenario

    @property
    def asked(self) -> Asked:
        return self.result.scenario.asked

    @property
    def headline(self) -> Headline:
        return self.result.accounts.headline

    @property
    def power(self) -> names.Power:
        return names.power(self.result.scenario)

    @property
    def shown(self) -> tuple[str, ...]:
        """The reported quarters."""
        return self.periods[: self.reported]

    @property
    def years(self) -> tuple[str, ...]:
        """The calendar years of the reported quarters."""
        return tuple(self.periods[at][:4] for at in self.starts)

    @property
    def peak(self) -> int:
        """Where the quarter of most power is; only where something is in service."""
        return self.periods.index(str(self.headline.peak_period))

    @property
    def span(self) -> str:
        """The reported window in words."""
        return f"{quarter(self.periods[0])} to {quarter(self.periods[self.reported - 1])}"

    @property
    def served_frac(self) -> Floats:
        """Share of the tokens asked for that is served, (reported quarter, class); NaN where nothing is asked for."""
        return over(self.served_tokens_per_day[: self.reported], self.demand_tokens_per_day[: self.reported])

    def yearly(self, flow: Floats) -> Floats:
        """A flow summed by calendar year; a first or last year may hold fewer quarters."""
        return np.asarray(np.add.reduceat(flow[: self.reported], self.starts, axis=0))

    def year_end(self, stock: Floats) -> Floats:
        """A stock at the end of each calendar year."""
        return stock[[*(at - 1 for at in self.starts[1:]), self.reported - 1]]

    def yearly_mean(self, level: Floats) -> Floats:
        """A level averaged over the quarters of each calendar year that have it."""
        known = np.isfinite(level)
        return over(self.yearly(np.where(known, level, 0.0)), self.yearly(known.astype(float)))


def view(result: Result) -> View:
    """The arrays of a result."""
    data, inputs, scenario = result.plan.data, result.plan.inputs, result.scenario
    periods = tuple(map(str, data.period.values))
    stock = data.stock_count.transpose("period", "site", "platform").values
    served = money.mean_tokens_per_s(data.served_tokens_per_s, inputs).transpose("period", "use_case").values
    return View(
        result=result,
        periods=periods,
        reported=scenario.reported_count,
        starts=starts(periods[: scenario.reported_count]),
        platforms=tuple(names.platform(scenario, str(key)) for key in data.platform.values),
        sites=tuple(names.site(scenario, str(key)) for key in data.site.values),
        classes=tuple(names.use_case(scenario, str(key)) for key in inputs.use_case.values),
        platform_w=np.einsum("tsk,s,k->tk", stock, inputs.pue_peak_ratio.values, inputs.rack_it_w.values),
        site_w=data.facility_w.transpose("period", "site").values,
        stock_count=stock.sum(axis=1),
        bought_count=data.install_count.transpose("period", "site", "platform").values.sum(axis=1),
        packages_count=inputs.packages_per_rack_count.values,
        demand_tokens_per_day=inputs.demand_tokens_per_s.transpose("period", "use_case").values * DAY_S,
        served_tokens_per_day=served * DAY_S,
        books={str(name): line.values for name, line in result.accounts.statements.items()},
        tranches=tranches(result),
        binds=nothing.binds(result.plan),
        slo=taken(result.plan, result.accounts),
    )


def starts(periods: Sequence[str]) -> tuple[int, ...]:
    """Where each calendar year begins in some quarters."""
    return tuple(at for at, period in enumerate(periods) if not at or period[:4] != periods[at - 1][:4])


def over(part: Floats, whole: Floats) -> Floats:
    """A share, NaN where there is nothing that it could be of."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def running_usd(v: View) -> Floats:
    """Running cost [USD a quarter], negative."""
    return np.asarray(sum((v.books[name] for name in RUNNING), start=np.zeros(len(v.periods))))


def revenue_usd_per_gw_year(v: View) -> Floats:
    """Revenue per gigawatt of facility power in service and year [USD], by year; NaN where nothing runs."""
    plan = v.result.plan
    start_w = opening.start_facility_w(plan.inputs).sum()
    power = money.mean_stock(plan.data.facility_w.sum("site"), start_w).values / GIGAWATT_W
    return over(v.yearly(v.books["revenue"]), v.yearly(power) / 4)


def binding_strength(v: View) -> tuple[tuple[str, ...], Floats]:
    """The limits that bind in the reported window, and how hard in each quarter [share of that limit's own largest
    value], (limit, quarter); 0 where it is slack.

    Limits of one kind and thing are one row; a site's grid power is one row for each site.
    """
    at = {period: n for n, period in enumerate(v.shown)}
    rows: dict[str, Floats] = {}
    for item in v.binds:
        if item.period in at:
            row = rows.setdefault(f"{item.limit} at {item.site}" if item.site else item.limit, np.zeros(v.reported))
            row[at[item.period]] = abs(item.value)
    table = np.array(list(rows.values())).reshape(-1, v.reported)
    return tuple(rows), table / table.max(axis=1, keepdims=True, initial=1e-300)


def historic_usd_per_gw_year() -> tuple[float, float]:
    """What a gigawatt of OpenAI's fleet has earned in a year, least and most [USD]; see `historic_source`."""
    low, _, high = statements().span("yearly_revenue_usd_per_w")
    return low * GIGAWATT_W, high * GIGAWATT_W


def historic_source() -> Source:
    """Where `historic_usd_per_gw_year` was read."""
    return statements().sources["fleet"]
