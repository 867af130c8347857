"""What bursts and limits on waiting leave of a steady state, simulated request by request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class DeratingTable:
    """SLO-capacity over steady state for one burstiness, one number of engines and one ratio of prompt to answer."""

    burstiness_ratio: Annotated[float, Plausible(0.1, 100, least=0.01, most=1000)]
    """Standard deviation over mean of the gaps between the requests that reach a router."""
    engines_count: Annotated[int, Plausible(1, 1e4, least=1, most=1e6)]
    """Engines behind that router."""
    prompt_ratio: Annotated[float, Plausible(0.01, 1000, least=1e-4, most=1e6)]
    """Mean tokens of a prompt over those of an answer."""
    kept_fracs: tuple[tuple[float, ...], ...]
    """Highest rate at which limits hold over that of the steady state: a row for each of ttft_ratios, a column for each
    of tpot_ratios."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingDerating:
    """A table of SLO-capacity over steady state; the kernel's record is `tokens.Derating`."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    description: str = ""
    """What it is, in a sentence or two."""
    quantile_frac: Annotated[float, Plausible("50 %", "99.99 %")]
    """Share of requests for which both limits hold."""
    ttft_ratios: tuple[float, ...]
    """Limits on the time to the first token, over that of a prompt alone on an idle engine, in rising order."""
    tpot_ratios: tuple[float, ...]
    """Limits on the time per output token, over that of the steady state, in rising order."""
    tables: tuple[DeratingTable, ...]
    """The ratio for every combination of some values of burstiness, of engines and of prompts to answers."""
    spread_frac: float
    """Mean distance from the table to the lowest and the highest of the deployments whose median it is."""
    deployments_count: Annotated[int, Plausible(1, 1000, zero=True)]
    """Deployments (a model on a platform) that were simulated for each of them."""
    requests_count: Annotated[int, Plausible(1000, 1e9, zero=True)]
    """Requests of one simulation."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
