"""What users of measured servers waited for: how benchmarks ran their engines, and what of it is fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from gigawatt.catalog.records.calibrations import LeftOut, Spread
from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRecipe:
    """How a benchmark ran an engine; of all recipes that match a row, a later one goes before an earlier one, and a 0
    leaves what an earlier one says."""

    engine: str
    """Engine that is run so."""
    architecture: str = ""
    """Generation of parts that it is run on; empty for all."""
    model: str = ""
    """Model that it serves; empty for all."""
    precision: str = ""
    """Format of the weights; empty for all."""
    protocol: str = ""
    """Tool that sends the requests; empty for all."""
    attention: Literal["", "split", "copied", "pools"] = ""
    """How attention is spread: split or copied in a replica, or over two pools; empty for any."""
    measured: str = ""
    """Day on which it was so, as the rows have it; empty for any."""
    concurrency_count: Annotated[int, Plausible(1, 1e6, zero=True)] = 0
    """Requests at a time for which alone it holds; 0 for any number."""
    budget_tokens: Annotated[int, Plausible("1 tokens", "1 Mtokens", zero=True)] = 0
    """Least number of tokens that a rank may read in an iteration; 0 as an earlier recipe has it."""
    prompts_count: Annotated[int, Plausible(1, 1e3, zero=True)] = 0
    """Whole prompts beside all answers for which the budget has room too."""
    few_look_count: Annotated[int, Plausible(1, 1e4, zero=True)] = 0
    """Decode steps between looks for new requests, with fewer than sixteen under way."""
    many_look_count: Annotated[int, Plausible(1, 1e4, zero=True)] = 0
    """The same, with sixteen requests or more under way."""
    gather_count: Annotated[int, Plausible(1, 1e4, zero=True)] = 0
    """Iterations that prompts may be held back for more to be read with them."""
    most_requests_count: Annotated[int, Plausible(1, 1e6, zero=True)] = 0
    """Requests that a rank runs at once."""
    short_count: Annotated[int, Plausible(1, 1e3, zero=True)] = 0
    """Requests by which what an engine runs at once falls short of those that are sent at a time."""
    first_pass_s: Annotated[float, Plausible("1 s", "1000 s", zero=True)] = 0.0
    """Time for which the first pass that fills the budget takes longer, while kernels are made ready."""
    why: str = ""
    """Where it is told, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingEngine:
    """How an engine packs requests, wherever it runs."""

    name: str
    """Engine as the rows name it."""
    chunked: bool
    """Whether prompts ride along with decode steps, cut to a budget; else iterations read prompts or write answers."""
    reserve_frac: float
    """Part of the tokens to come that must be free for a request to be let in."""
    shortest_frac: float
    """Shortest over longest length of requests of tools that ask for equal ones."""
    prompts_known_count: Annotated[int, Plausible(0, 1e6, zero=True)]
    """Different prompts of such tools, if the engine knows a prompt again; 0 where it does not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOffset:
    """How rows of one family deviate from all: factors on the two fitted figures."""

    family: str
    """What the rows have in common, such as "engine_structure"."""
    name: str
    """Which of the family, such as "vllm gqa-moe"."""
    prefill_ratio: Annotated[float, Plausible(0.01, 100)]
    """Factor on the time that prompts take."""
    frontend_ratio: Annotated[float, Plausible(1e-3, 1e4)]
    """Factor on the time in front of the engine."""
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    """Measured rows of this family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingCalibration:
    """From the request simulator to what a client measures, fitted to closed loops."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    description: str = ""
    """What it is, in a sentence or two."""
    prefill_ratio: Annotated[float, Plausible(0.05, 20)]
    """Time that prompts take over what the calibration of throughput says, of a family that was not fitted."""
    frontend_s: Annotated[float, Plausible("0.1 ms", "10 s")]
    """Time of a request in client, tokenizer and front end, of a family that was not fitted."""
    look_frac: float
    """Part of the mean wait for the engine's next look that a request waits."""
    gather_frac: float
    """Part of the mean time that prompts are held back for others."""
    usable_memory_frac: float
    """Memory that engines fill with weights and caches."""
    shortest_frac: float
    """Shortest over longest length in benchmarks that draw them evenly in between."""
    rounds_count: Annotated[int, Plausible(1, 1e4, zero=True)]
    """Requests that a benchmark sends, over those at a time."""
    server_requests_count: Annotated[int, Plausible(10, 1e6)]
    """Requests that are simulated of a benchmark that sends them at random."""
    server_spread_ratio: Annotated[float, Plausible(1, 20)]
    """Mean square over squared mean of the lengths that such a benchmark sends."""
    extrapolation_ratio: Annotated[float, Plausible(1e-3, 5, zero=True)]
    """Deviation of the logarithm added, in squares, for a model that was not fitted."""
    parameters_count: Annotated[int, Plausible(1, 1e5, zero=True)]
    """Parameters that were fitted."""
    rows_count: Annotated[int, Plausible(1, 1e7, zero=True)]
    """Measured rows that were fitted, in all."""
    engines: tuple[ServingEngine, ...]
    """Engines whose scheduling is known."""
    recipes: tuple[ServingRecipe, ...]
    """How benchmarks ran them, as they publish it."""
    offsets: tuple[ServingOffset, ...]
    """Families that deviate from all."""
    spreads: tuple[Spread, ...]
    """How far rows scatter about the fit, by engine and in all."""
    left_out: tuple[LeftOut, ...]
    """Errors on rows that a fit had not seen, by what was left out."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
