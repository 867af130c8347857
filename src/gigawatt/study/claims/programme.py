"""What gets built: ten gigawatts, a hundred billion, the first one in 2026, with whom, the largest, and more."""

from __future__ import annotations

from collections.abc import Iterable

from gigawatt import units
from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import Accelerator
from gigawatt.quarters import quarter_name, quarter_number
from gigawatt.study.claims import gigawatt
from gigawatt.study.claims.cases import Cases, ClaimCase
from gigawatt.study.claims.claim import (
    Claim,
    ClaimRow,
    Computed,
    computed,
    judge,
    make,
    reaches,
    row,
    stated_value,
    value_row,
)
from gigawatt.study.claims.statements import Vendor, statements
from gigawatt.study.dates import by_end, quarter
from gigawatt.units import GIGAWATT_W


def at_historic_revenue(cases: Cases) -> ClaimCase | None:
    """The programme at prices that bring a gigawatt what it earned in 2023 to 2025; None where nothing is earned, and
    as of a day on which that was not known."""
    known = statements()
    if not cases.knows(known.sources["fleet"].date):
        return None
    earned = cases.pro_rata.figure("revenue_usd_per_gw_year")
    if not earned:
        return None
    ratio = known.figures.yearly_revenue_usd_per_w * GIGAWATT_W / earned
    scale = cases.scenario.asked.demand.price_scale_ratio
    return cases.case("prices of the past", {"demand.price_scale": scale * ratio})


def ten_gw(cases: Cases) -> Claim:
    """Facility power in service at most, as asked and in less kind variants."""
    stated = stated_value("ten_gw")
    variants = {
        "as asked": cases.asked,
        "announced sites only": cases.announced_only(),
        "prices that earn what 2023 to 2025 earned": at_historic_revenue(cases),
    }
    powers = {name: case.installed_w for name, case in variants.items() if case is not None}
    rows = [row(f"in service at most, {name}", "w", power) for name, power in powers.items()]
    rows.append(row("target reached, as asked", "date", cases.asked.date("target_date")))
    rows.append(row("capex per watt of facility power", "usd_per_w", cases.asked.figure("capex_usd_per_w_facility")))
    others = ", ".join(f"{units.show(power, 'w')} with {name}" for name, power in list(powers.items())[1:])
    here = units.show(powers["as asked"], "w")
    text = f"demand and prices are as the scenario assumes: {here}; {others or 'no variant'}"
    found = computed("w", powers["as asked"], *powers.values())
    return make("ten_gw", found, judge(reaches(power, stated) for power in powers.values()), text, rows)


def hundred_billion(cases: Cases) -> Claim:
    """Capital released with the gigawatts, what share of the cost it covers, and 30 billion up front against it."""
    stated, asked, past = stated_value("hundred_billion"), cases.asked, at_historic_revenue(cases)
    released = [case.figure("tranche_released_usd") or 0.0 for case in (asked, past) if case is not None]
    share = asked.figure("tranche_share_of_capex_frac")
    use = asked.scenario.asked.capital.tranches
    each = use.amount_usd / use.every_w if use and use.amount_usd and use.every_w else None
    rows = [
        row("released, as asked", "usd", released[0]),
        row("released at prices of the past", "usd", *released[1:]),
        row("released per watt of facility power", "usd_per_w", each),
        row("capex per watt of facility power", "usd_per_w", asked.figure("capex_usd_per_w_facility")),
        row("share of capex covered, up to the last release", "frac", share),
    ]
    equity, money = statements().sources["equity"], statements().figures.upfront_equity_usd
    text = (
        f"every gigawatt is built; the tranches then cover {units.show(share, 'frac')} of what it costs, and the rest "
        "is earned and borrowed"
    )
    if cases.knows(equity.date):
        rows += _up_front(cases)
        text += f". In {equity.date[:7]} {units.show(money, 'usd')} of equity took the agreement's place"
    found = computed("usd", released[0], *released)
    return make("hundred_billion", found, judge(reaches(amount, stated) for amount in released), text, rows)


def _up_front(cases: Cases) -> list[ClaimRow]:
    """The programme with the equity that took the tranches' place, all of it at the start, beside the tranches."""
    amount_usd = statements().figures.upfront_equity_usd
    name = f"{units.show(amount_usd, 'usd')} up front"
    money = {"capital.tranches": False, "capital.upfront_equity": f"{amount_usd:.0f} USD"}
    upfront, tranches = cases.case(f"{name}, no tranches", money), cases.pro_rata
    return [
        row("in service at most, tranches pro rata", "w", tranches.installed_w),
        row(f"in service at most, {name}", "w", upfront.installed_w),
        value_row("value after penalties, tranches pro rata", tranches.value_usd),
        value_row(f"value after penalties, {name}", upfront.value_usd),
        row("first gigawatt, tranches pro rata", "date", tranches.date("first_gw_date")),
        row(f"first gigawatt, {name}", "date", upfront.date("first_gw_date")),
    ]


