"""What a run answers: the headline, how well it is proven, what limits it, when capital comes, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from gigawatt.account.contracts import Contracts, contracts
from gigawatt.account.metrics import Headline
from gigawatt.exact import exact
from gigawatt.plan.verify import verify
from gigawatt.plan.worth import Binding, Worth
from gigawatt.programme.yardstick import Yardsticks
from gigawatt.simulation.summary import Called
from gigawatt.study import nothing
from gigawatt.study.answer import SPREAD, UNTOLD, Head, copied, head_of
from gigawatt.study.job import Job
from gigawatt.study.opened import scenario_of
from gigawatt.study.result import Result, check_out
from gigawatt.study.run.question import RunQuestion
from gigawatt.study.run.stages import run
from gigawatt.study.run.tranches import Tranche, tranches
from gigawatt.study.run.yardsticks import yardsticks

# An objective below this is the solver's rounding: differences are judged against it.
SMALLEST_USD = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverReport:
    """What the solver says of a plan: objective and bound in `unit`, and how far apart they may be."""

    status: str
    objective: float
    bound: float
    gap_frac: float
    gap_usd: float | None
    wall_s: float | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChecks:
    """Looks at a plan that do not come from the solver.

    objective_vs_accounts_rel: how far the objective is from what the books say of the same plan, relative; None where
    the objective is tokens. plan_feasible: whether an independent look finds every limit kept.
    """

    objective_vs_accounts_rel: float | None
    plan_feasible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswer:
    """What a run found. calls: of the grid under contracts to curtail, contracts: leases, a guarantee and money that
    others advance, each None where there are none. yardsticks: what all work of each reported quarter would take, and a
    gigawatt bought then costs, on the platform on which that is cheapest."""

    head: Head = field(metadata=SPREAD)
    headline: Headline
    solver: SolverReport
    worth: tuple[Worth, ...]
    binds: tuple[Binding, ...]
    tranches: tuple[Tranche, ...]
    checks: RunChecks
    calls: Called | None
    contracts: Contracts | None
    yardsticks: Yardsticks
    result: Result = field(metadata=UNTOLD)


def answer(question: RunQuestion, job: Job) -> RunAnswer:
    """Plan, simulate and account for a scenario; its folder is looked at before any work is done.

    Raises ScenarioError, CatalogError or CalibrationError for bad input, Infeasible where hard limits conflict.
    """
    scenario, _ = scenario_of(question.scenario, question.set)
    folder = job.kept_in(scenario.name, scenario.hash)
    if folder is not None:
        check_out(folder)
    return answer_of(run(scenario, progress=job.say))


@exact()
def answer_of(result: Result) -> RunAnswer:
    """The answer that a result gives."""
    return RunAnswer(
        head=head_of(result.scenario, result.notes),
        headline=result.accounts.headline,
        solver=copied(SolverReport, result.plan, gap_usd=result.plan.gap if result.plan.unit == "USD" else None),
        worth=result.plan.worth,
        binds=nothing.binds(result.plan),
        tranches=tranches(result),
        checks=RunChecks(
            objective_vs_accounts_rel=_objective_vs_accounts_rel(result),
            plan_feasible=not verify(result.scenario, result.plan),
        ),
        calls=result.timeline.summary.calls,
        contracts=contracts(result.scenario, result.plan),
        yardsticks=yardsticks(result.scenario, result.plan.inputs),
        result=result,
    )


def _objective_vs_accounts_rel(result: Result) -> float | None:
    values, plan = result.accounts.values, result.plan
    if plan.unit != "USD":
        return None
    total = values.npv_usd + values.terminal_value_usd - values.penalties_usd
    if result.scenario.asked.objective == "welfare":
        total += values.social_value_usd
    return abs(total - plan.objective) / max(abs(plan.objective), SMALLEST_USD)
