"""Ledgers of a campus that was to be built from 2024 on: as planned, or otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gigawatt.ledger.facts import Fact, Recorded, moment
from gigawatt.ledger.readings import Total
from gigawatt.quarters import quarter_name, quarter_number
from gigawatt.study.result import Result
from gigawatt.study.track.known import LedgerKnown, edge_ms
from gigawatt.study.track.planned import planned

SET = {
    "horizon.start": "2024Q1",
    "horizon.report_end": "2026Q4",
    "horizon.end": "2027Q4",
    "operations.software_base": "2024Q1",
    "pools.blackwell.supply": {"2024Q1": 60, "2025Q2": 60, "2025Q3": 0},
    "pools.vera_rubin.supply": {"2025Q2": 0, "2025Q3": 60, "2027Q4": 60},
    "sites.example-campus.ramp": {"2024Q1": "20 MW", "2025Q4": "100 MW"},
    "platforms.gb300.price_base": "2024Q1",
    "platforms.vr230.price_base": "2024Q1",
    "use_cases.assistant.demand": {"2024Q1": "20.25 Mtokens/s", "2026Q1": "121.5 Mtokens/s", "2027Q4": "486 Mtokens/s"},
    "use_cases.documents.demand": {"2024Q1": "10.8 Mtokens/s", "2026Q1": "81 Mtokens/s", "2027Q4": "243 Mtokens/s"},
    "use_cases.assistant.price": {"2024Q1": "0.7407 USD/Mtoken", "2026Q1": "0.3704 USD/Mtoken"},
    "use_cases.documents.price": {"2024Q1": "0.4741 USD/Mtoken", "2026Q1": "0.2667 USD/Mtoken"},
}
Kept = Callable[..., str]
SITE = "example-campus"
# Lines of money that a ledger as planned tells of.
FLOW_ITEMS = ("in revenue", "out racks", "out shells", "out energy", "out operation")


def middle(quarter: str, later_count: float = 0.0) -> str:
    """The middle of a quarter, or so many quarters later."""
    whole = int(later_count // 1)
    first = quarter_number(quarter) + whole
    begin, end = (edge_ms(quarter_name(first + n)) for n in (0, 1))
    return moment(round(begin + (0.5 + later_count - whole) * (end - begin)))


def closing(quarter: str) -> str:
    """The last moment of a quarter."""
    return moment(edge_ms(quarter_name(quarter_number(quarter) + 1)) - 1)


def fact(kind: str, at: str, **body: Any) -> Fact:
    return Fact(kind=kind, happened=at, body=body, source="a test")


def as_planned(
    result: Result, count: int, *, late: float = 0.0, rate: float = 1.0, price: float = 1.0, until: str = "9999"
) -> list[Fact]:
    """Facts of the first quarters of a plan as if all came as planned, in the middle of each quarter.

    late: quarters by which power and racks come later. rate: of the plan's tokens; price: of its revenue per token.
    """
    plan = planned(result)
    found: list[Fact] = []
    for n, period in enumerate(plan.period.values.tolist()[:count]):
        found += list(_stood(plan, n, middle(period, late)))
        end = closing(period)
        for use_case in plan.use_case.values.tolist():
            tokens = rate * float(plan.tokens.sel(use_case=use_case)[n].sum())
            if tokens:
                found.append(fact("work", end, use_case=use_case, served_tokens=tokens, trained_flop=0.0, site=""))
        for flow in FLOW_ITEMS:
            usd = float(plan.flow_usd.sel(flow=flow)[n]) * (rate * price if flow == "in revenue" else 1.0)
            direction, item = flow.split(" ")
            found.append(fact("money", end, direction=direction, item=item, amount_usd=usd, site=""))
    return [one for one in found if one.happened <= until]


def _stood(plan: Any, n: int, at: str) -> Iterator[Fact]:
    for site in plan.site.values.tolist():
        power_w = float(plan.shell_w.sel(site=site)[n])
        yield fact("site", at, site=site, state="energised", power_w=power_w, basis="facility")
        for platform in plan.platform.values.tolist():
            racks = float(plan.bought_count.sel(site=site, platform=platform)[n])
            if racks:
                both = {"site": site, "platform": platform, "racks_count": racks}
                yield fact("racks", at, **both, change="accepted")
                yield fact("test", at, **both, throughput_tokens_per_s=1e6, held_h=48.0)


# Quarters of the plan that are over, and the last moment of them.
OVER = 7
END = closing("2025Q3")


def known(found: Sequence[Fact], at: str = END, totals: Sequence[Total] = ()) -> LedgerKnown:
    """What a ledger with these facts and readings tells."""
    recorded = tuple(
        Recorded(fact=one, number=n + 1, recorded=at, who="ada", authenticated=False, previous="")
        for n, one in enumerate(found)
    )
    return LedgerKnown(recorded=recorded, totals=tuple(totals), as_of=at, at=at)
