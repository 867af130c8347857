"""Efficiencies of inference and training, fitted to measured rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceEngine:
    """What one engine adds to the global efficiencies of inference."""

    name: str
    """Name of the engine, as rows and questions write it."""
    tuned: bool
    """Whether its rows are run as vendors tune them for a benchmark, and not as they are deployed."""
    step_overhead_s: Annotated[float, Plausible("1e-6 s", "1 s", zero=True)]
    """Time of the scheduler in each step."""
    time_ratio: Annotated[float, Plausible(0.01, 100)]
    """Factor on all times of the engine's rows."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Measured rows of this engine that were fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyOffset:
    """What the rows of one family have in common; a family that was not fitted has a factor of 1."""

    family: str
    """What the name is of: architecture, structure, format, engine_structure, release, model, engine_architecture."""
    name: str
    """Member of the family, such as "hopper fp8" of the format or "vllm gqa-moe" of engine and structure."""
    time_ratio: Annotated[float, Plausible(0.01, 100)]
    """Factor on all times of the rows of this family."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Measured rows of this family that were fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Errors on rows that a fit had not seen."""

    name: str
    """What was left out and of which rows, such as "models, inference.csv"; "nothing" is the fit itself."""
    mape_frac: float
    """Mean error of these rows."""
    median_frac: float
    """Median error of these rows."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Rows that were asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareState:
    """How fast one engine gets better on one generation of parts, and how far that is measured."""

    name: str
    """Engine and generation, such as "trtllm blackwell"."""
    yearly_time_ratio: Annotated[float, Plausible(0.1, 10)]
    """Times of its software one year younger, over those that software in general gains."""
    measured_date: Annotated[str, Plausible(2018, 2045, least=2010, most=2100)]
    """Date of its newest row; younger software is taken to be no faster."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Measured rows of this state that were fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far measured rows of one kind lie from the model."""

    name: str
    """Kind of rows, such as those of an engine, or "all"."""
    deviation_ratio: Annotated[float, Plausible(1e-3, 3)]
    """Standard deviation of the logarithm of measured over modelled time."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Measured rows of this kind that were fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceCalibration:
    """Efficiencies of inference, fitted to measured throughput; the kernel's record is `tokens.InferenceEfficiency`."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    description: str = ""
    """What it is, in a sentence or two."""
    bf16_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the BF16 matrix peak that is reached."""
    fp8_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the FP8 matrix peak that is reached."""
    fp4_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the FP4 matrix peak that is reached."""
    unpacked_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the matrix peak where weights have four bits and products eight or sixteen."""
    expert_compute_ratio: Annotated[float, Plausible(0.01, 100)]
    """Compute rate of routed experts over that of other products."""
    expert_memory_ratio: Annotated[float, Plausible(0.01, 100)]
    """Memory rate of routed experts over that of other products."""
    tile_tokens: Annotated[float, Plausible("1 tokens", "10 thousand tokens")]
    """Rows that each expert's product computes in vain, for uneven loads and padded tiles."""
    half_width_count: Annotated[float, Plausible(0.1, 1e5, zero=True)]
    """Width of a package's part of an expert at which its products run at half their rate."""
    attention_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the attention peak that is reached in prefill."""
    decode_attention_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the attention peak that is reached in decode."""
    memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the memory bandwidth that is reached."""
    four_bit_memory_ratio: Annotated[float, Plausible(0.01, 100)]
    """Memory rate of reading four-bit weights over that of others."""
    network_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the network bandwidth that is reached."""
    usable_memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the memory that weights and cache may fill."""
    serial_frac: float
    """Part of the shorter of compute and memory time that does not hide behind the longer."""
    activation_passes_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    """How often values between two matrix products move to memory and back."""
    block_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Launches of each block."""
    expert_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Launches that a block with routed experts has on top."""
    collective_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Latency of each collective operation."""
    hop_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Latency that a collective has on top for every doubling of its ranks."""
    request_overhead_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Time of the host in each step, for each request in it."""
    admission_s: Annotated[float, Plausible("1e-7 s", "10 s", zero=True)]
    """Time of the host to take in each request."""
    host_step_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Time of the host in each step, which hides behind a slower device."""
    host_request_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """The same for each request in the step."""
    prefill_tokens: Annotated[float, Plausible("16 tokens", "10 Mtokens")]
    """Prompt tokens packed into one pass, per copy of attention."""
    prefill_share_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Part of prefill that does not ride along with decode steps."""
    stall_frac: Annotated[float, Plausible("0 %", "100 %", zero=True)]
    """How far copies of attention prefill one after the other; 0 where all take their prompts in the same pass."""
    reserve_frac: Annotated[float, Plausible("0 %", "100 %", zero=True)]
    """Part of the tokens to come for which a request holds memory."""
    output_spread_ratio: Annotated[float, Plausible(1, 100, least=1)]
    """Mean square over squared mean of answer lengths: 1 where all are equal, 2 where exponential."""
    power_exponent_ratio: Annotated[float, Plausible(0.01, 10, zero=True)]
    """Exponent of a part's watts per operation in the rate of its matrix products: the fewer, the lower its clocks."""
    tuned_compute_ratio: Annotated[float, Plausible(0.01, 100)]
    """Compute rate of tuned engines over that of others."""
    tuned_overhead_ratio: Annotated[float, Plausible(0.001, 100)]
    """Host's time per request of tuned engines over that of others."""
    tpot_margin_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Part of a limit on TPOT that the mean may use so that 99 % of requests meet it."""
    ttft_margin_ratio: Annotated[float, Plausible(0.01, 100)]
    """Queueing time of a server over the mean, at a limit on TTFT."""
    server_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of its steady rate that a server under such limits reaches."""
    most_requests_count: Annotated[int, Plausible(1, 1e6, least=1, most=1e9)]
    """Most requests at a time, per copy of attention."""
    draft_acceptance_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Chance that the first drafted token holds."""
    draft_kept_ratio: Annotated[float, Plausible(0.01, 1, most=1)]
    """Chance that a later drafted token holds, where those before it do, over that of the one before."""
    random_acceptance_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Chance that the first drafted token holds on random prompts, which benchmarks of closed loops send."""
    random_kept_ratio: Annotated[float, Plausible(0.01, 1, most=1)]
    """Chance of a later drafted token over that of the one before, on random prompts."""
    handover_s: Annotated[float, Plausible("1e-4 s", "10 s", zero=True)]
    """Time of routers and hosts to hand a request from a prefill pool to a decode pool."""
    surge_frac: Annotated[float, Plausible("0.1 %", "100 %", zero=True)]
    """Part of the time to prefill all requests of a closed loop that each of them waits: loops start all at once."""
    base_date: Annotated[str, Plausible(2018, 2045, least=2010, most=2100)]
    """Date of the software that the times are of."""
    yearly_time_ratio: Annotated[float, Plausible(0.1, 2)]
    """Times of software one year younger, over those of the base date."""
    unseen_time_ratio: Annotated[float, Plausible(0.5, 3)]
    """Factor on all times for each thing that no fitted row has: what nobody has measured is slower than it will be."""
    extrapolation_ratio: Annotated[float, Plausible(1e-3, 5, zero=True)]
    """Deviation of the logarithm added, in squares, for each thing that no fitted row has."""
    left_out_model_mape_frac: float
    """Mean error on models that a refit had not seen."""
    left_out_gpu_mape_frac: float
    """Mean error on GPUs that a refit had not seen."""
    parameters_count: Annotated[int, Plausible(1, 1e5, zero=True)]
    """Parameters that were fitted."""
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    """Measured rows that were fitted, in all."""
    engines: tuple[InferenceEngine, ...]
    """Engines that were fitted, each with its overhead."""
    offsets: tuple[FamilyOffset, ...]
    """Families that were fitted, each with its factor."""
    states: tuple[SoftwareState, ...]
    """Engines on generations that were fitted, each with its progress."""
    spreads: tuple[Spread, ...]
    """Scatter of the rows about the model, by kind."""
    left_out: tuple[LeftOut, ...]
    """Errors on rows that a fit had not seen, by what was left out."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEngine:
    """What one training software adds to the global efficiencies."""

    name: str
    """Name of the software, as rows and questions write it."""
    sources: tuple[str, ...]
    """How the names of its measurements begin."""
    sequence_tokens: Annotated[float, Plausible("64 tokens", "10 Mtokens")]
    """Length of a sequence where a row does not say."""
    spreads_weights: bool = False
    """Whether weights lie over all packages without a pipeline (FSDP), where a row does not say."""
    dated: bool = False
    """Whether its releases are named for year and month, such as "25.09"."""
    interleaves: bool = True
    """Whether it may give a stage several chunks where a row does not say; else each has one (1F1B)."""
    even_experts: bool = False
    """Whether its measurements force the same load on every expert."""
    even_context: bool = True
    """Whether it deals a sequence out so that context ranks have equal work; else each has a contiguous part."""
    attention_ratio: Annotated[float, Plausible(0.01, 100)]
    """Factor on its attention rate."""
    time_ratio: Annotated[float, Plausible(0.01, 100)]
    """Factor on all times of the software's rows."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Measured rows of this software that were fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantUse:
    """The baseline: rows of a part, format and structure at one share of the peak."""

    name: str
    """Part, format and structure, such as "h100 bf16 dense"."""
    mfu_frac: Annotated[float, Plausible("0.1 %", "100 %")]
    """Median share of the peak of the fitted rows."""
    rows_count: Annotated[int, Plausible(0, 1e7)]
    """Measured rows of which it is the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCalibration:
    """Efficiencies of training, fitted to measured step times; the kernel's record is `tokens.TrainingEfficiency`."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    description: str = ""
    """What it is, in a sentence or two."""
    gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the BF16 matrix peak that products of training reach."""
    fp8_gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the FP8 matrix peak that they reach with one scale per tensor or block."""
    mxfp8_gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the FP8 matrix peak that they reach in the format MXFP8."""
    fp4_gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the FP4 matrix peak that products of training reach."""
    power_exponent_ratio: Annotated[float, Plausible(0.001, 2, zero=True)]
    """Power of the rated watts per matrix peak with which the rate of matrix products grows."""
    half_width_count: Annotated[float, Plausible(1, 1e6, zero=True)]
    """Length of one side of an expert's products at which they run at half the rate."""
    tile_count: Annotated[float, Plausible(1, 1e5, zero=True)]
    """Tokens that every expert of a package computes in vain per micro-batch, for padded tiles and few tokens."""
    uneven_ratio: Annotated[float, Plausible(0.001, 10, zero=True)]
    """Standard deviation of the load of an expert over its mean, where software does not force them equal."""
    attention_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share that attention reaches of a BF16 peak of 1 PFLOPS."""
    attention_exponent_ratio: Annotated[float, Plausible(0.01, 5, zero=True)]
    """Power of the BF16 peak with which the rate of attention grows."""
    context_waste_ratio: Annotated[float, Plausible(0.001, 3, zero=True)]
    """Attention that context ranks wait for in software that deals a sequence out evenly, over what they compute."""
    memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the memory bandwidth that is reached."""
    network_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the network bandwidth that is reached."""
    congestion_ratio: Annotated[float, Plausible(0.001, 1, zero=True)]
    """Time that every doubling of the domains adds to gradients and weights that pass between them, as a share."""
    hop_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Latency of every domain that a ring passes."""
    gradient_bytes: Annotated[float, Plausible("1 B", "8 B")]
    """Bytes of a gradient that is exchanged: four in single precision, two in half, and some software has either."""
    overlap_frac: float
    """Share of the communication that hides behind computation."""
    activation_passes_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    """How often values between products move to memory and back, forward and backward together."""
    expert_passes_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    """How often values inside routed experts move so, forward and backward together."""
    block_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Launch and synchronisation of each block and micro-batch."""
    expert_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    """Latency that a block of routed experts has on top."""
    step_latency_s: Annotated[float, Plausible("1e-9 s", "100 s", zero=True)]
    """Launch and synchronisation of each step."""
    usable_memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    """Share of the memory that a run may fill."""
    sequence_tokens: Annotated[float, Plausible("64 tokens", "10 Mtokens")]
    """Length of a sequence in runs that are planned."""
    global_batch_tokens: Annotated[float, Plausible("1000 tokens", "1e12 tokens")]
    """Tokens of a step in runs that are planned."""
    package_batch_tokens: Annotated[float, Plausible("16 tokens", "100 Mtokens")]
    """Tokens per package and step, where a row does not say."""
    plan_engine: str
    """Software that predictions and plans assume."""
    base_date: Annotated[str, Plausible(2018, 2045, least=2010, most=2100)]
    """Date of the software that the latencies are of."""
    latency_growth_per_year: Annotated[float, Plausible("0 %/year", "500 %/year", least="-1000 %/year")]
    """By how much, as a logarithm, latencies are longer in software a year older."""
    extrapolation_ratio: Annotated[float, Plausible(1e-3, 5, zero=True)]
    """Deviation of the logarithm added, in squares, for each thing that no fitted row has."""
    most_packages_count: Annotated[float, Plausible(1, 1e8)]
    """Packages of the largest gang among the fitted rows."""
    most_params_count: Annotated[float, Plausible(1e6, 1e15)]
    """Parameters of the largest model among the fitted rows."""
    parameters_count: Annotated[int, Plausible(1, 1e5, zero=True)]
    """Parameters that were fitted."""
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    """Measured rows that were fitted, in all."""
    engines: tuple[TrainingEngine, ...]
    """Software that was fitted, each with its rates."""
    offsets: tuple[FamilyOffset, ...]
    """Families that were fitted, each with its factor: architecture, structure, engine_architecture."""
    spreads: tuple[Spread, ...]
    """Scatter of the rows about the model, by kind."""
    baselines: tuple[ConstantUse, ...]
    """Constant shares of the peak to judge the model against."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
