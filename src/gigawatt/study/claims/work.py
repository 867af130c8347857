"""What it is for: tokens of the first gigawatt, people's messages, compute as fuel, and who has to choose."""

from __future__ import annotations

from dataclasses import replace

import xarray as xr

from gigawatt import units
from gigawatt.programme import listed, money, work_done, yardstick
from gigawatt.programme.gigawatt_year import OWNED_AT_CAPITAL_COST
from gigawatt.programme.yardstick import Yardsticks
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.study import dates
from gigawatt.study.claims import gigawatt
from gigawatt.study.claims.cases import Cases, ClaimCase
from gigawatt.study.claims.claim import Claim, ClaimRow, computed, judge, make, reaches, row, stated_value, value_row
from gigawatt.study.claims.statements import statements
from gigawatt.units import GIGAWATT_W

# What owning costs, over the share of revenue that is left for compute: the least that capital may ask of a gigawatt.
NEEDED_AT_CAPITAL_COST = replace(OWNED_AT_CAPITAL_COST, non_compute=True)


def tokens_per_day_first_gw(cases: Cases) -> Claim:
    """Output tokens a day of one gigawatt of the announced platform, by class and in the proportions asked for."""
    stated, data = stated_value("tokens_per_day_first_gw"), cases.inputs
    promised = str(statements().claims["first_gw_2026h2"].value)
    quarter = f"{promised[:4]}Q4"
    keys = announced_platforms(cases)
    each = {key: gigawatt.tokens_per_day_per_w(data, key, quarter) * GIGAWATT_W for key in keys}
    mixed = [gigawatt.mixed_tokens_per_day_per_w(data, key, quarter) * GIGAWATT_W for key in keys]
    rows = [row("all classes as they are asked for", "tokens_per_day", *mixed)]
    for use_case in data.use_case.values:
        title = cases.scenario.asked.use_cases[str(use_case)].title
        values = [float(found.sel(use_case=use_case)) for found in each.values()]
        rows.append(row(f"{title} only", "tokens_per_day", *values))
    all_values = [float(value) for found in each.values() for value in found.values]
    text = (
        f"the whole gigawatt serves at {dates.quarter(quarter)}'s software and load, output tokens only, while the "
        "yardstick counts input tokens too"
    )
    found = computed("tokens_per_day", max(mixed), *all_values)
    verdict = judge(reaches(value, stated) for value in all_values)
    return make("tokens_per_day_first_gw", found, verdict, text, rows)


def announced_platforms(cases: Cases) -> list[str]:
    """The scenario's Vera Rubin platforms, or all of its platforms where it has none."""
    known = cases.scenario
    return gigawatt.platforms_of(known, statements().figures.announced_parts) or list(known.records.accelerators)


def weekly_users_power(cases: Cases) -> Claim:
    """Mean power of the messages that people send, against the fleet that was running."""
    fleet, known = stated_value("weekly_users_power"), statements()
    low, middle, high = known.span("daily_messages_count")
    least, usual, most = known.span("message_energy_wh")
    power = {count: count * usual / 24 for count in (low, middle, high)}
    rows = [
        row(f"mean power of all messages, {usual:g} Wh each", "w", *power.values()),
        row("share of the fleet of 2025", "frac", *(value / fleet for value in power.values())),
        row(f"mean power at {least:g} Wh a message", "w", middle * least / 24),
        row(f"mean power if every message were a long answer of {most:g} Wh", "w", middle * most / 24),
        row("messages a day that would fill the fleet", "count", fleet * 24 / usual),
    ]
    rows += _class_power(cases)
    text = (
        f"every message costs {units.show(fleet * 24 / middle, 'wh')}, not {usual:g} Wh: text chat takes "
        f"{units.show(power[middle], 'w')}, {units.show(power[middle] / fleet, 'frac')} of the fleet; agents, "
        "reasoning, media, research and head-room are the rest, so demand has to be stated by class"
    )
    verdict = judge(reaches(value, fleet) for value in (*power.values(), middle * most / 24))
    return make("weekly_users_power", computed("w", power[middle], *power.values()), verdict, text, rows)


def _class_power(cases: Cases) -> list[ClaimRow]:
    """Power that each class of the scenario asks for at the reference quarter, on the announced platform."""
    quarter = reference(cases)
    loads = [gigawatt.load_of(cases.inputs, key, quarter) for key in announced_platforms(cases)]
    return [
        row(
            f"asked by {cases.scenario.asked.use_cases[str(use_case)].title} in {dates.quarter(quarter)}",
            "w",
            *(float(load.classes.sel(use_case=use_case)) for load in loads),
        )
        for use_case in cases.inputs.use_case.values
    ]


def reference(cases: Cases) -> str:
    """The quarter whose demand is looked at: the reference, or the last reported one where the horizon ends before."""
    quarters = cases.scenario.quarters[: cases.scenario.reported_count]
    wanted = statements().figures.reference_date
    return wanted if wanted in quarters else quarters[-1]


