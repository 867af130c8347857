"""The one table of verbs: what can be asked, by which record, and what answers it.

Every door (command line, Python, and those to come) is a loop over `VERBS`. A verb is a folder in study/ with its
question and its answer, and one row here.

>>> from gigawatt.study import verbs
>>> verbs.ask("catalog list", kind="cooling").head.scenario is None
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from gigawatt.study.job import Job

Group = Literal["plan", "live", "share", "kernels", "know"]
# The groups in the order of a user's work, and what they are for.
GROUPS: Mapping[Group, str] = {
    "plan": "Plan: what to build, and how it holds up",
    "live": "Live: what then happens",
    "share": "Share: who gets the compute",
    "kernels": "Kernels: what a machine does, and how far that is from what was measured",
    "know": "Know: figures, sources and statements",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One row: a verb, the record that asks it, and the function that answers."""

    name: str
    """As it is typed; two words where several verbs share a noun."""
    group: Group
    """Where it stands in help."""
    title: str
    """What it does, in a sentence."""
    asks: str
    """Where the record of its question is, within gigawatt.study: "module:Class"."""
    answers: str
    """Where the function from question and job to answer is: "module:function"."""
    example: str
    """A command that works as it stands."""
    positional: tuple[str, ...] = ()
    """Keys of the question that a command line takes by their place."""
    long: bool = False
    """Whether it takes more than a moment, so that a server makes a job of it."""
    folder: str = ""
    """What it keeps in a folder of the job; "" for nothing."""
    always_kept: bool = False
    """Whether it gets a folder of its own where none is asked for."""
    resumes: bool = False
    """Whether what was done before an interruption is kept in its folder, and the same question goes on from there."""
    spreads: bool = False
    """Whether its work may be spread over an executor's workers."""

    @property
    def function(self) -> str:
        """Its name in Python."""
        return self.name.replace(" ", "_").replace("-", "_")

    def question(self) -> type[Any]:
        """The record of its question."""
        return _at(self.asks)

    def answer(self, question: Any, job: Job) -> Any:
        """What it answers. Raises ScenarioError, CatalogError or CalibrationError for bad input, Infeasible where no
        plan meets every limit, SolverFailure where a solver fails, Cancelled where the job is."""
        return _at(self.answers)(question, job)


