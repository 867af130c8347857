"""Strategies in the same futures: regret, what breaks them, and files that say what a strategy may say."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt.errors import Infeasible, ScenarioError
from gigawatt.report.charts.marks import figure
from gigawatt.report.documents.comparison import document
from gigawatt.report.formats import cell
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.strategy import Strategy, load_strategies, shipped, shipped_for
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.futures.compare import ComparedStrategy, Comparison, answer, compare
from gigawatt.study.futures.quantiles import left_out, outcomes, with_value
from gigawatt.study.futures.question import CompareQuestion
from gigawatt.study.futures.statistics import quantiles
from gigawatt.study.job import Job

SMALL = 'title = "Small"\n[programme]\ntarget = "15 MW"\n[capital.tranches]\nevery = "15 MW"\n'


def write(folder: Path, **texts: str) -> list[str]:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    return [str(folder / f"{name}.toml") for name in texts]


@pytest.fixture(scope="module")
def comparison(brief_set: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    files = write(tmp_path_factory.mktemp("strategies"), stated="", small=SMALL)
    found: Comparison = verbs.ask("compare", files, scenario="one-campus", futures=5, workers=1, set=brief_set)
    return found


def test_the_least_regret_of_every_future_is_nothing(comparison: Comparison) -> None:
    regrets = np.array(list(comparison.regret_usd.values()))
    assert regrets.shape == (2, 5)
    assert (regrets.min(axis=0) == 0).all()
    values = np.array([table.value_usd.values for table in comparison.tables.values()])
    assert regrets == pytest.approx(values.max(axis=0) - values)


def test_futures_are_the_same_for_every_strategy(comparison: Comparison) -> None:
    first, *others = comparison.tables.values()
    assert all(first.drawn.equals(table.drawn) for table in others)


def test_what_a_comparison_says(comparison: Comparison) -> None:
    names = [row.name for row in comparison.strategies]
    assert set(names) == {"stated", "small"}
    assert sum(row.best_frac for row in comparison.strategies) >= 1
    assert [item.strategy for item in comparison.breaks] == names == list(comparison.tables)
    for item in comparison.breaks:
        assert item.rule is None or 1 <= len(item.conditions or ()) <= 3
        assert (item.rule is None) == (item.coverage_frac is None) == (item.density_frac is None)
    assert comparison.evpi_all_usd >= max(comparison.evpi_usd.values())
    assert min(comparison.evpi_usd.values()) >= 0


def test_the_data_of_a_comparison(comparison: Comparison) -> None:
    """design 7: the fields that other programs rely on."""
    told = plain(comparison)
    assert set(told) == {
        *("gigawatt", "scenario", "hash", "notes", "seed", "futures", "target_w", "strategies", "breaks"),
        *("evpi_usd", "evpi_all_usd", "digest"),
    }
    for row in told["strategies"]:
        assert {"value_usd", "npv_usd", "first_gw_date", "peak_debt_usd", "p_cash_out_frac"} < set(row)
        assert {"regret_max_usd", "regret_mean_usd", "best_frac", "outputs", "title", "hash"} < set(row)
        assert set(row["target_date"]) == {"p10", "p50", "p90"}
        assert 0.05 < row["cost_of_capital_per_year"]["p50"] < 0.12
        assert 0 <= row["p_target_frac"] <= 1
        assert row["burdens"] is None  # nobody shares a risk
    keys = {"strategy", "meaning", "share_frac", "rule", "conditions", "coverage_frac", "density_frac"}
    assert [set(item) for item in told["breaks"]] == 2 * [keys]


def test_a_comparison_goes_on_where_another_strategy_was_left(brief_set: dict[str, str], tmp_path: Path) -> None:
    """The first futures that are missing are those of the second strategy, and are lived through with its plan."""
    files = write(tmp_path, first="", second=SMALL)
    question = CompareQuestion(
        strategies=tuple(files), scenario="one-campus", futures_count=4, workers_count=1, set=brief_set
    )
    job = Job(folder=tmp_path / "out")
    whole = answer(question, job)
    shutil.rmtree(tmp_path / "out" / "batches" / "second")
    again = answer(question, job)
    assert again.digest == whole.digest
    assert again.strategies == whole.strategies


def test_equal_money_is_equal_burdens(brief_set: dict[str, str], tmp_path: Path) -> None:
    """Two names of one strategy bear the same; a third with a smaller cap leaves more to landlords."""
    terms = "guaranteed = 1.0\nterm = '15 years'\ndefault = '5 %/year'\nrecovery = 0.5\nguaranteed_rate = '6 %/year'\n"
    guarantee = f"[capital.guarantee]\nguarantor = 'Maker'\n{terms}"
    caps = {"one": "300 million USD", "same": "300 million USD", "less": "10 million USD"}
    files = write(tmp_path, **{name: f"{guarantee}cap = '{cap}'\n" for name, cap in caps.items()})
    lease = brief_set | {"sites.example-campus.ownership": "lease"}
    found = verbs.ask("compare", files, scenario="one-campus", futures=3, workers=1, set=lease)
    told = {row["name"]: {one["party"]: one for one in row["burdens"]} for row in plain(found)["strategies"]}
    assert told["one"] == told["same"]
    assert list(told["one"]) == ["programme", "supplier", "lenders", "landlords"]
    least, most = (told[name]["landlords"]["may_lose_usd"]["mean"] for name in ("one", "less"))
    assert least < most
    for row in document(found).tables()["financing"].rows:
        assert len(set(row[1:])) <= 2


def test_one_value_ranks_regrets_and_is_shown(comparison: Comparison) -> None:
    """users 2: net present with terminal value in JSON, sentence, table, chart and regret; the NPV is a column."""
    rows = comparison.strategies
    means = [row.value_usd.mean for row in rows]
    assert means == sorted(means, reverse=True)
    regrets = [row.regret_mean_usd for row in rows]
    assert np.diff(regrets) == pytest.approx(-np.diff(means), abs=1.0)
    for row in rows:
        table = comparison.tables[row.name]
        assert row.value_usd == quantiles(table.npv_usd.values + table.terminal_value_usd.values)
        assert row.npv_usd == quantiles(table.npv_usd.values)
    best, *_ = rows
    told = document(comparison)
    table, drawn = told.tables()["strategies"], told.charts()["value"].wide
    called = best.title or best.name
    assert f'"{called}" is worth most, {cell(best.value_usd.mean, "usd")}' in told.lead
    assert table.rows[0][:2] == (called, best.value_usd.mean)
    assert table.rows[0][7] == best.outputs.npv_usd.mean
    unit = 1e9 if "billion USD" in drawn else 1e6
    for row in rows:
        for name, value_usd in (("middle", row.value_usd.p50), ("mean", row.value_usd.mean)):
            assert f">{name} {figure(value_usd / unit)}<" in drawn


def test_the_better_npv_is_not_the_better_strategy(comparison: Comparison) -> None:
    """users 2: 3.70 before the end and 9 with it is worth more than 4.18 and 8."""
    rows = (_row(comparison, "short", 9e9, 3.70e9), _row(comparison, "long", 8e9, 4.18e9))
    of = {row.name: comparison.tables["stated"] for row in rows}
    regrets = {row.name: comparison.regret_usd["stated"] for row in rows}
    told = document(replace(comparison, strategies=rows, breaks=(), tables=of, regret_usd=regrets))
    assert told.lead.startswith('On average "short" is worth most, 9 billion USD')
    assert [row[0] for row in told.tables()["strategies"].rows] == ["short", "long"]


def _row(comparison: Comparison, name: str, value_usd: float, npv_usd: float) -> ComparedStrategy:
    value, npv, power = (quantiles([figure]) for figure in (value_usd, npv_usd, 1e10))
    told = outcomes(comparison.tables["stated"])
    outputs = replace(told, npv_usd=npv, value_usd=value, installed_w=power)
    return replace(comparison.strategies[0], name=name, title="", value_usd=value, npv_usd=npv, outputs=outputs)


def test_futures_without_a_value_are_left_out_and_counted(comparison: Comparison) -> None:
    """faults K17: one NaN of one strategy takes its future out of all of them, and the note says so."""
    tables = {name: table.copy(deep=True) for name, table in comparison.tables.items()}
    tables["small"].value_usd.values[3] = np.nan
    kept = with_value(tables, "futures")
    assert [table.draw.values.tolist() for table in kept.values()] == 2 * [[0, 1, 2, 4]]
    (note,) = left_out(5, kept["small"].sizes["draw"], "futures")
    assert (note.code, note.path) == ("no_value", "futures")
    assert note.text.startswith("1 of 5 futures have no value and are left out")
    assert left_out(5, 5, "futures") == []
    tables["small"].value_usd.values[:] = np.inf
    with pytest.raises(ScenarioError, match="futures = 5 futures without a value: expected quantities"):
        with_value(tables, "futures")


def test_a_strategy_without_a_plan_is_named(brief: Scenario, brief_set: dict[str, str], tmp_path: Path) -> None:
    hard = '[use_cases.assistant]\nfloor = "100 %"\nhard = true\n'
    chosen = load_strategies(write(tmp_path, hard=hard, stated=""), load("one-campus", brief_set))
    with pytest.raises(Infeasible) as caught:
        compare(brief, chosen, CompareQuestion(futures_count=1, workers_count=1), Job())
    assert all(conflict.limit.startswith("hard: ") for conflict in caught.value.conflicts)


def test_more_strategies_than_anybody_reads_are_refused(brief: Scenario) -> None:
    many = [Strategy(name=f"s{n}", title="", description="", scenario=brief) for n in range(51)]
    with pytest.raises(ScenarioError, match="strategies = 51: expected at most 50"):
        compare(brief, many, CompareQuestion(), Job())


@pytest.mark.parametrize(
    ("question", "path"),
    [
        (CompareQuestion(futures_count=0), "futures"),
        (CompareQuestion(workers_count=2000), "workers"),
        (CompareQuestion(vary=("demnd",)), "vary"),
    ],
)
def test_what_cannot_be_compared(brief: Scenario, question: CompareQuestion, path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        compare(brief, [], question, Job())
    assert [(fault.path, fault.asked) for fault in caught.value.faults] == [(path, True)]


def test_shipped_strategies_lie_over_the_default_scenario() -> None:
    found = load_strategies((), load("loi-2025-09"))
    assert [strategy.name for strategy in found] == shipped_for("loi-2025-09")
    assert len({strategy.scenario.hash for strategy in found}) == len(found) == 4
    assert all(strategy.title and strategy.description for strategy in found)


def test_a_strategy_lies_over_the_scenario_that_it_is_made_for(tmp_path: Path) -> None:
    """Unless others are named: those of one deal are no strategies of another; a named one lies over any."""
    own = shipped_for("ports-pike-2026-08")
    assert set(own) == {"hundred-by-milestones", "thirty-up-front", "guarantee-of-105"}
    assert set(own).isdisjoint(shipped_for("loi-2025-09"))
    assert set(own) | set(shipped_for("loi-2025-09")) == set(shipped())
    (mine,) = load_strategies(write(tmp_path, mine='made_for = ["loi-2025-09"]'), load("one-campus"))
    assert mine.made_for == ("loi-2025-09",)


def test_three_ways_of_financing_differ_in_money_alone() -> None:
    """The same guarantee but for its cap, so that what landlords bear is counted alike."""
    base = load("ports-pike-2026-08")
    names = ("hundred-by-milestones", "thirty-up-front", "guarantee-of-105")
    found = [strategy.scenario.asked for strategy in load_strategies(names, base)]
    money = [(use.capital.tranches, use.capital.upfront_equity_usd, use.capital.guarantee) for use in found]
    tranches, upfront, guarantees = zip(*money, strict=True)
    assert [use.cap_usd for use in guarantees] == [0.0, 0.0, 105e9]
    assert len({replace(use, cap_usd=1.0) for use in guarantees}) == 1
    assert guarantees[2] == base.asked.capital.guarantee
    assert upfront == (0.0, 30e9, 0.0)
    assert (tranches[0].amount_usd, tranches[0].every_w, tranches[0].most_usd) == (10e9, 1e9, 100e9)
    assert tranches[1:] == (None, None)
    assert all(use.sites == base.asked.sites and use.finance == base.asked.finance for use in found)


def test_overrides_come_before_strategies(tmp_path: Path) -> None:
    files = write(tmp_path, small=SMALL, stated="")
    small, stated = load_strategies(files, load("one-campus", {"programme.target": "80 MW", "seed": 4}))
    assert (small.scenario.asked.programme.target_w, stated.scenario.asked.programme.target_w) == (15e6, 80e6)
    assert small.scenario.asked.seed == 4


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('[programme]\ntargt = "60 MW"', "mine: programme.targt", 'did you mean "target"'),
        ('[horizon]\nend = "2040Q1"', "mine: horizon", "overrides of what is decided"),
        ("[uncertainty.demand]\np10 = 0.1", "mine: uncertainty", "overrides of what is decided"),
        ('extends = "one-campus"', "mine: extends", "overrides of what is decided"),
        ("made_for = 3", "mine: made_for", "a list of names of scenarios"),
        ("made_for = [3]", "mine: made_for", "a list of names of scenarios"),
        ("[programme", "mine: ", "valid TOML"),
    ],
)
def test_a_mistaken_strategy_is_named(tmp_path: Path, text: str, path: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_strategies(write(tmp_path, mine=text), load("one-campus"))
    (fault,) = caught.value.faults
    assert fault.path.startswith(path)
    assert expected in fault.expected


def test_names_that_are_not_there_and_names_twice(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match='did you mean "wait-for-rubin"'):
        load_strategies(["wait-for-ruben"], load("loi-2025-09"))
    with pytest.raises(ScenarioError, match="a readable TOML file"):
        load_strategies([str(tmp_path / "none.toml")], load("one-campus"))
    (tmp_path / "other").mkdir()
    with pytest.raises(ScenarioError, match="files of different names"):
        load_strategies([*write(tmp_path, a=""), *write(tmp_path / "other", a="")], load("one-campus"))