def compute_as_fuel(cases: Cases) -> Claim:
    """What a gigawatt must earn in a year against what it earned, and what the next one trains, serves and earns."""
    known = statements()
    past_low, past, past_high = known.span("yearly_revenue_usd_per_w")
    base = cases.pro_rata
    cheapest, pessimist = _unit_needs(cases)
    planned = _per_w(base.figure("revenue_needed_usd_per_gw_year"))
    mid = planned if planned is not None else cheapest
    finance = cases.scenario.asked.finance
    rate, discount = (units.show(one, "per_year") for one in (finance.capital_cost_per_year, finance.discount_per_year))
    rows = [
        row("earned a year per watt, 2023 to 2025", "usd_per_w", past_low, past_high),
        row(
            f"needed a year per watt, the cheapest rack at its listed price on shells of one's own, capital at {rate}",
            "usd_per_w",
            cheapest,
        ),
        row(
            f"needed a year per watt, the programme as planned, with its rents, capital at {discount}",
            "usd_per_w",
            planned,
        ),
        row("needed a year per watt, with the highest other costs", "usd_per_w", pessimist * mid),
        row(
            "earned a year per watt, the programme as planned",
            "usd_per_w",
            _per_w(base.figure("revenue_usd_per_gw_year")),
        ),
        *_bought_then(cases),
        *_one_gigawatt(cases),
        *_next_gigawatt(cases),
    ]
    text = (
        f"racks are the cheapest and capital costs {rate}: a gigawatt of facility power then needs {cheapest:.3g} "
        f"billion USD a year; the programme as planned needs {mid:.3g}, its capital at {discount}, against {past:.4g} "
        "in the past"
    )
    found = computed("usd_per_w", mid, cheapest, pessimist * mid)
    needs = (cheapest, mid, pessimist * mid)
    return make("compute_as_fuel", found, judge(need <= past_high for need in needs), text, rows)


def _per_w(usd_per_gw: float | None) -> float | None:
    return None if usd_per_gw is None else usd_per_gw / GIGAWATT_W


def _unit_needs(cases: Cases) -> tuple[float, float]:
    """Yearly revenue that a watt of facility power needs on the cheapest platform [USD/W], and the factor on any need
    when costs other than compute are at the high end of their range."""
    scenario, data, finance = cases.scenario, cases.inputs, cases.scenario.asked.finance
    needs = [
        listed.year_usd_per_w(data, scenario.asked, record, NEEDED_AT_CAPITAL_COST, "facility")
        for record in scenario.records.accelerators.values()
        if record.rack_price_usd is not None and record.rack_power_w is not None
    ]
    share = finance.non_compute_frac
    evidence = scenario.evidence.get("finance.non_compute_frac")
    high = share if evidence is None or evidence.high is None else evidence.high
    return min(needs), (1 - share) / (1 - high)


def _bought_then(cases: Cases) -> list[ClaimRow]:
    """What a watt that is bought in the reference quarter costs for a year, least to most by platform sold then."""
    found = yardsticks(cases)
    when = dates.quarter(reference(cases))
    told = {"owned_at_capital_cost": "owned", "needed_at_discount": "needed"}
    return [
        row(
            f"{word} a year per watt bought in {when}, by platform sold then",
            "usd_per_w",
            *(getattr(one, f"{word}_usd_per_gw_year")("facility") / GIGAWATT_W for one in found.rows),
            note=f"{found.bases[name][0].upper()}{found.bases[name][1:]}.",
        )
        for name, word in told.items()
    ]


def yardsticks(cases: Cases) -> Yardsticks:
    """What all work of the reference quarter takes and a gigawatt costs, on each platform that is sold then."""
    data, asked, quarter = cases.inputs, cases.scenario.asked, reference(cases)
    found, offered = yardstick.figures(data, asked), yardstick.sold(data).sel(period=quarter)
    keys = [str(key) for key in data.platform.values[offered.values]]
    return yardstick.yardsticks(found, cases.scenario, [(quarter, key) for key in keys])


def _one_gigawatt(cases: Cases) -> list[ClaimRow]:
    """What one gigawatt of the announced platform does in a year: train only, or serve what is asked."""
    data, quarter, keys = cases.inputs, reference(cases), announced_platforms(cases)
    flop = [gigawatt.training_flop_per_w_year(data, key) * GIGAWATT_W for key in keys]
    tokens = [gigawatt.mixed_tokens_per_day_per_w(data, key, quarter) * GIGAWATT_W for key in keys]
    revenue = [gigawatt.mixed_revenue_usd_per_w(data, key, quarter) for key in keys]
    return [
        row("one gigawatt of Vera Rubin, training only, a year", "flop", *flop),
        row(
            f"one gigawatt of Vera Rubin, serving what is asked in {dates.quarter(quarter)}", "tokens_per_day", *tokens
        ),
        row(
            f"the same gigawatt's revenue a year per watt, at {dates.quarter(quarter)}'s prices", "usd_per_w", *revenue
        ),
    ]


