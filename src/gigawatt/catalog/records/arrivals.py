"""How requests come in: clients with their rates over time, their bursts and their lengths, fitted to public traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.tokens.serve.arrivals import GapFamily
from gigawatt.units import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalSessions:
    """Turn upon turn, each with all that was said before in its prompt."""

    turns_count: Annotated[float, Plausible(1, 1000, least=1, most=10_000)]
    """Mean turns of a session, whose number is geometric."""
    pause_s: Annotated[float, Plausible("10 ms", "1 h")]
    """Mean time from the arrival of a turn to that of the next; it is Gamma."""
    pause_cv_ratio: Annotated[float, Plausible(0.1, 30, least=0.01, most=100)]
    """Deviation of that time over its mean."""
    system_tokens: Annotated[int, Plausible("1 tokens", "100k tokens", zero=True, most="10 Mtokens")]
    """Length of the prompt that every session begins with."""
    systems_count: Annotated[int, Plausible(1, 10_000, most=1e6)]
    """How many such prompts there are, equally usual."""
    most_context_tokens: Annotated[int, Plausible("1k tokens", "10 Mtokens", most="100 Mtokens")]
    """Longest prompt; a turn that would be longer starts anew from the system prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalClient:
    """One client of an endpoint, or many that are alike."""

    name: str
    """What it is called; a number where nothing else is known of it."""
    rate_per_s: Annotated[float, Plausible("0.001 /s", "10000 /s", least="0.00000001 /s", most="10000000 /s")]
    """Requests in the mean of its profile."""
    family: GapFamily
    """Distribution of gaps between requests: "poisson", "gamma" or "weibull"."""
    gap_cv_ratio: Annotated[float, Plausible(0.1, 50, least=0.01, most=100)]
    """Deviation of gaps over their mean, at a steady rate and without pauses."""
    pause_frac: Annotated[float, Plausible(1e-6, 0.5, zero=True)] = 0.0
    """Share of gaps that are pauses instead, which are Gamma."""
    paused_frac: Annotated[float, Plausible(1e-4, 0.99, zero=True)] = 0.0
    """Share of time that is in pauses."""
    pause_cv_ratio: Annotated[float, Plausible(0.1, 30, least=0.01, most=100)] = 1.0
    """Deviation of pauses over their mean."""
    input_tokens: Annotated[float, Plausible("1 tokens", "1 Mtokens")]
    """Mean length of a prompt, or of what a turn adds to it in sessions, in whole tokens and clipped."""
    input_deviation_ratio: Annotated[float, Plausible(0.01, 3, zero=True, most=6)]
    """Deviation of the natural logarithm of a prompt's length, which is log-normal, before it is clipped."""
    most_input_tokens: Annotated[int, Plausible("1 tokens", "10 Mtokens", most="100 Mtokens")]
    """Longest prompt, or most that a turn adds."""
    output_tokens: Annotated[float, Plausible("1 tokens", "1 Mtokens")]
    """Mean length of an answer, in whole tokens and clipped."""
    output_deviation_ratio: Annotated[float, Plausible(0.01, 3, zero=True, most=6)]
    """Deviation of the natural logarithm of an answer's length, which is log-normal, before it is clipped."""
    most_output_tokens: Annotated[int, Plausible("1 tokens", "1 Mtokens", most="100 Mtokens")]
    """Longest answer that is given."""
    correlation_ratio: Annotated[float, Plausible(0.001, 0.99, least=0.000001, most=0.99, zero=True)] = 0.0
    """Correlation of the logarithms of the two lengths."""
    profile_ratio: Annotated[tuple[float, ...], Plausible(0.00001, 100, zero=True)] = ()
    """Rate by window beside the mean rate, from the first window on and then again; steady where there is none."""
    sessions: ArrivalSessions | None = None
    """How its requests follow upon one another; each stands on its own where there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """A stream of requests like that of a public trace; the kernel's record is `tokens.serve.arrivals.OfferedLoad`."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    aliases: tuple[str, ...] = ()
    """Further names in the wild, by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    window_s: Annotated[float, Plausible("1 s", "1 days")]
    """Length of the windows of the profiles."""
    span_s: Annotated[float, Plausible("1 min", "60 days")]
    """How long the trace is, and so a replay of it where nobody says how long."""
    gap_cv_ratio: Annotated[float | None, Plausible(0.1, 50, least=0.01, most=1000)] = None
    """Deviation of all gaps of the trace over their mean; nothing where only clients are known."""
    peak_ratio: Annotated[float | None, Plausible(1, 20, least=1, most=1000)] = None
    """Rate of the trace's busiest window over the mean."""
    prompt_tokens: Annotated[float | None, Plausible("1 tokens", "10 Mtokens")] = None
    """Mean prompt of the trace, with what of it was found in a cache; nothing where only clients are known."""
    cached_frac: Annotated[float | None, Plausible("0 %", "99.9 %", zero=True)] = None
    """Share of the tokens of the trace's prompts that was found in a cache of prefixes."""
    clients: tuple[ArrivalClient, ...]
    """Who asks, and how."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
