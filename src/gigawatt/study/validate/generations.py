"""One generation of GPUs against the one before, as published of agents' traffic, and as the kernels have it.

Two figures: tokens per utility watt, prompts and what of them a cache holds counted, at a speed that a user sees; and
the highest speed of a user. Power is what an analyst says is provided for a package, all in. Published speeds are of
the slowest tenth of answers, predicted ones of the mean. Nothing here is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gigawatt.catalog import load, records
from gigawatt.errors import CalibrationError
from gigawatt.readers.csv_rows import read_rows
from gigawatt.study.job import Job
from gigawatt.study.predict import inference
from gigawatt.study.predict.question import InferenceQuestion
from gigawatt.study.validate.score import shipped

FILE = "generations"
COLUMNS = (
    *("name", "metric", "model", "precision", "speed", "draft", "gpu", "engine", "beside_gpu", "beside_engine"),
    *("published", "unit", "source"),
)
FASTEST, WATT = "fastest user", "tokens per utility watt"
# Whose lengths and cache are taken: of the published traffic only is told that it is of coding agents.
TRAFFIC = "agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRow:
    """A published figure of a part, or of one over another, with what is predicted of it.

    one_pool, two_pools: of replicas that do both, and of pools that read prompts and write answers; None where that
    cannot be served. unit: of the three.
    """

    name: str
    metric: str
    unit: str
    published: float
    one_pool: float | None
    two_pools: float | None

    def error_frac(self, predicted: float | None) -> float | None:
        """How far a prediction is above the published figure, as a share of it."""
        return None if predicted is None else predicted / self.published - 1


def generations() -> tuple[GenerationRow, ...]:
    """Every published figure with what is predicted of it."""
    return tuple(_row(cells) for cells in read_rows(shipped(FILE), COLUMNS).rows)


def _row(cells: Mapping[str, str]) -> GenerationRow:
    pools = (False,) if cells["metric"] == FASTEST else (False, True)
    found = [_predicted(cells, disaggregated) for disaggregated in pools]
    return GenerationRow(
        name=cells["name"],
        metric=cells["metric"],
        unit=cells["unit"],
        published=float(cells["published"]),
        one_pool=found[0],
        two_pools=found[1] if len(found) > 1 else None,
    )


def _predicted(cells: Mapping[str, str], disaggregated: bool) -> float | None:
    """The figure of a part, over that of the part beside it where there is one."""
    own = _figure(cells, cells["gpu"], cells["engine"], disaggregated)
    if not cells["beside_gpu"]:
        return own
    other = _figure(cells, cells["beside_gpu"], cells["beside_engine"], disaggregated)
    return None if own is None or other is None else own / other


def _figure(cells: Mapping[str, str], gpu: str, engine: str, disaggregated: bool) -> float | None:
    agents: records.Arrivals = load.load("arrivals", TRAFFIC)
    prompt, answer = agents.prompt_tokens or 0.0, agents.clients[0].output_tokens
    question = InferenceQuestion(
        model=cells["model"],
        gpu=gpu,
        engine=engine,
        precision=cells["precision"],  # type: ignore[arg-type]
        input_tokens=prompt,
        output_tokens=answer,
        cached_frac=agents.cached_frac or 0.0,
        draft_count=int(cells["draft"]),
        disaggregated=disaggregated,
        tpot_s=1 / float(cells["speed"]),
    )
    try:
        if cells["metric"] == FASTEST:
            return inference.pareto_front(question)[0].tokens_per_s_per_user
        rate = inference.answer(question, Job()).tokens_per_s_per_gpu.p50
    except CalibrationError:
        return None
    power_w = load.load("accelerators", gpu).all_in_power_w
    return None if power_w is None else rate * (prompt + answer) / answer / power_w
