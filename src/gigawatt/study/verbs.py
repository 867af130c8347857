"""The one table of verbs: what can be asked, by which record, and what answers it.

Every door (command line, Python, and those to come) is a loop over `VERBS`. A verb is a folder in study/ with its
question and its answer, and one row here.

>>> from gigawatt.study import verbs
>>> verbs.ask("catalog list", kind="cooling").head.scenario is None
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gigawatt.study.job import Job
from gigawatt.study.verb import GROUPS, Change, Verb

__all__ = ["GROUPS", "VERBS", "Change", "Verb", "ask", "named"]

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
        counts="sizes:run",
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
        name="preview",
        group="plan",
        title="Plan in seconds: what changes of a scenario come to, what binds, and the most a full plan could add.",
        asks="preview.question:PreviewQuestion",
        answers="preview.answer:answer",
        positional=("scenario",),
        example="gigawatt preview one-campus --set programme.target='50 MW'",
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
        counts="sizes:compare",
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
        counts="sizes:sweep",
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
        counts="sizes:hedge",
        example="gigawatt hedge one-campus --futures 4",
    ),
    Verb(
        name="difference",
        group="plan",
        title="Set two results against each other: what was asked otherwise, headline figures, power, accounts.",
        asks="difference.question:DifferenceQuestion",
        answers="difference.answer:answer",
        positional=("a", "b"),
        example="gigawatt difference gigawatt-runs/loi gigawatt-runs/loi-2gw",
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
        counts="sizes:simulate",
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
        counts="sizes:reforecast",
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
        counts="sizes:flywheel",
        example="gigawatt flywheel --backtest",
    ),
    Verb(
        name="ledger init",
        group="book",
        title="Make a ledger, and record the terms of a programme: which power releases which tranche.",
        asks="ledger.question:LedgerInitQuestion",
        answers="ledger.init:answer",
        positional=("scenario",),
        changes="ledger",
        example="gigawatt ledger init three-sites",
    ),
    Verb(
        name="ledger record",
        group="book",
        title="Record what no file carries: a site's state, racks, an acceptance test, work, prices, money.",
        asks="ledger.question:RecordQuestion",
        answers="ledger.record:answer",
        positional=("kind", "fields"),
        changes="ledger",
        example="gigawatt ledger record racks site=example-river platform=gb300 racks=40 at=2026-02-25 --source note",
    ),
    Verb(
        name="ledger import",
        group="book",
        title="Take what meters, Prometheus, Slurm and billers write, once, with every line that is refused and why.",
        asks="ledger.question:ImportQuestion",
        answers="ledger.taking:answer",
        positional=("file",),
        long=True,
        changes="ledger",
        counts="sizes:imported",
        example="gigawatt ledger import meter.csv --kind meter --site example-river --utc-offset '-6 h'",
    ),
    Verb(
        name="ledger status",
        group="book",
        title="Show what stands, which milestone is met, which tranche is due, as it was known on any day.",
        asks="ledger.question:StatusQuestion",
        answers="ledger.status:answer",
        example="gigawatt ledger status --as-of 2026-03-31",
    ),
    Verb(
        name="ledger facts",
        group="book",
        title="List facts, with the numbers by which they are corrected.",
        asks="ledger.question:FactsQuestion",
        answers="ledger.listing:answer",
        example="gigawatt ledger facts --kind racks",
    ),
    Verb(
        name="ledger verify",
        group="book",
        title="Prove that nothing was altered, removed or reordered before a head that was kept elsewhere.",
        asks="ledger.question:VerifyQuestion",
        answers="ledger.verifying:answer",
        long=True,
        counts="sizes:verified",
        example="gigawatt ledger verify --head 0123456789abcdef",
    ),
    Verb(
        name="ledger approve",
        group="book",
        title="Approve a milestone that is met: two people do, before its tranche is due.",
        asks="ledger.question:ReleaseQuestion",
        answers="ledger.releasing:approve",
        positional=("milestone",),
        changes="release",
        example="gigawatt ledger approve '20 MW' --as ada",
    ),
    Verb(
        name="ledger disburse",
        group="book",
        title="Record that a tranche which is due was paid, once, however often that is said.",
        asks="ledger.question:ReleaseQuestion",
        answers="ledger.releasing:disburse",
        positional=("milestone",),
        changes="release",
        example="gigawatt ledger disburse '20 MW' --as ben",
    ),
    Verb(
        name="ledger example",
        group="book",
        title="Write the files of a generated year of the programme three-sites, to learn the ledger with.",
        asks="ledger.example:ExampleQuestion",
        answers="ledger.example:answer",
        folder="Folder for the files, which is made; example-year where none is given.",
        example="gigawatt ledger example --out year",
    ),
    Verb(
        name="export kueue",
        group="share",
        title="Make a quarter of a plan the quotas of Kueue: flavors, cohorts, queues, priorities, as YAML.",
        asks="export.question:QuotasQuestion",
        answers="export.answer:kueue",
        positional=("result",),
        example="gigawatt export kueue gigawatt-runs/one-campus --period 2027Q3 > quotas.yaml",
    ),
    Verb(
        name="export kai",
        group="share",
        title="Make a quarter of a plan the queues of the KAI scheduler, one for each class and node pool, as YAML.",
        asks="export.question:QuotasQuestion",
        answers="export.answer:kai",
        positional=("result",),
        example="gigawatt export kai gigawatt-runs/one-campus --period 2027Q3 > queues.yaml",
    ),
    Verb(
        name="export slurm",
        group="share",
        title="Make a quarter of a plan accounts and QOS of Slurm, as a script of sacctmgr commands.",
        asks="export.question:QuotasQuestion",
        answers="export.answer:slurm",
        positional=("result",),
        example="gigawatt export slurm gigawatt-runs/one-campus --period 2027Q3 > quotas.sh",
    ),
    Verb(
        name="export focus",
        group="share",
        title="Write the books as rows of cost and usage in FOCUS 1.4, as CSV.",
        asks="export.question:FocusQuestion",
        answers="export.focus:answer",
        positional=("result",),
        example="gigawatt export focus gigawatt-runs/one-campus > costs.csv",
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
        name="predict gigawatt",
        group="kernels",
        title="A gigawatt of each GPU that sells a model's tokens: users, tokens, revenue, cost and profit of a year.",
        asks="predict.question:GigawattQuestion",
        answers="predict.gigawatt:answer",
        example="gigawatt predict gigawatt --gpu gb300 --model kimi-k3 --price-input 3 --price-output 9 --cached 0",
    ),
    Verb(
        name="replay",
        group="kernels",
        title="Replay requests one by one on replicas of a model: what users wait for, capacity, cost of a token.",
        asks="replay.question:ReplayQuestion",
        answers="replay.answer:answer",
        positional=("trace",),
        long=True,
        stops=True,
        counts="sizes:replayed",
        example="gigawatt replay azure-conversation-2023 --model llama-3.1-70b --gpu h100-sxm --replicas 4",
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
        counts="sizes:inference_rows",
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
        counts="sizes:training_rows",
        example="gigawatt validate training",
    ),
    Verb(
        name="validate energy",
        group="kernels",
        title="Energy per output token of GPUs alone against what was measured while they served (ML.ENERGY).",
        asks="validate.question:ValidationQuestion",
        answers="validate.energy:answer",
        positional=("file",),
        long=True,
        counts="sizes:energy_rows",
        example="gigawatt validate energy --max-mape 30%",
    ),
    Verb(
        name="validate facility",
        group="kernels",
        title="PUE and water use against what operators publish of fleets, campuses and kinds of plant.",
        asks="validate.question:ValidationQuestion",
        answers="validate.facility:answer",
        positional=("file",),
        long=True,
        counts="sizes:facility_rows",
        example="gigawatt validate facility",
    ),
    Verb(
        name="validate runs",
        group="kernels",
        title="GPU-hours of whole training runs, first token to last, against those that were published.",
        asks="validate.question:ValidationQuestion",
        answers="validate.runs:answer",
        positional=("file",),
        long=True,
        counts="sizes:whole_run_rows",
        example="gigawatt validate runs",
    ),
    Verb(
        name="validate serving",
        group="kernels",
        title="Times to the first token and per token, request by request, against what clients measured.",
        asks="validate.question:ValidationQuestion",
        answers="validate.serving:answer",
        positional=("file",),
        long=True,
        counts="sizes:latency_rows",
        example="gigawatt validate serving --max-mape 30%",
    ),
    Verb(
        name="validate schedules",
        group="kernels",
        title="Dates promised for power of sites, with the usual slip, against what came.",
        asks="validate.question:ValidationQuestion",
        answers="validate.schedules:answer",
        positional=("file",),
        example="gigawatt validate schedules",
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
        title="Hold what was announced, of the letter or of PORTS-Pike, against what can be computed.",
        asks="claims.question:ClaimsQuestion",
        answers="claims.answer:answer",
        long=True,
        counts="sizes:claims",
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
