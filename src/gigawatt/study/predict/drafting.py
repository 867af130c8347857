"""Drafting as an answer: how much of it holds, on whose word, and what it brings at the batch that is served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gigawatt import tokens
from gigawatt.study.note import Note
from gigawatt.study.predict.question import InferenceQuestion

STATED = "as stated"
PUBLISHED = "published acceptance by position"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftingPrediction:
    """What a step drafts and keeps. acceptance_frac: chance that a token holds where those before it do, by position.

    plain_tokens_per_s: what a GPU gives without drafting, None where that cannot be served; gain_frac: by how much
    drafting gives more, below 0 where it does not pay.
    """

    drafted_count: int
    acceptance_frac: tuple[float, ...]
    acceptance_basis: str
    tokens_per_step_ratio: float
    plain_tokens_per_s: float | None
    gain_frac: float | None


def drafting_prediction(
    asked: InferenceQuestion, drafting: tokens.Drafting, tokens_per_s: float, plain_tokens_per_s: float | None
) -> DraftingPrediction:
    """Drafting as an answer tells it, beside the same question without."""
    plain = plain_tokens_per_s
    first, kept = float(drafting.accepted_frac), float(drafting.kept_ratio)
    return DraftingPrediction(
        drafted_count=asked.draft_count,
        acceptance_frac=tuple(first * kept**place for place in range(asked.draft_count)),
        acceptance_basis=PUBLISHED if asked.acceptance_frac is None else STATED,
        tokens_per_step_ratio=float(drafting.tokens_per_step_ratio),
        plain_tokens_per_s=plain,
        gain_frac=None if plain is None else tokens_per_s / plain - 1,
    )


def drafting_notes(found: DraftingPrediction) -> Iterator[Note]:
    """What a reader has to know of it: whose acceptance it is, and where drafting does not pay."""
    chances = ", ".join(f"{chance:.0%}" for chance in found.acceptance_frac)
    if found.acceptance_basis == PUBLISHED:
        text = (
            f"drafted tokens are taken to hold with chances of {chances} by position, as published for several models, "
        )
        text += f"{found.tokens_per_step_ratio:.2f} tokens a step; that differs by model and text, and can be stated"
        yield Note(code="acceptance", path="acceptance", text=text)
    if found.gain_frac is not None and found.gain_frac <= 0:
        text = f"drafting does not pay at this batch: it costs {-found.gain_frac:.1%} of the throughput"
        yield Note(code="drafting", path="draft", text=text)