def _at(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return getattr(import_module(f"gigawatt.study.{module}"), name)


VERBS: tuple[Verb, ...] = (
    Verb(
        name="run",
        group="plan",
        title="Plan a programme, live through it, keep its books, and write a report.",
        asks="run.question:RunQuestion",
        answers="run.answer:answer",
        positional=("scenario",),
        long=True,
        folder="Folder for the result.",
        always_kept=True,
        example="gigawatt run one-campus --set programme.target='50 MW'",
    ),
    Verb(
        name="check",
        group="plan",
        title="Read a scenario, report every fault at once, and show what it asks without solving it.",
        asks="check.question:CheckQuestion",
        answers="check.answer:answer",
        positional=("scenario",),
        example="gigawatt check one-campus",
    ),
    Verb(
        name="compare",
        group="plan",
        title="Live through several strategies in the same futures: what may come of each, its regret, what breaks it.",
        asks="futures.question:CompareQuestion",
        answers="futures.compare:answer",
        positional=("strategies",),
        long=True,
        folder="Keep every batch there, go on from what is there, write a report.",
        resumes=True,
        spreads=True,
        example="gigawatt compare wait-for-rubin fill-with-blackwell-now --futures 20",
    ),
    Verb(
        name="sweep",
        group="plan",
        title="Live through one plan in many futures: what may come of it, what that hangs on, what is worth knowing.",
        asks="futures.question:SweepQuestion",
        answers="futures.sweep:answer",
        positional=("scenario",),
        long=True,
        folder="Keep every batch there, go on from what is there, write a report.",
        resumes=True,
        spreads=True,
        example="gigawatt sweep one-campus --draws 100",
    ),
    Verb(
        name="hedge",
        group="plan",
        title="Plan for several futures at once: what to order now, and what it would be worth to know.",
        asks="futures.question:HedgeQuestion",
        answers="futures.hedging:answer",
        positional=("scenario",),
        long=True,
        example="gigawatt hedge one-campus --futures 4",
    ),
    Verb(
        name="simulate",
        group="live",
        title="Live through a plan hour by hour: weather, failures, repairs, and what events of the grid cost.",
        asks="simulation.question:SimulationQuestion",
        answers="simulation.answer:answer",
        positional=("scenario",),
        long=True,
        folder="Write the whole result there.",
        example="gigawatt simulate one-campus --event '2027-07-14T16:00/4h site=example-campus -50%'",
    ),
    Verb(
        name="track reconcile",
        group="live",
        title="Hold a plan against the ledger: deviations by cause, earned value, when the next tranche is due.",
        asks="track.question:ReconcileQuestion",
        answers="track.reconcile:answer",
        positional=("result",),
        example="gigawatt track reconcile gigawatt-runs/loi --at 2026-12-31",
    ),
    Verb(
        name="track reforecast",
        group="live",
        title="Plan anew what is left of a plan, from what stands by the ledger and what was learnt: what changes.",
        asks="track.question:ReforecastQuestion",
        answers="track.reforecast:answer",
        positional=("result",),
        long=True,
        folder="Folder for the result of the new plan.",
        example="gigawatt track reforecast gigawatt-runs/loi --from 2027Q1 --out gigawatt-runs/from-2027",
    ),
    Verb(
        name="allocate",
        group="share",
        title="Divide power among classes of work: who gets what, what the next gigawatt is worth, when it is enough.",
        asks="allocation.question:AllocationQuestion",
        answers="allocation.answer:answer",
        positional=("scenario",),
        example="gigawatt allocate six-classes --capacity '8 GW'",
    ),
    Verb(
        name="flywheel",
        group="share",
        title="Compute brings capability, users, revenue and compute again: the past predicted, a plan's fixed point.",
        asks="flywheel.question:FlywheelQuestion",
        answers="flywheel.answer:answer",
        positional=("scenario",),
        long=True,
        example="gigawatt flywheel --backtest",
    ),
    Verb(
        name="predict inference",
        group="kernels",
        title="Output tokens per second of a GPU with band, layout, batch, what binds, J/token and USD/Mtoken.",
        asks="predict.question:InferenceQuestion",
        answers="predict.inference:answer",
        example="gigawatt predict inference --model llama-3.1-70b --gpu h100-sxm --input 1000 --output 500",
    ),
    Verb(
        name="predict training",
        group="kernels",
        title="Tokens per second and MFU of a training run, layout, memory; days, energy and cost of all, with bands.",
        asks="predict.question:TrainingQuestion",
        answers="predict.training:answer",
        example="gigawatt predict training --model llama-3.1-405b --gpu h100-sxm --gpus 16384 --tokens 15T",
    ),
    Verb(
        name="predict bridge",
        group="kernels",
        title="Waiting for the grid against power on site: time, capital, USD/MWh, carbon, worth of the months gained.",
        asks="predict.question:BridgeQuestion",
        answers="predict.bridge:answer",
        example="gigawatt predict bridge --power '300 MW' --grid-wait '3 years'",
    ),
    Verb(
        name="validate inference",
        group="kernels",
        title="Serving throughput against measured rows (MLPerf, TensorRT-LLM tables, engines).",
        asks="validate.question:ValidationQuestion",
        answers="validate.inference:answer",
        positional=("file",),
        long=True,
        example="gigawatt validate inference --max-mape 30%",
    ),
    Verb(
        name="validate training",
        group="kernels",
        title="Training throughput against measured runs (Megatron, NeMo, MLPerf, llm-foundry, MaxText).",
        asks="validate.question:ValidationQuestion",
        answers="validate.training:answer",
        positional=("file",),
        long=True,
        example="gigawatt validate training",
    ),
    Verb(
        name="validate facility",
        group="kernels",
        title="PUE and water use against what operators publish of fleets, campuses and kinds of plant.",
        asks="validate.question:ValidationQuestion",
        answers="validate.facility:answer",
        positional=("file",),
        long=True,
        example="gigawatt validate facility",
    ),
    Verb(
        name="catalog list",
        group="know",
        title="List what the catalog knows, and the scenarios and strategies that ship.",
        asks="catalog.question:CatalogListQuestion",
        answers="catalog.listing:answer",
        positional=("kind",),
        example="gigawatt catalog list models",
    ),
    Verb(
        name="catalog show",
        group="know",
        title="Show one thing: every number with unit, range, grade and source.",
        asks="catalog.question:CatalogShowQuestion",
        answers="catalog.entry:answer",
        positional=("thing",),
        example="gigawatt catalog show 'NVIDIA GB200 NVL72'",
    ),
    Verb(
        name="catalog import-model",
        group="know",
        title="Make a model file of the catalog from a public Hugging Face config.json.",
        asks="catalog.question:ImportModelQuestion",
        answers="catalog.importing:answer",
        positional=("config",),
        folder="Folder for the model file, the one you are in where none is given.",
        example="gigawatt catalog import-model llama/config.json --name llama",
    ),
    Verb(
        name="sources",
        group="know",
        title="List the numbers that a scenario uses, with grade and source, and what its value rests on.",
        asks="sources.question:SourcesQuestion",
        answers="sources.answer:answer",
        positional=("scenario",),
        example="gigawatt sources one-campus",
    ),
    Verb(
        name="claims",
        group="know",
        title="Hold the announcement of September 2025 against what can be computed.",
        asks="claims.question:ClaimsQuestion",
        answers="claims.answer:answer",
        long=True,
        example="gigawatt claims --only billion_times",
    ),
    Verb(
        name="schema",
        group="know",
        title="Print the JSON Schema of a scenario, a strategy, a file of the catalog, or the question of a verb.",
        asks="schema.question:SchemaQuestion",
        answers="schema.answer:answer",
        positional=("of",),
        example="gigawatt schema scenario > scenario.schema.json",
    ),
)


def named(name: str) -> Verb:
    """The verb of a name, as it is typed or as it is called in Python. Raises KeyError where there is none."""
    for verb in VERBS:
        if name in (verb.name, verb.function):
            return verb
    raise KeyError(f"no verb is called {name!r}: {', '.join(verb.name for verb in VERBS)}")


def ask(name: str, /, *places: Any, job: Job | None = None, **values: Any) -> Any:
    """Ask a verb, with values by key as in a file ("10 GW"), or by their place as on a command line.

    Raises what `Verb.answer` raises, and ScenarioError where the question cannot be read.
    """
    from gigawatt.study.question import read

    verb = named(name)
    if len(places) > len(verb.positional):
        raise TypeError(f"{verb.function}() takes {len(verb.positional)} values by place, {len(places)} were given")
    placed = dict(zip(verb.positional, places, strict=False))
    # Where a key is a word of Python's own, it is given with an underscore behind it, as in from_="2028Q1".
    keyed = {key.rstrip("_"): value for key, value in values.items()}
    return verb.answer(read(verb.question(), placed | keyed), job or Job())


def __getattr__(name: str) -> Callable[..., Any]:
    """A function for every verb: `verbs.sweep("one-campus", draws=100)`."""
    if name.startswith("_") or all(name != verb.function for verb in VERBS):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def asked(*places: Any, job: Job | None = None, **values: Any) -> Any:
        return ask(name, *places, job=job, **values)

    asked.__name__, asked.__doc__ = name, named(name).title
    return asked