def first_gw_2026h2(cases: Cases) -> Claim:
    """When the first gigawatt stands, with announced ramps, the scenario's slip and a longer one."""
    promised = str(statements().claims["first_gw_2026h2"].value)
    least, _, most = (round(value) for value in statements().span("slip_count"))
    variants = {
        "as announced": cases.slipped(least),
        "as asked": cases.asked,
        f"{most} quarters late": cases.slipped(most),
    }
    dates = {name: case.date("first_gw_date") for name, case in variants.items()}
    rows = [row(f"first gigawatt in service, ramps {name}", "date", day) for name, day in dates.items()]
    end = f"{promised[:4]}Q4"
    rows += [
        row(f"in service at the end of {quarter(end)}, ramps {name}", "w", _power_at(c, end))
        for name, c in variants.items()
    ]
    supply = supplied_w(cases, statements().figures.announced_parts, end)
    rows.append(row(f"most that Vera Rubin's supply allows by the end of {quarter(end)}", "w", supply))
    met = [day is not None and day <= promised for day in dates.values()]
    stands = dates["as asked"]
    when = by_end(stands) if stands is not None else "in no reported quarter"
    text = (
        f"a gigawatt of Vera Rubin would have to ship by then; the scenario's supply allows {units.show(supply, 'w')}, "
        f"as asked the first gigawatt stands {when}"
    )
    known = [day for day in dates.values() if day is not None]
    latest = max(known) if len(known) == len(dates) else None
    found = Computed(low=min(known, default=None), mid=dates["as asked"], high=latest, unit="date")
    return make("first_gw_2026h2", found, judge(met), text, rows)


def _power_at(case: ClaimCase, period: str) -> float | None:
    """Facility power in service at the end of a quarter [W]; None outside of the horizon."""
    power = case.plan.data.facility_w.sum("site")
    return float(power.sel(period=period)) if period in power.period.values else None


def supplied_w(cases: Cases, parts: tuple[str, ...], last: str) -> float:
    """Facility power of all racks that the pools of these parts deliver up to a quarter, at their hungriest [W]."""
    data = cases.inputs
    keys = gigawatt.platforms_of(cases.scenario, parts)
    upto = data.supply_count.sel(period=slice(None, last)).sum("period")
    mine = data.sel(platform=keys)
    each = (mine.in_pool_count * mine.rack_it_w).max("platform")
    return float((upto * each).sum("pool")) * gigawatt.pue_peak_ratio(data)


def only_nvidia(cases: Cases) -> Claim:
    """The programme planned again with each other vendor's announced supply, where the catalog has a part for it."""
    stated = stated_value("only_nvidia")
    rows, planned = [], []
    for vendor in vendors(cases):
        part, reason = _part(vendor)
        rows.append(row(f"announced, {vendor.name}", "w", vendor.announced_w, note=reason))
        if part is not None and vendor.announced_w > 0:
            case = _with_vendor(cases, vendor, part)
            planned.append(case.installed_w)
            rows.append(
                row(f"planned, {vendor.name} alone on {part.name}", "w", case.installed_w, note=_delivery(vendor))
            )
            rows.append(value_row(f"value after penalties, {vendor.name} alone", case.value_usd))
    rows.append(row("planned, NVIDIA", "w", cases.pro_rata.installed_w))
    rows.append(value_row("value after penalties, NVIDIA", cases.pro_rata.value_usd))
    announced = [vendor.announced_w for vendor in vendors(cases)]
    together, largest = sum(announced), max(announced)
    readings = [not reaches(power, stated) for power in (*planned, largest, together)]
    text = (
        f"announcements do not count: other vendors announced {units.show(together, 'w')} to OpenAI, "
        f"{units.show(largest, 'w')} of it by one of them; with the parts that the catalog can plan, the most that is "
        f"built is {units.show(max(planned, default=0.0), 'w')}"
    )
    text = text if together else "no other vendor had announced any power to OpenAI yet"
    found = computed("w", largest, together, *planned)
    return make("only_nvidia", found, judge(readings), text, rows)


def vendors(cases: Cases) -> list[Vendor]:
    """Other vendors with what they announced to OpenAI by the day that is asked for."""
    known = statements()
    sources = [known.evidence[f"vendors.{n}.announced_w"].source for n in range(len(known.vendors))]
    given = zip(known.vendors, sources, strict=True)
    return [vendor for vendor, source in given if source is None or cases.knows(source.date)]


def _delivery(vendor: Vendor) -> str:
    span = f"{quarter(vendor.start_date)} to {quarter(vendor.end_date)}"
    return f"Assumed: delivered evenly from {span}, prices falling as NVIDIA's."


def _part(vendor: Vendor) -> tuple[Accelerator | None, str]:
    """The first part of a vendor that can be planned, of those that are known, or why there is none."""
    reasons, known = list[str](), catalog.ids("accelerators")
    for name in (part for part in vendor.parts if part in known):
        record = gigawatt.accelerator(name)
        if record.plannable and record.rack_power_w is not None and record.rack_price_usd is not None:
            instead = f"{' '.join(reasons)} {record.name} stands in." if reasons else ""
            return record, instead
        reasons.append(f"{record.name}: {record.description.rpartition('. ')[2]}")
    return None, " ".join(reasons) or "No part in the catalog: no figures are published."


