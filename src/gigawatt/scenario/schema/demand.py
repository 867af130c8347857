"""Who asks for what: people and classes of inference, training runs, experiments, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from gigawatt.catalog.records import Precision
from gigawatt.quarters import Course
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where demand comes from, and the clock by which it rises and falls."""

    title: str
    """Name that people read."""
    share_frac: float
    """Share of the programme's demand; those of all regions sum to 1."""
    utc_offset_h: Annotated[float, Plausible("-14 h", "14 h", least="-14 h", most="14 h")]
    """Clock of its people less UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Demand from people: weekly users × requests a day × tokens a request, and what paying users bring."""

    weekly_users_count: Annotated[Course, Plausible(1e3, 9e9, zero=True)]
    """People who use it in a week."""
    daily_requests_count: Annotated[Course, Plausible(0.01, 2000, zero=True)]
    """Requests of a weekly user on a day."""
    request_tokens: Annotated[Course, Plausible("10 tokens", "2 Mtokens")]
    """Output tokens of a request, with hidden reasoning."""
    paying_frac: Course
    """Share of weekly users who pay."""
    yearly_revenue_usd: Annotated[Course, Plausible("1 USD", "20 thousand USD", zero=True)]
    """Revenue of a paying user in a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of demand and what it pays, or is worth, relative to the class's price."""

    share_frac: float
    """Share of the demand; those of all segments sum to 1."""
    price_ratio: Annotated[float, Plausible(0.01, 100, zero=True)]
    """What it pays, or is worth to society, over the price of the class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCase:
    """A class of inference: who asks for how many tokens, at which price and service objective.

    Demand is either people, or a course of tokens with one of prices. Interactive classes are served when they are
    asked for, batch classes in any block of the quarter.
    """

    title: str
    """Name that people read."""
    model: str
    """Id or name of the model in the catalog."""
    precision: Precision
    """Number format of the weights as the model is served."""
    input_tokens: Annotated[float, Plausible("1 tokens", "10 Mtokens")]
    """Mean length of a request's prompt."""
    output_tokens: Annotated[float, Plausible("1 tokens", "1 Mtokens")]
    """Mean length of a request's answer."""
    tpot_s: Annotated[float, Plausible("1 ms", "10 s")]
    """Longest time per output token that users accept; it limits how many requests share a replica."""
    serving: Literal["aggregated", "disaggregated", "best"] = "aggregated"
    """Whether replicas read prompts and write answers (aggregated), two pools share that (disaggregated), or what gives
    most tokens on each platform."""
    draft_count: Annotated[int, Plausible(1, 8, zero=True, least=0, most=64)] = 0
    """Tokens that each step drafts (multi-token prediction, speculation); published acceptance says how many hold."""
    load: Literal["interactive", "batch"]
    """Whether work is served when it is asked for (interactive) or in any hour of the quarter (batch)."""
    utilisation_frac: Annotated[float, Plausible("5 %", "100 %", least="1 %")]
    """Most of a rack's throughput that is counted on; the rest is head-room: for hours above the mean of their block,
    sites out of step and racks out of rotation, and for bursts too where `operations.slo_derating` is off."""
    burstiness_ratio: Annotated[float, Plausible(0.3, 30, least=0.05, most=1000)] = 1.0
    """Standard deviation over mean of the gaps between the requests that reach one router; 1 is pure chance."""
    ttft_s: Annotated[float | None, Plausible("50 ms", "5 min", least="1 ms", most="7 days")] = None
    """Longest time to the first token that users accept, 99 of 100 of them; the SLO derating counts it, with `tpot`.
    Left out: any."""
    peak_to_mean_ratio: Annotated[float, Plausible(1, 10, least=1, most=100)] = 1.0
    """Load in the peak block over the mean."""
    people: People | None = None
    """Demand from people, in place of demand and price."""
    demand_tokens_per_s: Annotated[Course | None, Plausible("1000 tokens/s", "1e12 tokens/s", zero=True)] = None
    """Mean output tokens per second that are asked for, growing steadily between points."""
    price_usd_per_mtok: Annotated[Course | None, Plausible("0.001 USD/Mtoken", "1000 USD/Mtoken", zero=True)] = None
    """Price of output tokens, changing steadily between points."""
    served_elsewhere_frac: float = 0.0
    """Share of the demand that others serve."""
    segments: tuple[Segment, ...]
    """Parts of the demand by what they pay; the dearest is served first."""
    social_weight_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    """Worth of a token to society over its price, relative to other classes; npv only reports it."""
    floor_frac: float = 0.0
    """Share of demand short of which a penalty counts in the objective."""
    floor_penalty_usd_per_mtok: Annotated[float, Plausible("0.001 USD/Mtoken", "10 thousand USD/Mtoken", zero=True)] = (
        0.0
    )
    """Penalty for each token short of the floor; it never enters the reported value."""
    hard: bool = False
    """Whether the floor must be met, or the plan is infeasible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """A frontier training run: a volume of operations inside a window, on at most one gang of packages at a time.

    Volume and penalty are counted in the objective, never in the reported NPV.
    """

    title: str
    """Name that people read."""
    model: str
    """Id or name of the model in the catalog."""
    precision: Precision
    """Number format of its matrix products."""
    volume_flop: Annotated[float, Plausible("1e22 FLOP", "1e32 FLOP")]
    """Operations of the whole run."""
    start_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """First quarter in which it may run."""
    end_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    """Last quarter in which it may run."""
    largest_gang_count: Annotated[int, Plausible(8, 2e7, least=1, most=1e9)]
    """Packages that may work on it at once."""
    penalty_usd: Annotated[float, Plausible("1 million USD", "20 trillion USD", least="0 USD", zero=True)]
    """Penalty where all of the volume is missing at the end; in proportion where part of it is."""
    hard: bool = False
    """Whether all of it must be done, or the plan is infeasible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiments:
    """Research compute: operations wished for in each quarter, what they are worth, and a soft floor.

    Worth and penalty are shadow values: they steer the plan and never enter the reported NPV.
    """

    title: str
    """Name that people read."""
    model: str
    """Id or name of the model in the catalog."""
    precision: Precision
    """Number format of its matrix products."""
    gang_count: Annotated[int, Plausible(8, 2e7, least=1, most=1e9)]
    """Packages of a typical experiment."""
    wish_flop: Annotated[Course, Plausible("1e21 FLOP", "1e32 FLOP", zero=True)]
    """Operations wished for in a quarter."""
    worth_usd_per_flop: Annotated[Course, Plausible("1e-4 USD/EFLOP", "1e3 USD/EFLOP", zero=True)]
    """What an operation is worth to the plan."""
    floor_frac: float
    """Share of the wish short of which a penalty counts."""
    floor_penalty_usd_per_flop: Annotated[Course, Plausible("1e-4 USD/EFLOP", "1e4 USD/EFLOP", zero=True)]
    """Penalty for each operation short of the floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Scales of the whole demand table: the free, visible, assumed numbers of a scenario."""

    price_scale_ratio: Annotated[float, Plausible(0.01, 100, most=1e4)] = 1.0
    """Factor on the prices of all classes."""
    volume_scale_ratio: Annotated[float, Plausible(0.01, 100, most=1e4)] = 1.0
    """Factor on the demand of all classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welfare:
    """Social value of tokens, before the social weight of a class."""

    segments: tuple[Segment, ...]
    """Parts of any class's demand by what they are worth to society."""
