"""Events, contracts to curtail and prices: sites give way as far as they must, and nobody else does."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from lives import Lived, by_hour, quarters, stochastic

from gigawatt.scenario.schema import Curtailment, Scenario, Tier
from gigawatt.simulation import Timeline, calendar, limits, simulate
from gigawatt.simulation.limits import Event
from gigawatt.simulation.outdoors import site_years

FIRST, LAST = 16, 18
LIMITED, OTHER = "uae", "example-campus"
# Hours of the window in which the event lasts.
DURING = np.arange(240, 246)


@pytest.fixture(scope="module")
def without(with_research: Lived) -> Timeline:
    return by_hour(with_research, quarters(with_research, FIRST, LAST))


def under(lived: Lived, site: str, **less: float) -> Timeline:
    """The same hours with an event at a site."""
    start_h = quarters(lived, FIRST, LAST).first_h
    event = Event(site=site, start_h=start_h + DURING[0], end_h=start_h + DURING[-1] + 1, **less)
    return by_hour(lived, quarters(lived, FIRST, LAST, events=(event,)))


def facility_w(timeline: Timeline, site: str) -> np.ndarray:
    return timeline.data.facility_w.sel(site=site).values.astype(float)


@pytest.mark.parametrize("less", [0.02, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("site", [LIMITED, OTHER])
def test_a_site_gives_up_the_share_that_an_event_takes(
    with_research: Lived, without: Timeline, site: str, less: float
) -> None:
    """Of what it would draw, within a thousandth, and only while the event lasts."""
    base, found = facility_w(without, site), under(with_research, site, less_frac=less)
    drawn = facility_w(found, site)
    assert drawn[DURING] == pytest.approx(base[DURING] * (1 - less), rel=1e-3)
    given = found.data.curtailed_w.sel(site=site).values
    assert given[DURING] == pytest.approx(base[DURING] * less, rel=1e-3 / less)
    assert np.count_nonzero(given) == len(DURING)
    # Batch work moves to other hours, in which nobody is limited.
    assert np.all(np.delete(drawn, DURING) >= np.delete(base, DURING) * (1 - 1e-6))


@pytest.mark.parametrize("less", [{"most_w": 4e6}, {"less_w": 3e6}])
def test_a_site_draws_at_most_what_an_event_allows(
    with_research: Lived, without: Timeline, less: dict[str, float]
) -> None:
    base, found = facility_w(without, LIMITED)[DURING], facility_w(under(with_research, LIMITED, **less), LIMITED)
    allowed = np.minimum(less.get("most_w", np.inf), base - less.get("less_w", 0.0))
    assert np.all(found[DURING] <= allowed * 1.001)
    assert np.all(found[DURING] >= allowed * 0.99)


def test_an_event_that_leaves_enough_changes_nothing(with_research: Lived, without: Timeline) -> None:
    found = under(with_research, LIMITED, most_w=1e9)
    assert found.data.equals(without.data)
    assert found.summary == without.summary


def test_other_sites_and_other_quarters_are_not_curtailed(with_research: Lived, without: Timeline) -> None:
    found = under(with_research, LIMITED, less_frac=0.7).data
    assert not found.curtailed_w.sel(site=OTHER).any()
    later = found.quarter.values != found.quarter.values[0]
    assert found.isel(time=later).equals(without.data.isel(time=later))


def done(timeline: Timeline) -> np.ndarray:
    """While the event lasts: batch work at the limited site, training, and what people are served everywhere."""
    data = timeline.data.isel(time=DURING).astype(float).sum("time")
    here = data.served_tokens_per_s.sel(pair=(data.pair_site == OTHER).values, use_case="documents").sum()
    return np.array([here, data.train_flops.sum(), data.served_tokens_per_s.sel(use_case="assistant").sum()])


def test_who_slows_first_loses_first(with_research: Lived, without: Timeline) -> None:
    """Batch work loses most and people least, who lose nothing before training has stopped."""
    cuts = (0.1, 0.4, 0.6, 0.7, 0.95)
    shares = np.array([done(under(with_research, OTHER, less_frac=less)) for less in cuts]) / done(without)
    for batch, training, people in shares:
        assert batch <= training + 1e-6 <= people + 2e-6
        assert people == pytest.approx(1, rel=1e-6) or training == 0
    assert shares[0][1:] == pytest.approx([1, 1], rel=1e-6)
    assert np.all(np.diff(shares, axis=0) <= 1e-6)
    assert shares[-1][2] < 0.5


CONTRACT = Curtailment(hours_frac=0.01, depth_frac=0.5, longest_h=4, depth_of="connection")


def contracted(scenario: Scenario, contract: Curtailment) -> Scenario:
    sites = dict(scenario.asked.sites)
    sites[LIMITED] = replace(sites[LIMITED], curtailment=contract)
    return replace(scenario, asked=replace(scenario.asked, sites=sites))


def calls(scenario: Scenario, span: calendar.Span, contract: Curtailment = CONTRACT) -> np.ndarray:
    place = list(scenario.asked.sites).index(LIMITED)
    return limits.calls(scenario, LIMITED, contract, site_years(scenario)[place], span)


def test_a_contract_is_called_for_its_share_of_a_year(with_research: Lived) -> None:
    """In calls no longer than agreed, the same however the year is cut."""
    scenario = with_research.scenario
    year = range(scenario.quarters.index("2028Q1"), scenario.quarters.index("2029Q1"))
    edges = calendar.edges_h(scenario.quarters)
    spans = calendar.spans(scenario.quarters, edges[year[0]], edges[year[-1] + 1], 1.0)
    called = np.concatenate([calls(scenario, span) for span in spans])
    assert len(called) == 8784
    assert called.sum() == round(CONTRACT.hours_frac * 8784)
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[False], called, [False]]))))[::2]
    assert runs.max() <= CONTRACT.longest_h
    part = calendar.spans(scenario.quarters, edges[year[1]] + 240, edges[year[1]] + 480, 1.0)[0]
    assert np.array_equal(calls(scenario, part), called[spans[0].count + 240 : spans[0].count + 480])


def test_a_called_site_gives_up_the_depth_of_its_connection(with_research: Lived) -> None:
    scenario = contracted(with_research.scenario, CONTRACT)
    edges = calendar.edges_h(scenario.quarters)
    span = calendar.spans(scenario.quarters, edges[FIRST], edges[FIRST + 1], 1.0)[0]
    called = calls(scenario, span)
    assert called.any()
    found = simulate(stochastic(scenario), with_research.plan, window=quarters(with_research, FIRST, FIRST + 1)).data
    shell = with_research.plan.data.shell_w.sel(site=LIMITED).values
    assert shell[FIRST] == shell[FIRST - 1]
    drawn = found.facility_w.sel(site=LIMITED).values
    assert np.all(drawn[called] <= shell[FIRST] * (1 - CONTRACT.depth_frac) * 1.001)
    assert drawn[~called].max() > shell[FIRST] * (1 - CONTRACT.depth_frac)
    assert not found.curtailed_w.sel(site=LIMITED).values[~called].any()


@pytest.fixture(scope="module")
def weeks(with_research: Lived) -> xr.Dataset:
    """Representative weeks of quarters in which every kind of work is done."""
    return priced(with_research, "batch", np.inf)


def priced(lived: Lived, work: str, price_usd_per_wh: float) -> xr.Dataset:
    """The same weeks if one kind of work stops above a price."""
    simulation = lived.scenario.asked.simulate
    tiers = tuple(
        Tier(work=tier.work, price_usd_per_wh=price_usd_per_wh if tier.work == work else None)
        for tier in simulation.tiers
    )
    asked = replace(lived.scenario.asked, simulate=replace(simulation, tiers=tiers))
    window = quarters(lived, FIRST - 2, LAST)
    return simulate(replace(lived.scenario, asked=asked), lived.plan, window=window).data


DONE: dict[str, Callable[[xr.Dataset], xr.DataArray]] = {
    "experiments": lambda data: data.research_flops,
    "batch": lambda data: data.served_tokens_per_s.sel(use_case="documents"),
    "training": lambda data: data.train_flops,
    "interactive": lambda data: data.served_tokens_per_s.sel(use_case="assistant"),
}


@pytest.mark.parametrize("work", DONE)
def test_work_that_any_price_stops_does_nothing_and_no_other_does_less(
    with_research: Lived, weeks: xr.Dataset, work: str
) -> None:
    """Or little: the idle racks of a site stay off while it is limited."""
    found = priced(with_research, work, 0.0)
    shares = {
        kind: float(done(found).astype(float).sum() / done(weeks).astype(float).sum()) for kind, done in DONE.items()
    }
    assert shares.pop(work) == 0
    assert min(shares.values()) >= 0.9


def test_a_price_above_all_others_stops_nobody(with_research: Lived, weeks: xr.Dataset) -> None:
    assert priced(with_research, "batch", 1.0).equals(weeks)
