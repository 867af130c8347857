"""What the catalog knows of one thing: frozen records in SI units, with the evidence of every number beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Grade = Literal["measured", "vendor", "press", "derived", "assumed"]
Precision = Literal["bf16", "fp8", "fp4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a number was read: address, date of the page (or of our reading), and what it is."""

    url: str
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
    does not support the precision, a figure is None where no source gives it. `fp4_inference_flops` is the
    vendor's higher FP4 figure for inference where two are published (Vera Rubin: 35 and 50 PFLOPS).
    """

    id: str
    name: str
    vendor: str
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

    Attention: "gqa" (heads, kv_heads, head_dim; kv_heads = heads is multi-head attention) or "mla"
    (kv_rank and rope_dim give the cached vector, q_rank the query's). `window_count` limits the context that
    a block sees, None is all. Feed-forward: `ffn_count` is the width of the dense part (or of one expert, where
    `experts_count` > 0); `ffn_matrices_count` is 3 for gated (SwiGLU) and 2 for plain parts.
    """

    count: int
    attention: Literal["gqa", "mla"]
    heads_count: int
    kv_heads_count: int
    head_dim_count: int
    value_dim_count: int | None = None
    kv_rank_count: int | None = None
    rope_dim_count: int | None = None
    q_rank_count: int | None = None
    window_count: int | None = None
    ffn_count: int
    ffn_matrices_count: int = 3
    experts_count: int = 0
    experts_active_count: int = 0
    shared_ffn_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A transformer language model as a list of blocks with counts, so that MoE, MLA and GQA are data."""

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
    blocks: tuple[ModelBlock, ...]
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
class InferenceCalibration:
    """Efficiencies of inference, fitted to measured throughput; explained at `tokens.InferenceEfficiency`."""

    id: str
    description: str = ""
    compute_frac: float
    fp4_compute_frac: float
    expert_compute_ratio: float
    attention_frac: float
    memory_frac: float
    network_frac: float
    usable_memory_frac: float
    activation_passes_ratio: float
    block_latency_s: float
    expert_latency_s: float
    collective_latency_s: float
    step_overhead_s: float
    prefill_tokens: float
    output_spread_ratio: float
    evidence: EvidenceMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCalibration:
    """Efficiencies of training, fitted to measured step times; explained at `tokens.TrainingEfficiency`."""

    id: str
    description: str = ""
    gemm_frac: float
    fp8_gemm_frac: float
    fp4_gemm_frac: float
    half_width_count: float
    attention_frac: float
    memory_frac: float
    network_frac: float
    overlap_frac: float
    activation_passes_ratio: float
    block_latency_s: float
    usable_memory_frac: float
    sequence_tokens: float
    global_batch_tokens: float
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
