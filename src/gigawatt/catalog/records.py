"""What the catalog knows of one thing: frozen records in SI units, with the evidence of every number beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

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
class Path:
    """A quantity over time: values at the starts of quarters, in between by rule, held after the last point.

    `periods` are quarters such as "2026Q3", rising; `values` are in the unit of the field that holds the path.
    """

    periods: tuple[str, ...]
    values: tuple[float, ...]


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
    first_ship_date: str
    plannable: bool = True
    packages_per_rack_count: int
    dies_per_package_count: int
    scale_up_packages_count: int
    bf16_flops: float | None = None
    fp8_flops: float | None = None
    fp4_flops: float | None = None
    fp4_inference_flops: float | None = None
    hbm_capacity_bytes: float
    hbm_bandwidth_bytes_per_s: float
    scale_up_bandwidth_bytes_per_s: float
    nic_bandwidth_bytes_per_s: float
    tdp_w: float | None = None
    rack_power_w: float | None = None
    rack_price_usd: float | None = None
    package_price_usd: float | None = None
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

    count: int
    attention: Literal["gqa", "mla", "linear", "none"]
    heads_count: int = 0
    kv_heads_count: int = 0
    head_dim_count: int = 0
    value_dim_count: int | None = None
    kv_rank_count: int | None = None
    rope_dim_count: int | None = None
    q_rank_count: int | None = None
    window_count: int | None = None
    selected_count: int | None = None
    index_heads_count: int | None = None
    index_dim_count: int | None = None
    output_gate: bool = False
    ffn_count: int
    ffn_matrices_count: int = 3
    experts_count: int = 0
    experts_active_count: int = 0
    shared_ffn_count: int = 0


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
    release_date: str
    hidden_count: int
    vocabulary_count: int
    tied_embeddings: bool = False
    total_params_count: float
    active_params_count: float
    draft_blocks_count: int = 0
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
    input_tokens: float
    output_tokens: float
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Climate normals of a site: enough to draw an hourly year and to size the cooling.

    Dry-bulb temperature: mean of the year, half the swing of the daily mean over the mean year, half the swing of
    the hourly mean over the mean day, and the temperature exceeded 1 % of the hours. `dew_point_degc` is the
    yearly mean, `warmest_day_count` the day of the year (1 January is 1), `weather_file` the nearest file with
    hourly data, empty where none is near.
    """

    mean_degc: float
    yearly_amplitude_degc: float
    daily_amplitude_degc: float
    warmest_hours_degc: float
    dew_point_degc: float
    warmest_day_count: int
    altitude_m: float
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
    latitude_deg: float
    longitude_deg: float
    utc_offset_h: float
    ownership: Literal["own", "lease"]
    announced_power_w: float
    ramp_w: Path
    lead_time_years: float
    power_price_usd_per_wh: float
    carbon_kg_per_wh: float
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
    step_overhead_s: float
    time_ratio: float
    rows_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyOffset:
    """What the rows of one family have in common: all times are multiplied by `time_ratio`.

    `family` says what `name` names: "architecture", "structure", "format" (architecture and precision, "hopper fp8"),
    "engine_structure" ("vllm gqa-moe"), "release" (an engine with its version) or "model" (an id). A family that was
    not fitted has a ratio of 1.
    """

    family: str
    name: str
    time_ratio: float
    rows_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far measured rows of one kind lie from the model: deviation of the logarithm of the time."""

    name: str
    deviation_ratio: float
    rows_count: int


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
    bf16_compute_frac: float
    fp8_compute_frac: float
    fp4_compute_frac: float
    unpacked_compute_frac: float
    expert_compute_ratio: float
    expert_memory_ratio: float
    tile_tokens: float
    attention_frac: float
    memory_frac: float
    four_bit_memory_ratio: float
    network_frac: float
    usable_memory_frac: float
    serial_frac: float
    activation_passes_ratio: float
    block_latency_s: float
    expert_latency_s: float
    collective_latency_s: float
    hop_latency_s: float
    request_overhead_s: float
    admission_s: float
    prefill_tokens: float
    prefill_share_frac: float
    output_spread_ratio: float
    tuned_compute_ratio: float
    tuned_overhead_ratio: float
    tpot_margin_frac: float
    ttft_margin_ratio: float
    server_frac: float
    most_requests_count: int
    base_date: str
    yearly_time_ratio: float
    extrapolation_ratio: float
    left_out_model_mape_frac: float
    left_out_gpu_mape_frac: float
    parameters_count: int
    rows_count: int
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
    floor_ratio: float
    params_scale_ratio: float
    tokens_scale_ratio: float
    params_exponent_ratio: float
    tokens_exponent_ratio: float
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
    sequence_tokens: float
    spreads_weights: bool = False
    dated: bool = False
    attention_ratio: float
    time_ratio: float
    rows_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantUse:
    """The baseline: median share of the peak of the fitted rows of a part, format and structure ("h100 bf16 dense")."""

    name: str
    mfu_frac: float
    rows_count: int


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
    gemm_frac: float
    fp8_gemm_frac: float
    mxfp8_gemm_frac: float
    fp4_gemm_frac: float
    half_width_count: float
    attention_frac: float
    attention_exponent_ratio: float
    memory_frac: float
    network_frac: float
    overlap_frac: float
    activation_passes_ratio: float
    expert_passes_ratio: float
    block_latency_s: float
    expert_latency_s: float
    step_latency_s: float
    usable_memory_frac: float
    sequence_tokens: float
    global_batch_tokens: float
    package_batch_tokens: float
    plan_engine: str
    base_date: str
    latency_growth_per_year: float
    extrapolation_ratio: float
    most_packages_count: float
    most_params_count: float
    parameters_count: int
    rows_count: int
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
    supply_degc: float
    air_share_frac: float
    air_fan_frac: float
    air_supply_degc: float
    free_cooling: bool
    approach_degc: float
    range_degc: float
    wet_frac: float
    wet_above_degc: float
    water_l_per_wh: float
    chiller_frac: float
    chiller_approach_degc: float
    chiller_min_lift_degc: float
    design_quantile_frac: float
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
    detect_h: float
    repair_h: float
    repair_median_h: float
    replaced_h: float = inf
    crew_h: float = 0.0
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
    infant_ratio: float
    infant_time_h: float
    wear_ratio: float
    wear_exponent_ratio: float
    tray_packages_count: int
    racks_per_crew_count: float
    racks_per_part_count: float
    part_lead_h: float
    hall_racks_count: int
    maintenance_h: float
    delivery_slip_h: float
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
    loss_ratio: float
    exponent_ratio: float
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
    load_frac: float
    fitted: tuple[Literal["pue", "water"], ...] = ()
    electrical_no_load_frac: float | None = None
    electrical_resistive_frac: float | None = None
    air_share_frac: float | None = None
    air_fan_frac: float | None = None
    air_supply_degc: float | None = None
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
    lead_years: float
    capex_usd_per_w: float
    installed_ratio: float
    storage_h: float = 0.0
    storage_price_usd_per_wh: float = 0.0
    yearly_opex_usd_per_w: float
    fuel_usd_per_wh: float
    carbon_kg_per_wh: float
    capacity_frac: float
    life_years: float
    round_trip_frac: float = 1.0
    fade_frac: float = 0.0
    published_usd_per_wh: float | None = None
    latitude_deg: float | None = None
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """What was published of a company on a day; None where nothing was. held_out: sets no elasticity, judges them.

    yearly_revenue_usd: of the day's rate, times a year.
    """

    day_date: str
    held_out: bool
    power_w: float | None = None
    yearly_revenue_usd: float | None = None
    weekly_users_count: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How compute, revenue and users of a company grew, by day; power is on `power_basis`."""

    id: str
    name: str
    description: str = ""
    power_basis: Literal["facility", "it"]
    points: tuple[HistoryPoint, ...]
    evidence: EvidenceMap = field(default_factory=dict)
