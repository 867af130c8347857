"""What was measured of the same model, part and format near the lengths that are asked, to stand beside a curve.

A row is near where its prompt and its answer are each within NEAR_RATIO of those asked, over or under. A row of a known
TPOT has one over it for the speed that a user sees; another whose requests in flight are known has the throughput over
their number, which counts the wait for the first token too. One that tells neither, as an offline run, has no place on
a curve and is left out. Prompts of the rows are read whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gigawatt.catalog import load
from gigawatt.readers.inference_rows import InferenceRow, read_inference_rows
from gigawatt.study.note import Note
from gigawatt.study.predict.question import InferenceQuestion
from gigawatt.study.validate.disaggregated_cases import DISAGGREGATED
from gigawatt.study.validate.inference_cases import InferenceCase, cases_of, precision_of
from gigawatt.study.validate.score import shipped

# Files of measured points, and how far a length may be from that which is asked.
FILES = ("serving", "inference")
NEAR_RATIO = 1.5
NEAR = f"the same model, part and format, with prompt and answer each within a factor of {NEAR_RATIO:g} of those asked"
# What a backend says that tells no version.
NO_VERSION = " nan"
FROM_TPOT = "one over the measured time per token"
FROM_REQUESTS = "throughput over requests in flight, the wait for the first token counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPoint:
    """A measured throughput near a question, in output tokens, beside the speed that a user saw.

    speed_basis: what that speed is made of; requests_count: in flight in the whole system; gpus_count: None where it is
    not told; drafted, disaggregated: whether steps drafted, and whether there were two pools.
    """

    tokens_per_s_per_gpu: float
    tokens_per_s_per_user: float
    speed_basis: str
    input_tokens: float
    output_tokens: float
    requests_count: float | None
    gpus_count: float | None
    drafted: bool
    disaggregated: bool
    engine: str
    measured_date: str
    source: str
    url: str


def measured_near(asked: InferenceQuestion) -> tuple[MeasuredPoint, ...]:
    """The measured points near a question that are known on its day, from the slowest user to the fastest."""
    accelerator, model = load.get("accelerators", asked.gpu), load.get("models", asked.model)
    precision = precision_of(asked.precision, accelerator, model)
    found = dict[tuple[object, ...], MeasuredPoint]()
    for case in _cases():
        alike = (case.accelerator.id, case.model.id, case.precision) == (accelerator.id, model.id, precision)
        if alike and _near(asked, case) and _known(case.row, asked.as_of_date):
            point = _point(case)
            if point is not None:
                found.setdefault((point.source, point.tokens_per_s_per_gpu, point.requests_count), point)
    return tuple(sorted(found.values(), key=lambda point: point.tokens_per_s_per_user))


def measured_notes(found: tuple[MeasuredPoint, ...] | None, cached_frac: float) -> Iterator[Note]:
    """What a reader has to know of the points beside a curve, where there is a curve."""
    if found is None:
        return
    text = (
        f"measured points near the curve: {len(found)}; {NEAR}"
        if found
        else f"no measured point is near the curve: {NEAR}"
    )
    if found:
        text += "; each as it was run on its day, where the curve is of the best layout and of the software asked for"
        text += "; their prompts are read whole, where those of the curve are not" if cached_frac else ""
    else:
        text += ", of the rows that tell a speed; the curve stands on the fit of other rows"
    yield Note(code="measured", path="measured", text=text)


def _cases() -> tuple[InferenceCase, ...]:
    """The rows of the shipped files that can be looked up."""
    return tuple(case for name in FILES for case in cases_of(read_inference_rows(shipped(name)))[0])


def _near(asked: InferenceQuestion, case: InferenceCase) -> bool:
    lengths = ((asked.input_tokens, case.input_tokens), (asked.output_tokens, case.output_tokens))
    return all(max(wished / was, was / wished) <= NEAR_RATIO for wished, was in lengths)


def _known(row: InferenceRow, day: str | None) -> bool:
    """Whether a row was measured by a day; one of a month by its first."""
    return day is None or row.measured_date <= day


def _point(case: InferenceCase) -> MeasuredPoint | None:
    """A row as a point; None where it tells no speed of a user."""
    row, told = case.row, _speed(case)
    if told is None:
        return None
    speed, basis = told
    return MeasuredPoint(
        tokens_per_s_per_gpu=case.measured,
        tokens_per_s_per_user=speed,
        speed_basis=basis,
        input_tokens=case.input_tokens,
        output_tokens=case.output_tokens,
        requests_count=row.batch_count,
        gpus_count=row.packages_count,
        drafted=row.scenario.endswith("mtp"),
        disaggregated=row.scenario in DISAGGREGATED,
        engine=row.backend.removesuffix(NO_VERSION),
        measured_date=row.measured_date,
        source=row.source,
        url=row.cells.get("url", ""),
    )


def _speed(case: InferenceCase) -> tuple[float, str] | None:
    """What a user saw [tokens/s], and what that is made of."""
    row, tpot = case.row, case.row.cells.get("tpot_measured_s", "").strip()
    if tpot and (tpot_s := float(tpot)) > 0:
        return 1 / tpot_s, FROM_TPOT
    if row.batch_count and row.packages_count:
        return case.measured * row.packages_count / row.batch_count, FROM_REQUESTS
    return None
