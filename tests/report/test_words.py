"""Words mean what the figures behind them are: dates by the end of a quarter, reasons that bind, units that fit."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from gigawatt.errors import ScenarioError
from gigawatt.plan.break_even import price_ratio
from gigawatt.plan.plan import plan_inputs
from gigawatt.progress import quiet
from gigawatt.report import ladder, tables, views, words
from gigawatt.report.document import Document, Exhibit, Table
from gigawatt.report.documents import run as run_document
from gigawatt.report.documents import simulation as simulation_document
from gigawatt.report.writers import page, terminal
from gigawatt.scenario.load import loads
from gigawatt.simulation.timeline import Window
from gigawatt.study import dates
from gigawatt.study.allocation.problem import opened
from gigawatt.study.allocation.question import AllocationQuestion
from gigawatt.study.answer import plain
from gigawatt.study.nothing import price_ratio_of
from gigawatt.study.result import Result, load
from gigawatt.study.run.answer import answer_of
from gigawatt.study.run.stages import run
from gigawatt.study.simulation import answer as simulation

DATA_QUARTER = re.compile(r"\b20\d\dQ[1-4]\b")


def document(result: Result) -> Document:
    return run_document.document(answer_of(result))


def told(found: Document) -> str:
    """All that a terminal shows, wide enough that nothing is folded."""
    out = io.StringIO()
    terminal.show(found, {}, Console(file=out, width=400, highlight=False, markup=False, emoji=False))
    return out.getvalue()


def read(found: Document) -> str:
    """The text of a page, with what its charts say on hovering."""
    html = page.render(found)
    return re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", html, flags=re.DOTALL)


def test_a_date_is_the_end_of_its_quarter(result: Result) -> None:
    """users 4: "stands in October 2027" meant by the end of December; the JSON keeps the quarter's first day."""
    day = str(result.headline["target_date"])
    power = result.plan.data.facility_w.sum("site")
    quarter = f"{day[:4]}Q{(int(day[5:7]) + 2) // 3}"
    before = str(power.period.values[list(power.period.values).index(quarter) - 1])
    target = result.scenario.asked.programme.target_w
    assert float(power.sel(period=quarter)) >= target * (1 - 1e-6) > float(power.sel(period=before))
    assert f"by the end of Q{quarter[-1]} {quarter[:4]}" in words.headline(views.view(result))
    assert plain(answer_of(result))["headline"]["target_date"] == day


def test_an_output_has_one_notation_of_quarters(result: Result, late: Result) -> None:
    """users 4: terminal and page mixed "2027Q4", "Q4 2027" and "October 2027"."""
    for one in (result, late):
        for text in (told(document(one)), read(document(one))):
            assert re.search(r"\bQ[1-4] 20\d\d\b", text)
            assert not DATA_QUARTER.findall(text)
            assert not re.search(rf"\bin ({'|'.join(dates.MONTH_NAMES)}) 20\d\d", text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2030Q4; shells are sized", "Q4 2030; shells are sized"),
        ("racks from 2026Q3 to 2027Q1", "racks from Q3 2026 to Q1 2027"),
        ("--set horizon.end=2028Q2", "--set horizon.end=2028Q2"),
        ("runs/loi-2025-09, model 12026Q3x", "runs/loi-2025-09, model 12026Q3x"),
    ],
)
def test_quarters_in_running_text(text: str, said: str) -> None:
    assert dates.spoken(text) == said


def test_what_is_not_there_yet_is_the_reason(late: Result) -> None:
    """users 10: "2026: nothing: more would not pay" for a site without power until 2027Q2."""
    found = words.binds_by_year(views.view(late))
    assert found["2026"] == "no grid power at Example campus yet (Q3–Q4)"
    assert found["2027"].startswith("no grid power at Example campus yet (Q1)")
    assert (
        words.binds_first(views.view(late)) == "First in the way, in 2026: no grid power at Example campus yet (Q3–Q4)."
    )


def test_racks_that_do_not_ship_yet_are_the_reason(late: Result) -> None:
    """users 10, the same of supply: power stands, and no platform ships."""
    given = late.plan.inputs
    supply = given.supply_count.where(given.period > "2027Q1", 0.0)
    powered = given.assign(ramp_w=given.ramp_w + 1.0, supply_count=supply)
    found = words.binds_by_year(views.view(replace(late, plan=replace(late.plan, inputs=powered, binds=()))))
    assert found["2026"] == "no racks ship yet (Q3–Q4)"
    assert found["2027"] == "no racks ship yet (Q1)"


def test_a_small_programme_does_not_speak_of_gigawatts(result: Result) -> None:
    """users 16: "first GW never", DGX-1 and Feynman in the report of a campus of 100 MW."""
    assert result.scenario.asked.programme.target_w < 1e9
    for text in (told(document(result)), read(document(result))):
        assert not re.search(r"\bGW\b|[Gg]igawatt (earns|stands)|[Ff]irst gigawatt|DGX-1|Feynman", text)
    assert ladder.compute(views.view(result)) is None
    assert plain(answer_of(result))["headline"]["first_gw_date"] is None
    earned = result.headline["revenue_usd_per_gw_year"]
    assert isinstance(earned, float)
    assert f"A megawatt earns {earned / 1e9:.3g} million USD a year" in words.per_gw_year(views.view(result))