def _with_vendor(cases: Cases, vendor: Vendor, part: Accelerator) -> ClaimCase:
    """The programme on one other vendor's part, its announced power delivered evenly over its quarters."""
    asked = cases.scenario.asked
    first, last = quarter_number(vendor.start_date), quarter_number(vendor.end_date)
    assert part.rack_power_w is not None  # _part has seen to it
    facility_w = part.rack_power_w * asked.operations.it_overhead_ratio * gigawatt.pue_peak_ratio(cases.inputs)
    each = vendor.announced_w / facility_w / (last - first + 1)
    ends = {quarter_name(first - 1): 0.0, quarter_name(last + 1): 0.0}
    supply = ends | {quarter_name(first): each, quarter_name(last): each}
    like = next(iter(asked.platforms.values()))
    overrides = {f"platforms.{key}": False for key in asked.platforms} | {f"pools.{key}": False for key in asked.pools}
    return cases.case(
        f"{vendor.name} alone",
        {
            **overrides,
            "pools.other": {"supply": supply, "grade": "assumed"},
            "platforms.other": {
                "accelerator": part.id,
                "pool": "other",
                "price_change": f"{100 * like.price_change_per_year} %/year",
                "price_base": like.price_base_date,
                "grade": "assumed",
            },
        },
    )


def largest(cases: Cases) -> Claim:
    """The stated power among what else was announced or runs."""
    stated = stated_value("largest")
    rivals = [rival for rival in statements().rivals if cases.knows(rival.announced_date)]
    day = statements().claims["largest"].stated_date
    rows = [
        row(f"{rival.name}, {'runs' if rival.energised else 'announced'} {rival.announced_date}", "w", rival.power_w)
        for rival in rivals
    ]
    before = max(rival.power_w for rival in rivals if rival.announced_date <= day)
    running = max((rival.power_w for rival in rivals if rival.energised), default=0.0)
    ever = max(rival.power_w for rival in rivals)
    ties = [rival.name for rival in rivals if rival.power_w >= stated]
    text = (
        f"a tie counts, and so does a letter of intent: {' and '.join(ties) or 'nothing else'} also has "
        f"{units.show(ever, 'w')}"
    )
    if running:
        text += f"; the largest that runs has {units.show(running, 'w')}"
    # Larger than all others outright; or at least not smaller than any.
    met = [stated > ever, stated >= ever]
    return make("largest", computed("w", before, *([running] if running else []), ever), judge(met), text, rows)


def first_of_more(cases: Cases) -> Claim:
    """What is built when 20 and 30 GW may be, and what stops it."""
    stated, figures = stated_value("first_of_more"), statements().figures
    first = cases.scenario.asked.programme.target_w
    second, third = figures.second_target_w, figures.third_target_w
    runs = {
        f"up to {units.show(first, 'w')}": cases.pro_rata,
        f"up to {units.show(second, 'w')}": cases.target(second),
        f"up to {units.show(third, 'w')}": cases.target(third),
        f"up to {units.show(third, 'w')}, sites for it": cases.with_sites_for(third),
    }
    rows: list[ClaimRow] = []
    for name, case in runs.items():
        rows.append(row(f"in service at most, {name}", "w", case.installed_w))
        rows += [
            row(f"quarters in which it binds, {name}: {limit}", "count", float(count), note=when)
            for limit, count, when in _limits(case)[:4]
        ]
    powers = [case.installed_w for case in runs.values()]
    last, ample = list(runs.values())[-2:]
    text = (
        f"power is found for it, and what binds next: with {units.show(third, 'w')} allowed, "
        f"{units.show(last.installed_w, 'w')} are built, bound longest by {longest_limit(last)}; with sites for all of "
        f"it, {units.show(ample.installed_w, 'w')}, bound longest by {longest_limit(ample)}"
    )
    # All of it as things stand; or at least a gigawatt more than the first ten once there are sites.
    met = [reaches(last.installed_w, stated), ample.installed_w >= first + GIGAWATT_W]
    return make("first_of_more", computed("w", powers[1], *powers), judge(met), text, rows)


def _limits(case: ClaimCase) -> list[tuple[str, int, str]]:
    """Limits that bind in the reported window: name, in how many quarters, and from when to when; longest first."""
    shown = set(case.plan.data.period.values[: case.scenario.reported_count])
    quarters: dict[str, set[str]] = {}
    for item in case.plan.binds:
        if item.period in shown:
            quarters.setdefault(_plain(item.limit), set()).add(item.period)
    ranked = sorted(quarters.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [(name, len(when), f"{quarter(min(when))} to {quarter(max(when))}") for name, when in ranked]


def _plain(limit: str) -> str:
    """All classes' demand is one limit here."""
    return "demand" if limit.startswith("demand") else limit


def longest_limit(case: ClaimCase) -> str:
    """The limit that binds in the most reported quarters, by name; "nothing" where none does."""
    names: Iterable[str] = (name for name, _, _ in _limits(case))
    return next(iter(names), "nothing")
