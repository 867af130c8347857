"""What can be asked of a machine: what it serves, what it trains, and power on site until the grid arrives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gigawatt.catalog.records import Precision
from gigawatt.scenario.load import DEFAULT
from gigawatt.study.question import names

Trained = Literal["bf16", "fp8", "mxfp8", "fp4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceQuestion:
    """A model on an accelerator: its traffic, the limits on its times, and what is known of layout and price."""

    model: str
    """A model of the catalog, by any of its names."""
    gpu: str
    """An accelerator of the catalog, by any of its names; several with commas between them are set side by side."""
    input_tokens: float
    """Mean tokens of a prompt."""
    output_tokens: float
    """Mean tokens of an answer."""
    cached_frac: float = 0.0
    """Share of a prompt's tokens that a prefix cache holds already, as in the turns of an agent."""
    precision: Precision = "fp8"
    """Format of weights and cache."""
    tpot_s: float = 0.05
    """Limit on the mean time per output token."""
    ttft_s: float | None = None
    """Limit on the mean time to the first token; none where nothing is said."""
    engine: str = ""
    """Software, such as trtllm, vllm, sglang or mlperf-trtllm; the part's usual one where nothing is said."""
    tp_count: int | None = None
    """Tensor-parallel packages; a layout of which nothing is said is searched."""
    dp_count: int | None = None
    """Copies of attention."""
    ep_count: int | None = None
    """Groups of packages that experts are spread over."""
    pp_count: int | None = None
    """Stages of the pipeline."""
    draft_count: int = 0
    """Tokens drafted per step (speculation, multi-token prediction)."""
    acceptance_frac: float | None = None
    """Chance that a drafted token holds where those before it do, at every position; by position from published
    acceptance where nothing is said."""
    disaggregated: bool = False
    """Two pools, one that reads prompts and one that writes answers; a stated layout is that of the second."""
    prefill_gpus_count: int | None = None
    """GPUs of the pool that reads prompts; their share is searched where nothing is said."""
    decode_gpus_count: int | None = None
    """GPUs of the pool that writes answers; their share is searched where nothing is said."""
    usd_per_gpu_hour: float | None = None
    """Price of a GPU-hour in USD; that of its hardware where nothing is said."""
    usd_per_mtok: float | None = None
    """Find the best interactivity that costs no more USD per million output tokens, in place of the limit on TPOT."""
    power_w: float | None = None
    """Scale to the IT power of a facility, such as "96 MW"."""
    pareto: bool = False
    """Throughput per GPU against interactivity."""
    beside: tuple[str, ...] = ()
    """Other accelerators to be asked the same, and set beside it."""
    as_of_date: str | None = None
    """Day whose knowledge is asked for, such as 2025-10-01, software that serves included; all that is known, and the
    newest software that was measured, where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingQuestion:
    """A training run on a gang of packages: as many tokens, or operations, as are asked for."""

    model: str
    """A model of the catalog, by any of its names."""
    gpu: str
    """An accelerator of the catalog, by any of its names."""
    gpus_count: int
    """Packages of the run."""
    precision: Trained = "bf16"
    """Format of matrix products."""
    tokens: float | None = None
    """Tokens of the run, such as "15T"; this or a budget, or neither for its speed alone."""
    budget_flop: float | None = None
    """Operations of the run instead, such as "1e26 FLOP"."""
    sequence_tokens: float | None = None
    """Tokens of a sequence; those of the usual recipe where nothing is said."""
    batch_tokens: float | None = None
    """Tokens of a step; those of the usual recipe where nothing is said, and no more than the run has."""
    engine: str = ""
    """Software, such as Megatron-Bridge; the one that plans assume where nothing is said."""
    tp_count: int | None = None
    """Tensor-parallel packages; a layout of which nothing is said is searched."""
    pp_count: int | None = None
    """Stages of the pipeline."""
    cp_count: int | None = None
    """Packages that share the context of a sequence."""
    ep_count: int | None = None
    """Groups of packages that experts are spread over."""
    vp_count: int | None = None
    """Virtual stages (chunks of blocks) in each stage of the pipeline."""
    micro_batch_count: int | None = None
    """Sequences of a micro-batch."""
    usd_per_gpu_hour: float | None = None
    """Price of a GPU-hour in USD; without it there is no cost."""
    as_of_date: str | None = None
    """Day whose knowledge is asked for, such as 2025-09-22; else all that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GigawattQuestion:
    """A gigawatt of each of several accelerators that sells the tokens of a model, and what it earns in a year."""

    model: str
    """A model of the catalog, by any of its names."""
    gpu: str
    """Accelerators of the catalog, with commas between them."""
    price_input_usd_per_mtok: float
    """Price of prompt tokens that are read, such as "2.5 USD/Mtoken"."""
    price_output_usd_per_mtok: float
    """Price of tokens of answers."""
    price_cached_usd_per_mtok: float | None = None
    """Price of prompt tokens that the cache holds; that of others where nothing is said."""
    use_frac: float = 0.6
    """Share of what it could serve that is sold."""
    input_tokens: float | None = None
    """Mean tokens of a prompt; the catalog's coding agents where nothing is said."""
    output_tokens: float | None = None
    """Mean tokens of an answer; likewise."""
    cached_frac: float | None = None
    """Share of a prompt that the cache holds; likewise, and 0 where a length is stated."""
    power_w: float = 1e9
    """Power that is filled."""
    power_basis: Literal["facility", "it"] = "facility"
    """Where it is counted."""
    precision: Precision = "fp8"
    """Format of weights and cache."""
    tpot_s: float | None = None
    """Limit on the mean time per output token; 50 ms where no speed is stated."""
    speed_tokens_per_s: float | None = None
    """Least speed that a user sees, in place of that limit."""
    ttft_s: float | None = None
    """Limit on the mean time to the first token."""
    engine: str = ""
    """Software; the part's usual one where nothing is said."""
    draft_count: int = 0
    """Tokens drafted per step."""
    disaggregated: bool = False
    """Two pools, one that reads prompts and one that writes answers."""
    usd_per_gpu_hour: float | None = None
    """All-in cost of a GPU-hour in USD; what owning costs by the scenario where nothing is said."""
    licence_frac: float = 0.0
    """Share of revenue that goes to the model's maker."""
    scenario: str = field(default=DEFAULT, metadata=names("scenario"))
    """Whose finance, operation, cooling and energy count."""
    as_of_date: str | None = None
    """Day whose software serves and whose rents stand beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeQuestion:
    """A load that waits for the grid, and what power on site would be worth until then."""

    power_w: float
    """Facility power to be fed, such as "300 MW"."""
    grid_wait_years: float
    """Time until the grid feeds it, such as "3 years" or "30 months"."""
    site: str = "abilene"
    """A site of the catalog: its sun, cooling, price of energy and carbon of the grid."""
    grid_price_usd_per_wh: float | None = None
    """Price of energy of the grid; the site's where nothing is said."""
    worth_usd_per_wh: float | None = None
    """What IT energy earns before it pays for power; that of a stated revenue per GW-year where nothing is said."""
    load_frac: float = 0.9
    """Mean load over full power."""
    resale_frac: float = 0.5
    """Share of the capital that comes back when the grid arrives."""
    discount_per_year: float = 0.08
    """Rate at which money is discounted."""
    as_of_date: str | None = None
    """Day whose knowledge is asked for, such as 2025-09-22; else all that is known."""
