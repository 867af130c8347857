"""A gigawatt of each of several parts that sells the tokens of a model: what it holds, serves, earns and costs.

What a package serves is `predict inference`; what owning it costs is the unit cost of `gigawatt run`, at the finance,
operation, cooling and energy of a scenario; what renting costs is the newest quote of the catalog. Power is provided by
what a rack is rated at, times the scenario's overhead and peak PUE, and beside it by what an analyst says is provided
for a package, all in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import xarray as xr

from gigawatt.catalog import load, records
from gigawatt.catalog.rented import rent_on, rent_text
from gigawatt.errors import CalibrationError, Fault, ScenarioError
from gigawatt.exact import exact
from gigawatt.programme import arrays, listed
from gigawatt.programme.yardstick import YEARS, bases
from gigawatt.scenario import load as scenarios
from gigawatt.scenario.schema import Scenario
from gigawatt.study.answer import SPREAD, Head, copied, head_of
from gigawatt.study.claims.gigawatt import pue_peak_ratio
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.predict import inference
from gigawatt.study.predict.band import Band
from gigawatt.study.predict.faults import MOST_USD_PER_H, MOST_WAIT_S, looked_up, out_of_range, wrong_value
from gigawatt.study.predict.gigawatt_year import FilledPower, GigawattYear, TokenSale, filled, year_of
from gigawatt.study.predict.inference import MOST_BESIDE, InferencePrediction
from gigawatt.study.predict.question import GigawattQuestion, InferenceQuestion
from gigawatt.study.predict.serving_layout import ReplicaLayout
from gigawatt.study.predict.serving_price import STATED_BASIS
from gigawatt.study.question import refuse, wrong
from gigawatt.units import GIGAWATT_W

# The limit where nobody states one, that of `predict inference`.
USUAL_TPOT_S: float = InferenceQuestion(model="", gpu="", input_tokens=1, output_tokens=1).tpot_s
# Whose prompts and answers are taken where nobody states a length.
TRAFFIC = "agents"
RANGES = {
    "power_w": math.inf,
    "use_frac": 1.0,
    "tpot_s": MOST_WAIT_S,
    "ttft_s": MOST_WAIT_S,
    "speed_tokens_per_s": 1e6,
    "usd_per_gpu_hour": MOST_USD_PER_H,
}
PRICES = ("price_input_usd_per_mtok", "price_cached_usd_per_mtok", "price_output_usd_per_mtok")
MOST_PRICE_USD_PER_MTOK = 1e6
RACK_BASIS = "racks as they are rated, times {overhead:.3f} for what stands beside them{pue}"
PUE_BASIS = " and a peak PUE of {:.3f}"
ALL_IN_BASIS = "all in, as an analyst reckons what is provided for a package{said}"
OWNED_BASIS = (
    "owning, by {name}: rack at its list price and network over {rack:g} years, a shell of one's own over {shell:g}, "
    "at a cost of capital of {capital:.1%}, operation, and energy at {load:.0%} of full load, without rent"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GigawattPart:
    """A part in service as asked, and a gigawatt of it by how its racks are rated and, all in, as provided.

    usd_basis: what is in the cost of its package-hour; rent: the newest quote of it, None where the catalog has none.
    owned, needed: what a gigawatt of it costs for a year and has to earn, at its listed price and as its racks are
    rated, in the power that is asked for; None where the catalog tells no price or no power of its rack. rack, all_in:
    None where the catalog does not tell that power, or it is not that of the basis.
    """

    gpu: str
    precision: str
    engine: str
    tokens_per_s_per_gpu: Band
    tokens_per_s_per_user: float
    tpot_s: float
    ttft_s: float
    batch_count: float
    layout: ReplicaLayout = field(metadata=SPREAD)
    working_frac: float
    binds: str
    limited_by: str
    extrapolated: bool
    usd_basis: str | None
    rent_usd_per_h: float | None
    rent_date: str | None
    rent_basis: str | None
    owned_at_capital_cost_usd_per_gw_year: float | None
    needed_at_discount_usd_per_gw_year: float | None
    rack: GigawattYear | None
    all_in: GigawattYear | None

    @property
    def year(self) -> GigawattYear:
        """The year by which parts are ranked: as racks are rated, else all in."""
        found = self.rack or self.all_in
        assert found is not None  # a part without either is left out
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class GigawattComparison:
    """A gigawatt of each part, the most profitable first, with the traffic and the prices that are taken.

    bases: what the words in the names of its costs stand for.
    """

    head: Head = field(metadata=SPREAD)
    model: str
    power_w: float
    power_basis: str
    sale: TokenSale = field(metadata=SPREAD)
    traffic: str
    parts: tuple[GigawattPart, ...]
    bases: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _GigawattTerms:
    """What every part is held against; data: the scenario's inputs."""

    asked: GigawattQuestion
    sale: TokenSale
    scenario: Scenario
    data: xr.Dataset

    @property
    def on_it(self) -> bool:
        return self.asked.power_basis == "it"

    @property
    def overhead_ratio(self) -> float:
        """IT power for each watt of a rack."""
        return self.scenario.asked.operations.it_overhead_ratio

    @property
    def pue_ratio(self) -> float:
        """Facility power that is provided for each watt of IT."""
        return pue_peak_ratio(self.data)