def test_a_programme_of_gigawatts_still_does(result: Result) -> None:
    large = replace(result, scenario=loads(result.scenario.toml, {"programme.target": "1 GW"}))
    assert "A gigawatt earns" in words.per_gw_year(views.view(large))
    exhibit = ladder.compute(views.view(large))
    assert exhibit is not None
    assert exhibit.chart is not None
    assert "DGX-1, 8 GPUs" in exhibit.chart.wide
    assert "First gigawatt" in [row[0] for row in tables.headline(views.view(large)).rows]


def test_power_is_named_for_what_it_is(result: Result) -> None:
    """users 17: 218, 209, 155 and 290 MW in one output: what is in service, what shells can draw, what is drawn."""
    rows = {row[0]: row for row in tables.lived(views.view(result)).rows}
    assert "facility power: what the shells can draw, and what the highest hour draws" in rows
    notes = {row[0]: row[2] for row in tables.headline(views.view(result)).rows}
    assert "every rack at its full IT power" in str(notes["Facility power in service"])


def test_nothing_worth_building_is_an_answer(nothing: Result, tmp_path: Path) -> None:
    """faults K3: a traceback after all the solving; every view is written, and says what would have to change."""
    found = document(nothing)
    for said in (told(found), read(found)):
        assert re.search(
            r"Nothing is worth building: tokens would have to sell for at least [\d.]+ times what they do", said
        )
        assert "What tokens sell for" in said
        assert not re.search(r"\b(nan|inf|None)\b", said)
    again = load(nothing.save(tmp_path / "nothing"))
    assert words.headline(views.view(again)) == words.headline(views.view(nothing))
    assert plain(answer_of(nothing))["headline"]["peak_period"] is None
    assert plain(answer_of(nothing))["headline"]["irr_frac"] is None


def test_a_page_of_nothing_is_worth_reading(nothing: Result) -> None:
    """faults K3: what would have to change and what that rests on; no empty section, no tiles of noughts."""
    found = document(nothing)
    assert found.tiles == ()
    assert [section.slug for section in found.sections] == ["change", "evidence"]
    assert all(section.parts for section in found.sections)
    ratio = price_ratio_of(nothing.notes)
    assert ratio is not None
    for _, first, needed, last, then in found.tables()["break-even-prices"].rows:
        assert (needed, then) == pytest.approx((float(first) * ratio, float(last) * ratio))  # type: ignore[arg-type]
    assert all(row[1] for row in found.tables()["rack-prices"].rows)


def test_what_is_asked_of_nothing_is_answered(nothing: Result, tmp_path: Path) -> None:
    """faults K3, the same of `simulate` and `allocate`: a fleet that does not run, and bad input that says so."""
    said = told(simulation_document.document(simulation.answer_of(nothing, Window())))
    assert said.count("Nothing runs.") == 1
    assert "No rack is in service." in said
    nothing.save(tmp_path / "nothing")
    with pytest.raises(ScenarioError, match="nothing is built: expected a result that builds something"):
        opened(AllocationQuestion(scenario=str(tmp_path / "nothing")))


def test_no_crumbs_of_the_solver_are_bought(nothing: Result) -> None:
    """faults K3: 0.0008 USD of capital spending."""
    for name in ("install_count", "energise_w", "shell_w", "work_count", "it_w"):
        assert not nothing.plan.data[name].any(), name
    assert nothing.headline["capex_usd"] == 0
    assert answer_of(nothing).checks.objective_vs_accounts_rel < 1e-6
    assert answer_of(nothing).checks.plan_feasible


def test_every_exhibit_stands_with_nothing(nothing: Result) -> None:
    """faults K3: each chart and table, also those that a page without power leaves out."""
    v = views.view(nothing)
    makers = (run_document._built, run_document._capital, run_document._served)
    money = run_document._money(v, answer_of(nothing).yardsticks)
    for section in (*(make(v) for make in makers), money, *run_document._lived(v)):
        for part in section.parts:
            if isinstance(part, Exhibit):
                assert part.says.endswith(".")
                assert part.chart is None or not re.search(r"(?<![a-z])(nan|inf)(?![a-z])", part.chart.wide)
            table = part.table if isinstance(part, Exhibit) else part
            assert not isinstance(table, Table) or table.texts() is not None


def test_the_break_even_is_where_something_begins_to_pay(nothing: Result) -> None:
    """faults K3: no invented figure: a hundredth below it nothing is built, a hundredth above something is."""
    asked, given = nothing.scenario.asked, nothing.plan.inputs
    ratio = price_ratio(given, asked, nothing.plan.objective)
    assert ratio is not None
    assert f"at least {ratio:.3g} times" in words.headline(views.view(nothing))
    for factor, some in ((0.99, False), (1.01, True)):
        dearer = given.assign(price_usd_per_mtok=given.price_usd_per_mtok * ratio * factor)
        found = plan_inputs(dearer, asked, quiet, with_worth=False)
        assert bool(found.data.install_count.any()) == some


def test_nothing_for_lack_of_cash_names_the_cash() -> None:
    """faults K3: where cash is what lacks, more of it is what would have to change."""
    broke = {"capital.opening_cash": "50 million USD", "capital.debt_limit": "0 USD", "horizon.end": "2028Q2"}
    found = run("one-campus", {"horizon.report_end": "2027Q4"} | broke)
    said = words.headline(views.view(found))
    assert said.startswith("Nothing is built for want of opening cash: 1 billion USD more would add")
    assert words.binds_by_year(views.view(found))["2026"].startswith("cash")
    assert [section.slug for section in document(found).sections] == ["binds", "worth", "change", "evidence"]