def _next_gigawatt(cases: Cases) -> list[ClaimRow]:
    """What the programme does more when its target is a gigawatt higher; nothing where it does not fill it."""
    base, more = cases.pro_rata, cases.target(cases.scenario.asked.programme.target_w + GIGAWATT_W)
    return [
        row("next gigawatt: power in service", "w", more.installed_w - base.installed_w),
        value_row("next gigawatt: value", more.value_usd - base.value_usd),
        row("next gigawatt: revenue over the reported window", "usd", _revenue_usd(more) - _revenue_usd(base)),
        row("next gigawatt: tokens over the reported window", "tokens", _tokens(more) - _tokens(base)),
        row("next gigawatt: training over the reported window", "flop", _trained_flop(more) - _trained_flop(base)),
    ]


def _revenue_usd(case: ClaimCase) -> float:
    return float(case.accounts.statements.revenue[: case.scenario.reported_count].sum())


def _tokens(case: ClaimCase) -> float:
    served = money.mean_tokens_per_s(case.plan.data.served_tokens_per_s, case.plan.inputs)
    return float(served.isel(period=slice(0, case.scenario.reported_count)).sum()) * SECONDS_PER_QUARTER


def _trained_flop(case: ClaimCase) -> float:
    """Operations of training runs and experiments over the reported window."""
    shown = slice(0, case.scenario.reported_count)
    data, rates = case.plan.data.isel(period=shown), case.plan.inputs.isel(period=shown)
    return float(work_done.trained_flop(data, rates).sum() + work_done.tried_flop(data, rates).sum())


def cancer_or_education(cases: Cases) -> Claim:
    """Power at which everything asked for is served, and what welfare against NPV serves below it."""
    stated, known = stated_value("cancer_or_education"), statements()
    quarters = [quarter for quarter in known.figures.references if quarter in cases.scenario.quarters]
    quarter, keys, rows = reference(cases), announced_platforms(cases), []
    for when in quarters or [quarter]:
        loads = [gigawatt.load_of(cases.inputs, key, when) for key in keys]
        named = f"in {dates.quarter(when)}"
        rows.append(
            row(
                f"power that serves everything asked {named}, batch work in quiet hours",
                "w",
                *(load.total_w for load in loads),
            )
        )
        rows.append(
            row(f"the same with each class at its own busiest hours {named}", "w", *(load.apart_w for load in loads))
        )
        rows.append(row(f"of it inference alone, {dates.quarter(when)}", "w", *(load.inference_w for load in loads)))
        chosen = [_of_choice(cases, load.classes) for load in loads]
        rows.append(row(f"of it science and education alone, {dates.quarter(when)}", "w", *chosen))
    totals = _by_platform(cases, quarter)
    npv, welfare = cases.pro_rata, cases.case("welfare", {"objective": "welfare"})
    rows += _served(cases, npv, welfare)
    rows.append(value_row("value that welfare costs", npv.value_usd - welfare.value_usd))
    here = [gigawatt.load_of(cases.inputs, key, quarter) for key in keys]
    choice = max(_of_choice(cases, load.classes) for load in here)
    middle = sum(load.total_w for load in here) / len(here)
    text = (
        f"everything asked in {dates.quarter(quarter)} is to be served, on the racks of the time: that takes "
        f"{units.show(middle, 'w')} of Vera Rubin at the facility, with batch work in quiet hours. Science and "
        f"education take {units.show(choice, 'w')} of it: the choice is between them and what pays better, not between "
        "the two"
    )
    verdict = judge(total > stated for total in totals)
    return make("cancer_or_education", computed("w", middle, *totals), verdict, text, rows)


def _of_choice(cases: Cases, classes: xr.DataArray) -> float:
    names = [name for name in statements().figures.choice if name in cases.scenario.asked.use_cases]
    return float(classes.sel(use_case=names).sum())


def _by_platform(cases: Cases, quarter: str) -> list[float]:
    """Power that serves everything asked in a quarter, by each platform that has shipped by then."""
    data = cases.inputs
    shipped = (data.supply_count.sel(period=slice(None, quarter)).sum("period") * data.in_pool_count).sum("pool") > 0
    return [gigawatt.load_of(data, str(key), quarter).total_w for key in data.platform.values[shipped.values]]


def _served(cases: Cases, npv: ClaimCase, welfare: ClaimCase) -> list[ClaimRow]:
    """Share of what each class asks over the reported window that is served, by objective."""
    rows = []
    for name in statements().figures.choice:
        if name in cases.scenario.asked.use_cases:
            title = cases.scenario.asked.use_cases[name].title
            for label, case in (("NPV", npv), ("welfare", welfare)):
                found = case.accounts.classes.sel(use_case=name)
                share = float(found.served_tokens / found.demand_tokens)
                rows.append(row(f"{title} served, objective {label}", "frac", share))
    return rows