@exact()
def answer(question: GigawattQuestion, job: Job) -> GigawattComparison:
    """A gigawatt of each part that serves as asked.

    Raises ScenarioError for a question that cannot be asked, and what `predict inference` raises where no part serves.
    """
    names = tuple(dict.fromkeys(name.strip() for name in question.gpu.split(",")))
    refuse(_faults(question, names))
    scenario = scenarios.load(question.scenario)
    terms = _GigawattTerms(asked=question, sale=_sale(question), scenario=scenario, data=arrays.arrays(scenario))
    served, unable = _served(terms, names, job)
    parts = sorted((_part(terms, one) for one in served), key=_rank)
    told = (*_terms_notes(terms), *_served_notes(served), *unable)
    return GigawattComparison(
        head=head_of(scenario, told),
        model=served[0].model,
        power_w=question.power_w,
        power_basis=question.power_basis,
        sale=terms.sale,
        traffic=_traffic(question),
        parts=tuple(parts),
        bases={name: text for name, text in bases(scenario.asked).items() if name in YEARS},
    )


def _faults(question: GigawattQuestion, names: Sequence[str]) -> Iterator[Fault]:
    """Everything that is wrong with a question but for what serving finds."""
    yield from out_of_range(question, RANGES)
    for name in PRICES:
        price = getattr(question, name)
        if price is not None and not 0 <= price <= MOST_PRICE_USD_PER_MTOK:
            expected = f"a price from 0 to {MOST_PRICE_USD_PER_MTOK:g} USD/Mtoken"
            yield wrong_value(name.removesuffix("_usd_per_mtok"), price, "usd_per_mtok", expected)
    if not 0 <= question.licence_frac < 1:
        yield wrong("licence", f"{question.licence_frac:g}", "a share from 0 to less than 1")
    if question.speed_tokens_per_s is not None and question.tpot_s is not None:
        yield wrong("speed", f"{question.speed_tokens_per_s:g} tokens/s", "nothing, where a limit on tpot is stated")
    if len(names) > MOST_BESIDE:
        yield wrong("gpu", len(names), f"at most {MOST_BESIDE} accelerators")
        return
    for name in names:
        faults = list[Fault]()
        looked_up(replace(question, gpu=name), {"gpu": "accelerators"}, faults)
        yield from faults


def _sale(question: GigawattQuestion) -> TokenSale:
    """What is sold: as stated, else the traffic of the catalog's agents."""
    agents: records.Arrivals = load.load("arrivals", TRAFFIC)
    prompt, found = agents.prompt_tokens, agents.cached_frac
    assert prompt is not None  # a test holds that the catalog has both
    assert found is not None
    stated = question.input_tokens is not None or question.output_tokens is not None
    cached = (0.0 if stated else found) if question.cached_frac is None else question.cached_frac
    read_price, found_price = question.price_input_usd_per_mtok, question.price_cached_usd_per_mtok
    return TokenSale(
        input_tokens=prompt if question.input_tokens is None else question.input_tokens,
        output_tokens=agents.clients[0].output_tokens if question.output_tokens is None else question.output_tokens,
        cached_frac=cached,
        price_input_usd_per_mtok=read_price,
        price_cached_usd_per_mtok=read_price if found_price is None else found_price,
        price_output_usd_per_mtok=question.price_output_usd_per_mtok,
        use_frac=question.use_frac,
        licence_frac=question.licence_frac,
    )


