"""What the catalog knows of one thing: frozen records in SI units, with the evidence of every number beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Annotated, Literal

from gigawatt.quarters import Course
from gigawatt.units import Plausible

Grade = Literal["measured", "vendor", "press", "derived", "assumed"]
Precision = Literal["bf16", "fp8", "fp4", "mxfp4", "int4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a number was read: address on the web, date of the page (or of our reading), and what it is.

    What has no address, such as an offer or a file, has a title.
    """

    url: str = ""
    date: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a number is believed: its grade, its source, and the range that its sources span.

    `low` and `high` are in the unit of the field that this evidence stands for.
    """

    grade: Grade
    source: Source | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


# Evidence by dotted field path ("rack_power_w", "blocks.0.heads_count", …).
EvidenceMap = Mapping[str, Evidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """An accelerator as it is ordered: a rack (or a server, for parts sold so) of packages of dies.

    Peaks are dense, per package; bandwidths are per package, one direction. A peak is None where the part
    does not support the precision, a figure is None where no source gives it. `bf16_flops` is FP16 on parts older
    than BF16. `fp4_inference_flops` is the vendor's higher FP4 figure for inference where two are published (Vera
    Rubin: 35 and 50 PFLOPS). `architecture` names the generation whose parts share kernels and habits ("hopper").
    """

    id: str
    name: str
    vendor: str
    architecture: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    first_ship_date: Annotated[str, Plausible(2006, 2045, least=1990, most=2100)]
    plannable: bool = True
    packages_per_rack_count: Annotated[int, Plausible(1, 1152, least=1, most=10_000)]
    dies_per_package_count: Annotated[int, Plausible(1, 64, least=1, most=1000)]
    scale_up_packages_count: Annotated[int, Plausible(1, 2e5, least=1, most=1e7)]
    bf16_flops: Annotated[float | None, Plausible("1 TFLOPS", "200 PFLOPS")] = None
    fp8_flops: Annotated[float | None, Plausible("1 TFLOPS", "500 PFLOPS")] = None
    fp4_flops: Annotated[float | None, Plausible("1 TFLOPS", "1 EFLOPS")] = None
    fp4_inference_flops: Annotated[float | None, Plausible("1 TFLOPS", "1 EFLOPS")] = None
    hbm_capacity_bytes: Annotated[float, Plausible("4 GB", "20 TB")]
    hbm_bandwidth_bytes_per_s: Annotated[float, Plausible("50 GB/s", "1 PB/s")]
    scale_up_bandwidth_bytes_per_s: Annotated[float, Plausible("1 GB/s", "100 TB/s")]
    nic_bandwidth_bytes_per_s: Annotated[float, Plausible("1 GB/s", "10 TB/s")]
    tdp_w: Annotated[float | None, Plausible("20 W", "50 kW")] = None
    rack_power_w: Annotated[float | None, Plausible("500 W", "5 MW")] = None
    rack_price_usd: Annotated[float | None, Plausible("20 thousand USD", "100 million USD")] = None
    package_price_usd: Annotated[float | None, Plausible("200 USD", "1 million USD")] = None
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBlock:
    """`count` equal transformer blocks: an attention and a feed-forward part, each described by its sizes.

    Attention: "gqa" (heads, kv_heads, head_dim; kv_heads = heads is multi-head attention), "mla" (kv_rank and
    rope_dim give the cached vector, q_rank the query's), "linear" (linear attention, gated delta nets and state-space
    models: `kv_heads_count` groups of keys and queries of `head_dim_count` values, `heads_count` heads of
    `value_dim_count` values with a gate as wide, and a state of head_dim × value_dim per head instead of a cache) or
    "none" (a feed-forward part alone). `window_count` limits the context that a block sees, None is all;
    `selected_count` is how many earlier tokens sparse attention picks, by an indexer of `index_heads_count` heads of
    `index_dim_count` values; `output_gate` adds a gate as wide as the heads. Feed-forward: `ffn_count` is the width of
    the dense part (or of one expert, where `experts_count` > 0; 0 where there is none); `ffn_matrices_count` is 3 for
    gated (SwiGLU) and 2 for plain parts.
    """

    count: Annotated[int, Plausible(1, 1000, least=1, most=1e5)]
    attention: Literal["gqa", "mla", "linear", "none"]
    heads_count: Annotated[int, Plausible(1, 1024, zero=True, most=1e5)] = 0
    kv_heads_count: Annotated[int, Plausible(1, 1024, zero=True, most=1e5)] = 0
    head_dim_count: Annotated[int, Plausible(8, 2048, zero=True, most=1e5)] = 0
    value_dim_count: Annotated[int | None, Plausible(8, 2048, zero=True, most=1e5)] = None
    kv_rank_count: Annotated[int | None, Plausible(8, 16_384, zero=True, most=1e6)] = None
    rope_dim_count: Annotated[int | None, Plausible(4, 2048, zero=True, most=1e5)] = None
    q_rank_count: Annotated[int | None, Plausible(8, 65_536, zero=True, most=1e6)] = None
    window_count: Annotated[int | None, Plausible(16, 1e7, zero=True, most=1e9)] = None
    selected_count: Annotated[int | None, Plausible(8, 1e6, zero=True, most=1e9)] = None
    index_heads_count: Annotated[int | None, Plausible(1, 1024, zero=True, most=1e5)] = None
    index_dim_count: Annotated[int | None, Plausible(4, 4096, zero=True, most=1e5)] = None
    output_gate: bool = False
    ffn_count: Annotated[int, Plausible(32, 1e6, zero=True, most=1e8)]
    ffn_matrices_count: Annotated[int, Plausible(2, 3, least=1, most=4)] = 3
    experts_count: Annotated[int, Plausible(1, 10_000, zero=True, most=1e6)] = 0
    experts_active_count: Annotated[int, Plausible(1, 1000, zero=True, most=1e6)] = 0
    shared_ffn_count: Annotated[int, Plausible(32, 1e6, zero=True, most=1e8)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A transformer language model as a list of blocks with counts, so that MoE, MLA and GQA are data.

    `draft_blocks_count`: blocks trained to draft further tokens (multi-token prediction), outside of `blocks`.
    """

    id: str
    name: str
    vendor: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    release_date: Annotated[str, Plausible(2017, 2045, least=1990, most=2100)]
    hidden_count: Annotated[int, Plausible(64, 1e5, least=1, most=1e7)]
    vocabulary_count: Annotated[int, Plausible(100, 2e6, least=1, most=1e8)]
    tied_embeddings: bool = False
    total_params_count: Annotated[float, Plausible(1e6, 1e15)]
    active_params_count: Annotated[float, Plausible(1e6, 1e15)]
    draft_blocks_count: Annotated[int, Plausible(1, 16, zero=True, most=1000)] = 0
    blocks: tuple[ModelBlock, ...]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Traffic of a benchmark: mean lengths of its prompts and answers, for rows that do not state them.

    `model` is the id of the model that the benchmark runs, `benchmark` its name ("mlperf-inference").
    """

    id: str
    name: str
    benchmark: str
    model: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    input_tokens: Annotated[float, Plausible("1 tokens", "10 Mtokens")]
    output_tokens: Annotated[float, Plausible("1 tokens", "1 Mtokens")]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Climate normals of a site: enough to draw an hourly year and to size the cooling.

    Dry-bulb temperature: mean of the year, half the swing of the daily mean over the mean year, half the swing of
    the hourly mean over the mean day, and the temperature exceeded 1 % of the hours. `dew_point_degc` is the
    yearly mean, `warmest_day_count` the day of the year (1 January is 1), `weather_file` the nearest file with
    hourly data, empty where none is near.
    """

    mean_degc: Annotated[float, Plausible("-20 degC", "35 degC", least="-40 degC", most="45 degC")]
    yearly_amplitude_degc: Annotated[float, Plausible("0 degC", "30 degC", least="0 degC", most="40 degC")]
    daily_amplitude_degc: Annotated[float, Plausible("0 degC", "15 degC", least="0 degC", most="25 degC")]
    warmest_hours_degc: Annotated[float, Plausible("5 degC", "52 degC", least="-20 degC", most="60 degC")]
    dew_point_degc: Annotated[float, Plausible("-30 degC", "28 degC", least="-50 degC", most="40 degC")]
    warmest_day_count: Annotated[int, Plausible(1, 366, least=1, most=366)]
    altitude_m: Annotated[float, Plausible("0 m", "4500 m", most="6000 m")]
    weather_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A campus: where it is, how its power arrives, and what power, carbon and cooling are like there.

    `ramp_w` is the announced energised facility power, linear between its points; a scenario slips it.
    `utc_offset_h` is of standard time, negative in the Americas.
    """

    id: str
    name: str
    partner: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    country: str
    latitude_deg: Annotated[float, Plausible("-60 deg", "75 deg", least="-90 deg", most="90 deg")]
    longitude_deg: Annotated[float, Plausible("-180 deg", "180 deg", least="-180 deg", most="180 deg")]
    utc_offset_h: Annotated[float, Plausible("-14 h", "14 h", least="-14 h", most="14 h")]
    ownership: Literal["own", "lease"]
    announced_power_w: Annotated[float, Plausible("1 MW", "100 GW")]
    ramp_w: Annotated[Course, Plausible("1 MW", "100 GW", zero=True)]
    lead_time_years: Annotated[float, Plausible("0.25 years", "10 years", most="40 years", zero=True)]
    power_price_usd_per_wh: Annotated[float, Plausible("1 USD/MWh", "1 USD/kWh", zero=True)]
    carbon_kg_per_wh: Annotated[float, Plausible("1 g/kWh", "1500 g/kWh", zero=True)]
    cooling: Literal["dry_cooler", "tower", "air_chiller", "evaporative"]
    climate: Climate
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceEngine:
    """What one engine adds to the global efficiencies of inference.

    `tuned` engines are run as vendors run them for a benchmark (MLPerf, published tables), the others as they are
    deployed. `step_overhead_s` is the scheduler's time per step, `time_ratio` what all of its times are multiplied by.
    """

    name: str
    tuned: bool
    step_overhead_s: Annotated[float, Plausible("1e-6 s", "1 s", zero=True)]
    time_ratio: Annotated[float, Plausible(0.01, 100)]
    rows_count: Annotated[int, Plausible(0, 1e7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyOffset:
    """What the rows of one family have in common: all times are multiplied by `time_ratio`.

    `family` says what `name` names: "architecture", "structure", "format" (architecture and precision, "hopper fp8"),
    "engine_structure" ("vllm gqa-moe"), "release" (an engine with its version) or "model" (an id). A family that was
    not fitted has a ratio of 1.
    """

    family: str
    name: str
    time_ratio: Annotated[float, Plausible(0.01, 100)]
    rows_count: Annotated[int, Plausible(0, 1e7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far measured rows of one kind lie from the model: deviation of the logarithm of the time."""

    name: str
    deviation_ratio: Annotated[float, Plausible(1e-3, 3)]
    rows_count: Annotated[int, Plausible(0, 1e7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceCalibration:
    """Efficiencies of inference, fitted to measured throughput; explained at `tokens.InferenceEfficiency`.

    *_compute_frac: of the matrix peak by format, "unpacked" where weights have four bits and products sixteen or
    eight; four_bit_memory_ratio: what reading four-bit weights reaches of memory_frac; tuned_compute_ratio,
    tuned_overhead_ratio: what tuned engines do to compute and to the host's time per request; tpot_margin_frac,
    ttft_margin_ratio, server_frac: how much of a limit on TPOT a server may use so that 99 % of requests meet it, its
    queueing time over the mean, and what it then reaches of steady state; most_requests_count: per copy of attention;
    yearly_time_ratio: times of software one year younger, against that of base_date; extrapolation_ratio: deviation
    added (in squares) for each thing that no fitted row has; left_out_*_mape_frac: mean error on models and GPUs that
    a refit had not seen; parameters_count, rows_count: what was fitted to how many rows; `engines`, `offsets`,
    `spreads` as in their records.
    """

    id: str
    description: str = ""
    bf16_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    fp8_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    fp4_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    unpacked_compute_frac: Annotated[float, Plausible("1 %", "100 %")]
    expert_compute_ratio: Annotated[float, Plausible(0.01, 100)]
    expert_memory_ratio: Annotated[float, Plausible(0.01, 100)]
    tile_tokens: Annotated[float, Plausible("1 tokens", "10 thousand tokens")]
    attention_frac: Annotated[float, Plausible("1 %", "100 %")]
    memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    four_bit_memory_ratio: Annotated[float, Plausible(0.01, 100)]
    network_frac: Annotated[float, Plausible("1 %", "100 %")]
    usable_memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    serial_frac: float
    activation_passes_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    block_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    expert_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    collective_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    hop_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    request_overhead_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    admission_s: Annotated[float, Plausible("1e-7 s", "10 s", zero=True)]
    prefill_tokens: Annotated[float, Plausible("16 tokens", "10 Mtokens")]
    prefill_share_frac: Annotated[float, Plausible("1 %", "100 %")]
    output_spread_ratio: Annotated[float, Plausible(1, 100, least=1)]
    tuned_compute_ratio: Annotated[float, Plausible(0.01, 100)]
    tuned_overhead_ratio: Annotated[float, Plausible(0.001, 100)]
    tpot_margin_frac: Annotated[float, Plausible("1 %", "100 %")]
    ttft_margin_ratio: Annotated[float, Plausible(0.01, 100)]
    server_frac: Annotated[float, Plausible("1 %", "100 %")]
    most_requests_count: Annotated[int, Plausible(1, 1e6, least=1, most=1e9)]
    base_date: Annotated[str, Plausible(2018, 2045, least=2010, most=2100)]
    yearly_time_ratio: Annotated[float, Plausible(0.1, 2)]
    extrapolation_ratio: Annotated[float, Plausible(1e-3, 5, zero=True)]
    left_out_model_mape_frac: float
    left_out_gpu_mape_frac: float
    parameters_count: Annotated[int, Plausible(1, 1e5, zero=True)]
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    engines: tuple[InferenceEngine, ...]
    offsets: tuple[FamilyOffset, ...]
    spreads: tuple[Spread, ...]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingLaw:
    """Loss against model and data size, L = E + A/N^α + B/D^β; the fields are explained at `tokens.LossLaw`."""

    id: str
    name: str
    description: str = ""
    floor_ratio: Annotated[float, Plausible(0.01, 20, zero=True)]
    params_scale_ratio: Annotated[float, Plausible(0.1, 1e6)]
    tokens_scale_ratio: Annotated[float, Plausible(0.1, 1e6)]
    params_exponent_ratio: Annotated[float, Plausible(0.02, 1.5)]
    tokens_exponent_ratio: Annotated[float, Plausible(0.02, 1.5)]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEngine:
    """What one training software adds to the global efficiencies.

    `sources`: how the names of its measurements begin; `sequence_tokens`: per sequence where a row does not say;
    `spreads_weights`: no pipeline, weights over all packages (FSDP), where a row does not say; `attention_ratio`,
    `time_ratio`: what its attention rate and all its times are multiplied by; `dated`: its releases are named for
    year and month ("25.09").
    """

    name: str
    sources: tuple[str, ...]
    sequence_tokens: Annotated[float, Plausible("64 tokens", "10 Mtokens")]
    spreads_weights: bool = False
    dated: bool = False
    attention_ratio: Annotated[float, Plausible(0.01, 100)]
    time_ratio: Annotated[float, Plausible(0.01, 100)]
    rows_count: Annotated[int, Plausible(0, 1e7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantUse:
    """The baseline: median share of the peak of the fitted rows of a part, format and structure ("h100 bf16 dense")."""

    name: str
    mfu_frac: Annotated[float, Plausible("0.1 %", "100 %")]
    rows_count: Annotated[int, Plausible(0, 1e7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCalibration:
    """Efficiencies of training, fitted to measured step times; explained at `tokens.TrainingEfficiency`.

    plan_engine: the software that predictions and plans assume; package_batch_tokens: per package and step, where a
    row does not say; base_date: date of the software that the latencies are of, and latency_growth_per_year: by how
    much (logarithm) they are longer in software a year older; most_packages_count, most_params_count: the largest
    gang and model among the fitted rows; extrapolation_ratio: deviation added (in squares) for each thing that no
    fitted row has; `offsets` are of the families "architecture", "structure" and "engine_architecture".
    """

    id: str
    description: str = ""
    gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    fp8_gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    mxfp8_gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    fp4_gemm_frac: Annotated[float, Plausible("1 %", "100 %")]
    half_width_count: Annotated[float, Plausible(1, 1e6, zero=True)]
    attention_frac: Annotated[float, Plausible("1 %", "100 %")]
    attention_exponent_ratio: Annotated[float, Plausible(0.01, 5, zero=True)]
    memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    network_frac: Annotated[float, Plausible("1 %", "100 %")]
    overlap_frac: float
    activation_passes_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    expert_passes_ratio: Annotated[float, Plausible(0.01, 1000, zero=True)]
    block_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    expert_latency_s: Annotated[float, Plausible("1e-9 s", "1 s", zero=True)]
    step_latency_s: Annotated[float, Plausible("1e-9 s", "100 s", zero=True)]
    usable_memory_frac: Annotated[float, Plausible("1 %", "100 %")]
    sequence_tokens: Annotated[float, Plausible("64 tokens", "10 Mtokens")]
    global_batch_tokens: Annotated[float, Plausible("1000 tokens", "1e12 tokens")]
    package_batch_tokens: Annotated[float, Plausible("16 tokens", "100 Mtokens")]
    plan_engine: str
    base_date: Annotated[str, Plausible(2018, 2045, least=2010, most=2100)]
    latency_growth_per_year: Annotated[float, Plausible("0 %/year", "500 %/year", least="-1000 %/year")]
    extrapolation_ratio: Annotated[float, Plausible(1e-3, 5, zero=True)]
    most_packages_count: Annotated[float, Plausible(1, 1e8)]
    most_params_count: Annotated[float, Plausible(1e6, 1e15)]
    parameters_count: Annotated[int, Plausible(1, 1e5, zero=True)]
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    engines: tuple[TrainingEngine, ...]
    offsets: tuple[FamilyOffset, ...]
    spreads: tuple[Spread, ...]
    baselines: tuple[ConstantUse, ...]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolingPlant:
    """A cooling plant with its electrical chain; the fields are explained at the kernel's record, `watts.Cooling`."""

    id: str
    name: str
    description: str = ""
    electrical_no_load_frac: float
    electrical_resistive_frac: float
    pump_frac: float
    fan_frac: float
    supply_degc: Annotated[float, Plausible("10 degC", "65 degC", least="0 degC", most="90 degC")]
    air_share_frac: float
    air_fan_frac: float
    air_supply_degc: Annotated[float, Plausible("5 degC", "45 degC", least="0 degC", most="90 degC")]
    free_cooling: bool
    approach_degc: Annotated[float, Plausible("1 degC", "30 degC", least="0 degC", most="60 degC")]
    range_degc: Annotated[float, Plausible("2 degC", "40 degC", least="0.1 degC", most="80 degC")]
    wet_frac: float
    wet_above_degc: Annotated[float, Plausible("-60 degC", "60 degC", least="-100 degC", most="100 degC")]
    water_l_per_wh: Annotated[float, Plausible("0.01 l/kWh", "10 l/kWh", zero=True)]
    chiller_frac: Annotated[float, Plausible("10 %", "90 %", least="1 %")]
    chiller_approach_degc: Annotated[float, Plausible("1 degC", "40 degC", least="0 degC", most="60 degC")]
    chiller_min_lift_degc: Annotated[float, Plausible("1 degC", "40 degC", least="0 degC", most="60 degC")]
    design_quantile_frac: Annotated[float, Plausible("90 %", "100 %", least="50 %")]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureClass:
    """One class of what goes wrong with a rack, as a share of all failures.

    scope: what stops until it is mended, the whole "rack" or one "tray" of it (the rest works on, degraded). detect_h:
    until mending may begin; it then waits for a crew, which it holds for crew_h (0: needs none), and for a part where
    `part`. repair_h: mean time to mend, lognormal with the median repair_median_h; what is not mended within
    replaced_h is replaced by then.
    """

    name: str
    share_frac: float
    scope: Literal["rack", "tray"]
    detect_h: Annotated[float, Plausible("0 h", "30 days", least="0 h", most="8760 h")]
    repair_h: Annotated[float, Plausible("1 min", "90 days", least="1 s", most="87600 h")]
    repair_median_h: Annotated[float, Plausible("1 min", "90 days", least="1 s", most="87600 h")]
    replaced_h: Annotated[float, Plausible("1 h", "87600 h", least="1 min", most="1e6 h")] = inf
    crew_h: Annotated[float, Plausible("1 min", "30 days", least="0 h", most="8760 h", zero=True)] = 0.0
    part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How racks fail and are mended, beside the failure rate that a scenario states.

    Hazard over that of mid-life, by age: `infant_ratio` at age 0, falling off with the time infant_time_h, and
    `wear_ratio` at the end of the book life, rising with the power wear_exponent_ratio of age. tray_packages_count:
    packages that stop with a tray. racks_per_crew_count, racks_per_part_count: staffing and stock of a site;
    part_lead_h: until a used part is replaced. hall_racks_count: racks that are maintained together, once a year for
    maintenance_h. delivery_slip_h: mean delay of a delivery, exponential. gang_least_frac: share of its racks with
    which a training gang still runs. gang_swing_frac: IT power of a gang while all of it computes, above its mean, as a
    share of that; gang_smoothing_frac: share of the swing that storage in racks built for it takes.
    """

    id: str
    name: str
    description: str = ""
    infant_ratio: Annotated[float, Plausible(1, 100, least=0.01, most=1e4)]
    infant_time_h: Annotated[float, Plausible("1 h", "20_000 h", least="1 min", most="1e6 h")]
    wear_ratio: Annotated[float, Plausible(1, 100, least=0.01, most=1e4)]
    wear_exponent_ratio: Annotated[float, Plausible(0.5, 20, least=0.1, most=100)]
    tray_packages_count: Annotated[int, Plausible(1, 64, least=1, most=10_000)]
    racks_per_crew_count: Annotated[float, Plausible(1, 1e5, least=0.01)]
    racks_per_part_count: Annotated[float, Plausible(0.01, 1e5)]
    part_lead_h: Annotated[float, Plausible("1 h", "8760 h", least="0 h", most="87600 h", zero=True)]
    hall_racks_count: Annotated[int, Plausible(1, 1e5, least=1)]
    maintenance_h: Annotated[float, Plausible("10 min", "30 days", least="0 h", most="8760 h", zero=True)]
    delivery_slip_h: Annotated[float, Plausible("1 h", "8760 h", least="0 h", most="87600 h", zero=True)]
    gang_least_frac: float
    gang_swing_frac: float
    gang_smoothing_frac: float
    classes: tuple[FailureClass, ...]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPoint:
    """One published pair of power and performance, each over that without a cap.

    Where the source gives a range of performance, it is the `low` and `high` of the evidence. `fitted` says whether the
    curve was fitted to this point; the others are there to judge it.
    """

    name: str
    fitted: bool
    power_frac: float
    performance_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCurve:
    """Performance of a class of work under a power cap; explained at the kernel's record, `watts.PowerCurve`."""

    id: str
    name: str
    description: str = ""
    loss_ratio: Annotated[float, Plausible(0.05, 20)]
    exponent_ratio: Annotated[float, Plausible(1, 10, least=1, most=100)]
    least_frac: float
    points: tuple[PowerPoint, ...]
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """What stands for a data centre, a fleet or a kind of plant whose PUE or water use is published.

    words: it is meant where an operator's name has all words of one of these ("google ohio"); a `generic` one only
    where no other is. cooling: a plant of the catalog; places: `sites` of the catalog, all alike, or a `climate` of its
    own. load_frac: mean IT power over its design. fitted: the metrics of which a published figure set numbers of the
    plant. The rest is what the plant has otherwise than the catalog's, by the names of `watts.Cooling`.
    """

    id: str
    name: str
    description: str = ""
    words: tuple[str, ...]
    generic: bool = False
    cooling: str
    sites: tuple[str, ...] = ()
    climate: Climate | None = None
    load_frac: Annotated[float, Plausible("5 %", "100 %", least="1 %")]
    fitted: tuple[Literal["pue", "water"], ...] = ()
    electrical_no_load_frac: float | None = None
    electrical_resistive_frac: float | None = None
    air_share_frac: float | None = None
    air_fan_frac: float | None = None
    air_supply_degc: Annotated[float | None, Plausible("5 degC", "45 degC", least="0 degC", most="90 degC")] = None
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnsitePower:
    """A kind of plant on site, or of storage; the fields that plan are explained at `watts.OnsitePower`.

    Of storage: `round_trip_frac`, energy given over energy taken, and `fade_frac`, the share of its energy that a full
    cycle costs it. `published_usd_per_wh`: levelised cost as others state it, to hold ours against. Of solar panels:
    `latitude_deg`, of the place for which `installed_ratio` is meant.
    """

    id: str
    name: str
    description: str = ""
    lead_years: Annotated[float, Plausible("0.02 years", "15 years", most="100 years", zero=True)]
    capex_usd_per_w: Annotated[float, Plausible("0.05 USD/W", "50 USD/W", zero=True)]
    installed_ratio: Annotated[float, Plausible(0.5, 50)]
    storage_h: Annotated[float, Plausible("0.1 h", "8760 h", least="0 h", most="87600 h", zero=True)] = 0.0
    storage_price_usd_per_wh: Annotated[float, Plausible("0.01 USD/Wh", "1 USD/Wh", zero=True)] = 0.0
    yearly_opex_usd_per_w: Annotated[float, Plausible("0.001 USD/W", "5 USD/W", zero=True)]
    fuel_usd_per_wh: Annotated[float, Plausible("0.5 USD/MWh", "1 USD/kWh", zero=True)]
    carbon_kg_per_wh: Annotated[float, Plausible("1 g/kWh", "2000 g/kWh", zero=True)]
    capacity_frac: Annotated[float, Plausible("5 %", "100 %", least="1 %")]
    life_years: Annotated[float, Plausible("1 years", "100 years", least="0.1 years", most="1000 years")]
    round_trip_frac: Annotated[float, Plausible("20 %", "100 %", least="1 %")] = 1.0
    fade_frac: float = 0.0
    published_usd_per_wh: Annotated[float | None, Plausible("1 USD/MWh", "2 USD/kWh")] = None
    latitude_deg: Annotated[float | None, Plausible("-70 deg", "70 deg", least="-90 deg", most="90 deg")] = None
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """What was published of a company on a day; None where nothing was. held_out: sets no elasticity, judges them.

    yearly_revenue_usd: of the day's rate, times a year.
    """

    day_date: Annotated[str, Plausible(2000, 2060, least=1990, most=2150)]
    held_out: bool
    power_w: Annotated[float | None, Plausible("1 MW", "200 GW")] = None
    yearly_revenue_usd: Annotated[float | None, Plausible("1 million USD", "20 trillion USD")] = None
    weekly_users_count: Annotated[float | None, Plausible(1000, 9e9)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How compute, revenue and users of a company grew, by day; power is on `power_basis`."""

    id: str
    name: str
    description: str = ""
    power_basis: Literal["facility", "it"]
    points: tuple[HistoryPoint, ...]
    evidence: EvidenceMap = field(default_factory=dict)
