"""A plan of one campus that began in 2025, and ledgers made of it: as planned, or otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gigawatt.ledger import book as books
from gigawatt.ledger.facts import Fact, moment
from gigawatt.quarters import quarter_name, quarter_number
from gigawatt.study.result import Result
from gigawatt.study.run.stages import run
from gigawatt.study.track.known import edge_ms
from gigawatt.study.track.planned import planned

SET = {
    "horizon.start": "2025Q1",
    "horizon.report_end": "2027Q4",
    "horizon.end": "2028Q4",
    "operations.software_base": "2025Q1",
    "pools.blackwell.supply": {"2025Q1": 60, "2026Q2": 60, "2026Q3": 0},
    "pools.vera_rubin.supply": {"2026Q2": 0, "2026Q3": 60, "2028Q4": 60},
    "sites.example-campus.ramp": {"2025Q1": "20 MW", "2026Q4": "100 MW"},
    "platforms.gb300.price_base": "2025Q1",
    "platforms.vr230.price_base": "2025Q1",
    "use_cases.assistant.demand": {"2025Q1": "15 Mtokens/s", "2027Q1": "90 Mtokens/s", "2028Q4": "360 Mtokens/s"},
    "use_cases.documents.demand": {"2025Q1": "8 Mtokens/s", "2027Q1": "60 Mtokens/s", "2028Q4": "180 Mtokens/s"},
    "use_cases.assistant.price": {"2025Q1": "1.0 USD/Mtoken", "2027Q1": "0.5 USD/Mtoken"},
    "use_cases.documents.price": {"2025Q1": "0.64 USD/Mtoken", "2027Q1": "0.36 USD/Mtoken"},
}
Kept = Callable[..., str]
# Facts at the end of a time, its last day.
FLOW_ITEMS = ("in revenue", "out racks", "out shells", "out energy", "out operation")


@pytest.fixture(scope="session")
def result() -> Result:
    return run("one-campus", SET)


@pytest.fixture(scope="session")
def saved(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return result.save(tmp_path_factory.mktemp("track") / "plan")


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


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Keep facts in a ledger of their own; its place."""

    def keep(found: Sequence[Fact], name: str = "ledger.db") -> str:
        place = str(tmp_path / name)
        with books.writing(books.address(place)) as book:
            books.append(book, found, who="ada")
        return place

    return keep