def _traffic(question: GigawattQuestion) -> str:
    """Whose traffic it is, in words."""
    keys = ("input_tokens", "output_tokens", "cached_frac")
    if all(getattr(question, key) is not None for key in keys) or (question.input_tokens and question.output_tokens):
        return "as stated"
    name = load.load("arrivals", TRAFFIC).name
    return name if all(getattr(question, key) is None for key in keys) else f"as stated, else {name}"


def _served(terms: _GigawattTerms, names: Sequence[str], job: Job) -> tuple[list[InferencePrediction], list[Note]]:
    """What each part serves, and why others cannot. Raises what the first raises where none can."""
    found, left, first = dict[str, InferencePrediction](), list[Note](), None
    for name in names:
        try:
            one = inference.answer(_asked_of(terms, name), job)
            _refuse_without_racks(terms, one)
        except (CalibrationError, ScenarioError) as error:
            first = first or error
            left.append(Note(code="unable", path="gpu", text=f"{name} is left out: {error.faults[0]}"))
        else:
            found[one.gpu] = one
    if not found:
        assert first is not None  # there is a name at least
        raise type(first)(_as_asked(terms.asked, fault) for fault in first.faults)
    return list(found.values()), left


def _asked_of(terms: _GigawattTerms, name: str) -> InferenceQuestion:
    """What is asked of one part."""
    asked, sale, speed = terms.asked, terms.sale, terms.asked.speed_tokens_per_s
    return copied(
        InferenceQuestion,
        sale,
        asked,
        gpu=name,
        tpot_s=(asked.tpot_s or USUAL_TPOT_S) if speed is None else 1 / speed,
        tp_count=None,
        dp_count=None,
        ep_count=None,
        pp_count=None,
        acceptance_frac=None,
        prefill_gpus_count=None,
        decode_gpus_count=None,
        usd_per_gpu_hour=None,
        usd_per_mtok=None,
        power_w=None,
        pareto=False,
        beside=(),
    )


def _as_asked(asked: GigawattQuestion, fault: Fault) -> Fault:
    """A fault of serving by the key that was asked."""
    return replace(fault, path="speed") if fault.path == "tpot" and asked.speed_tokens_per_s is not None else fault


def _refuse_without_racks(terms: _GigawattTerms, one: InferencePrediction) -> None:
    """Raises CalibrationError for a part whose racks' power nobody tells, or of which the power holds none."""
    part: records.Accelerator = load.load("accelerators", one.gpu)
    rooms = [room for room in (_by_rack(terms, part), _all_in(terms, part)) if room is not None]
    if not rooms:
        raise CalibrationError([wrong("gpu", one.gpu, "a part whose power with its rack the catalog knows")])
    if not all(room.racks_count for room in rooms):
        expected = f"room for a rack of {part.packages_per_rack_count} GPUs"
        raise CalibrationError([wrong_value("power", terms.asked.power_w, "w", expected)])


def _part(terms: _GigawattTerms, one: InferencePrediction) -> GigawattPart:
    part: records.Accelerator = load.load("accelerators", one.gpu)
    rooms = {"rack": _by_rack(terms, part), "all_in": _all_in(terms, part)}
    prices = {name: _hour(terms, part, room) for name, room in rooms.items() if room is not None}
    years = {
        name: None if room is None else year_of(one, room, terms.sale, prices[name][0], one.rent_usd_per_h)
        for name, room in rooms.items()
    }
    return copied(
        GigawattPart,
        one,
        tokens_per_s_per_user=1 / one.tpot_s,
        usd_basis=next(iter(prices.values()))[1],
        **_gigawatt_years(terms, part),
        **years,
    )


def _gigawatt_years(terms: _GigawattTerms, part: records.Accelerator) -> dict[str, float | None]:
    """What a gigawatt costs for a year on each basis, by the names of a part's fields."""
    priced = part.rack_price_usd is not None and part.rack_power_w is not None
    return {
        f"{name}_usd_per_gw_year": (
            listed.year_usd_per_w(terms.data, terms.scenario.asked, part, basis, terms.asked.power_basis) * GIGAWATT_W
            if priced
            else None
        )
        for name, basis in YEARS.items()
    }


