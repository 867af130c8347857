"""The books as charges: every line that is a cost, by quarter, site, platform and class of work, with what it served.

The books keep some lines by site and others by platform. Here each is split further: running costs and shells over the
platforms of a site by the IT energy of the class there, racks and network over the sites to which they are delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from gigawatt.account.costs import PROGRAMME, work_shares
from gigawatt.exact import exact
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import counted, money
from gigawatt.quarters import HOURS_PER_QUARTER, SECONDS_PER_QUARTER
from gigawatt.study.answer import SPREAD, UNTOLD, Head, head_of
from gigawatt.study.export.answer import check_period
from gigawatt.study.export.question import FocusQuestion
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.question import refuse, wrong
from gigawatt.study.result import Result, load

# Quarter, site, platform and class.
Place = tuple[str, str, str, str]

# Lines of the books that are charges, and whether they are paid for use, for time or once.
USAGE, RUNNING, BOUGHT, TAX = "usage", "running", "bought", "tax"
CHARGES: Mapping[str, str] = {
    "energy": USAGE,
    "opex": RUNNING,
    "rent": RUNNING,
    "non_compute": RUNNING,
    "racks": BOUGHT,
    "network": BOUGHT,
    "shells": BOUGHT,
    "tax": TAX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A cost of the books, or a part of one. Site, platform or class are "programme" where it belongs to none.

    tokens, package_h: what was served or held, on charges for use alone, so that their sums are those of the plan.
    """

    period: str
    site: str
    platform: str
    use_case: str
    item: str
    cost_usd: float
    tokens: float | None = None
    package_h: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusAnswer:
    """The charges of the books; a door shows the rows that report/quotas makes of them."""

    head: Head = field(metadata=SPREAD)
    period: str | None
    title: str
    dollar_year: int
    rows: int
    cost_usd: float
    items_usd: Mapping[str, float]
    tokens: float
    charges: Sequence[Charge] = field(metadata=UNTOLD)


@exact()
def answer(question: FocusQuestion, job: Job) -> FocusAnswer:
    """Every charge of a result. Raises ScenarioError for bad input, and where there is no charge."""
    job.say("reading the result")
    saved = load(question.result)
    check_period(saved, question.period)
    charges = [one for one in _charges(saved) if question.period in (None, one.period)]
    if not charges:
        refuse([wrong("period", f"{question.period}: no charges", "a quarter in which something is paid")])
    asked = saved.scenario.asked
    items = {item: sum(one.cost_usd for one in charges if one.item == item) for item in CHARGES}
    return FocusAnswer(
        head=head_of(saved.scenario, (*saved.notes, *_notes(saved))),
        period=question.period,
        title=asked.title,
        dollar_year=asked.dollar_year,
        rows=len(charges),
        cost_usd=sum(items.values()),
        items_usd=items,
        tokens=sum(one.tokens or 0.0 for one in charges),
        charges=charges,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weights:
    """By what a line is split, as arrays of period, site, platform and class: IT power, racks delivered (of no class),
    tokens served and packages held. positions: of each label, dimension by dimension."""

    positions: tuple[Mapping[str, int], ...]
    power: Floats
    delivered: Floats
    tokens: Floats
    package_h: Floats


def _weights(plan: Plan) -> _Weights:
    data, dims = plan.inputs, ("period", "site", "platform", "use_case")
    stock = money.mean_stock(plan.data.stock_count)
    held = (stock * work_shares(plan)).transpose(*dims)
    everywhere = stock.sum("site")
    part = stock / xr.where(everywhere > 0, everywhere, 1.0)
    rate = counted.tokens_per_s(data)
    served = (plan.data.work_count * rate * data.hours_frac).sum("block") * SECONDS_PER_QUARTER * part
    return _Weights(
        positions=tuple({str(label): n for n, label in enumerate(held[dim].values)} for dim in dims),
        power=(held * data.rack_it_w).transpose(*dims).values,
        delivered=plan.data.install_count.transpose(*dims[:3]).values,
        tokens=served.reindex(use_case=held.use_case.values, fill_value=0.0).transpose(*dims).values,
        package_h=(held * data.packages_per_rack_count * HOURS_PER_QUARTER).transpose(*dims).values,
    )


def _charges(saved: Result) -> Iterator[Charge]:
    """Charges for use first, then the rest in the order of the books."""
    plan, table = saved.plan, saved.accounts.table
    weights = _weights(plan)
    names = [table[name].values for name in ("period", "site", "platform", "use_case", "item")]
    paid: dict[tuple[Place, str], float] = {}
    for period, site, platform, use_case, item, usd in zip(*names, table.usd.values, strict=True):
        if item in CHARGES:
            where = (str(period), str(site), str(platform), str(use_case))
            for place, share in _places(where, weights):
                paid[place, str(item)] = paid.get((place, str(item)), 0.0) - float(usd) * share
    yield from _used(weights, paid)
    for (place, item), cost_usd in paid.items():
        if CHARGES[item] != USAGE:
            yield _charge(place, item, cost_usd)


def _charge(place: Place, item: str, cost_usd: float, **amounts: float | None) -> Charge:
    period, site, platform, use_case = place
    return Charge(
        period=period, site=site, platform=platform, use_case=use_case, item=item, cost_usd=cost_usd, **amounts
    )


def _used(weights: _Weights, paid: Mapping[tuple[Place, str], float]) -> Iterator[Charge]:
    """A charge for use wherever packages are held, though nothing is paid for it, and wherever something is paid."""
    (item,) = (name for name, kind in CHARGES.items() if kind == USAGE)
    labels = [list(positions) for positions in weights.positions]
    held = {
        (labels[0][p], labels[1][s], labels[2][g], labels[3][k]): (p, s, g, k)
        for p, s, g, k in zip(*np.nonzero(weights.package_h > 0), strict=True)
    }
    for place in dict.fromkeys([*held, *(where for where, name in paid if name == item)]):
        at = held.get(place)
        tokens = float(weights.tokens[at]) if at else 0.0
        package_h = float(weights.package_h[at]) if at and not tokens else None
        yield _charge(place, item, paid.get((place, item), 0.0), tokens=tokens or None, package_h=package_h)


def _places(where: Place, weights: _Weights) -> Iterator[tuple[Place, float]]:
    """Where a line of the books belongs, with the share of it; where nothing says so, it stays as it is."""
    period, site, platform, use_case = where
    at = weights.positions
    found: list[tuple[Place, float]] = []
    if site != PROGRAMME and platform == PROGRAMME:
        split = weights.power[at[0][period], at[1][site], :, at[3][use_case]]
        found = [((period, site, name, use_case), share) for name, share in _parts(split, at[2])]
    elif platform != PROGRAMME and site == PROGRAMME:
        split = weights.delivered[at[0][period], :, at[2][platform]]
        found = [((period, name, platform, use_case), share) for name, share in _parts(split, at[1])]
    yield from found or [(where, 1.0)]


def _parts(split: Floats, names: Iterable[str]) -> list[tuple[str, float]]:
    total = float(split.sum())
    return [(name, float(value) / total) for name, value in zip(names, split, strict=True) if value > 0]


def _notes(saved: Result) -> tuple[Note, ...]:
    left = "Revenue, depreciation and financing are no charges and not among the rows; racks, network and shells stand "
    left += "where they are paid, so that effective is billed cost."
    split = (
        "Running costs and shells of a site are split over its platforms by IT energy, racks and network over sites "
    )
    split += "by delivery; what belongs to no class, site or platform is the programme's."
    unit = f"Costs are real USD of {saved.scenario.asked.dollar_year}: a plan, and no invoice."
    rows = [("charges", left), ("split", split), ("dollars", unit)]
    return tuple(Note(code=code, path="accounts", text=text) for code, text in rows)