def _by_rack(terms: _GigawattTerms, part: records.Accelerator) -> FilledPower | None:
    """A power full of racks as they are rated."""
    if part.rack_power_w is None:
        return None
    it_w = part.rack_power_w * terms.overhead_ratio / part.packages_per_rack_count
    pue = "" if terms.on_it else PUE_BASIS.format(terms.pue_ratio)
    basis = RACK_BASIS.format(overhead=terms.overhead_ratio, pue=pue)
    return filled(basis, terms.asked.power_w, terms.on_it, it_w * terms.pue_ratio, it_w, part.packages_per_rack_count)


def _all_in(terms: _GigawattTerms, part: records.Accelerator) -> FilledPower | None:
    """A facility's power full of packages as they are provided for all in; None where nobody says."""
    if part.all_in_power_w is None or terms.on_it:
        return None
    source = part.evidence["all_in_power_w"].source
    basis = ALL_IN_BASIS.format(said="" if source is None else f": {source.title or source.url}")
    return filled(basis, terms.asked.power_w, False, part.all_in_power_w, None, part.packages_per_rack_count)


def _hour(terms: _GigawattTerms, part: records.Accelerator, room: FilledPower) -> tuple[float | None, str | None]:
    """What an hour of a package costs who owns it, and what is in that: as stated, of the scenario, or as quoted.

    The rack's shell, operation and energy go with the power that it is given.
    """
    stated = terms.asked.usd_per_gpu_hour
    if stated is not None:
        return stated, STATED_BASIS
    if part.rack_price_usd is not None:
        given_w = room.package_it_w
        if given_w is None:
            assert room.package_facility_w is not None  # a room is filled by either
            given_w = room.package_facility_w / terms.pue_ratio
        rack_w = given_w * part.packages_per_rack_count / terms.overhead_ratio
        given = replace(part, rack_power_w=rack_w)
        return listed.package_usd_per_h(terms.data, terms.scenario.asked, given), _owned_basis(terms)
    quote = rent_on(part.id, "owned")
    return (None, None) if quote is None else (quote.usd_per_h, rent_text(quote))


def _owned_basis(terms: _GigawattTerms) -> str:
    finance = terms.scenario.asked.finance
    return OWNED_BASIS.format(
        name=terms.scenario.name,
        rack=finance.rack_life_years,
        shell=finance.shell_life_years,
        capital=finance.capital_cost_per_year,
        load=terms.scenario.asked.operations.load_factor_frac,
    )


def _rank(part: GigawattPart) -> tuple[bool, float]:
    """By profit, and those whose cost nobody knows after them by revenue."""
    profit = part.year.profit_usd_per_gw_year
    return profit is None, -(part.year.revenue_usd_per_gw_year if profit is None else profit).p50


def _terms_notes(terms: _GigawattTerms) -> Iterator[Note]:
    """Whose traffic and price it is where nobody states them, and what a year leaves out."""
    asked, sale = terms.asked, terms.sale
    if _traffic(asked) != "as stated":
        text = (
            f"traffic of the catalog's {TRAFFIC} where none is stated: prompts of {sale.input_tokens:,.0f} tokens, "
            f"{sale.cached_frac:.1%} of them in a prefix cache, answers of {sale.output_tokens:,.0f} "
            f"(gigawatt catalog show {TRAFFIC})"
        )
        yield Note(code="traffic", path="input", text=text)
    if sale.cached_frac and asked.price_cached_usd_per_mtok is None:
        yield Note(code="price", path="price_cached", text="cached tokens are sold at the price of those that are read")
    text = (
        f"{sale.use_frac:.0%} of what the machines could serve within the limits is sold, in every hour of a year: "
        "outages, idle hours and what nobody asks for are in the rest; costs are the same at any use, and so is energy"
    )
    yield Note(code="use", path="use", text=text)
    text = "bands are those of throughput: prices, use and costs are taken as they stand"
    yield Note(code="band", path="parts", text=text)


def _served_notes(served: Sequence[InferencePrediction]) -> Iterator[Note]:
    """What is to be known of serving: once where it is said of every part, else with the name of the part."""
    said = dict[tuple[str, str, str], list[str]]()
    for one in served:
        for note in one.head.notes:
            said.setdefault((note.code, note.path, note.text), []).append(one.gpu)
    for (code, path, text), parts in said.items():
        whose = "" if len(parts) == len(served) else f"{', '.join(parts)}: "
        yield Note(code=code, path=path, text=f"{whose}{text}")
