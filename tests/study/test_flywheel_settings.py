"""The flywheel set on more or fewer years of the past: least squares, what is held out, and what a trend says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gigawatt.catalog import load as catalog
from gigawatt.errors import CatalogError, ScenarioError
from gigawatt.report.documents.flywheel import document
from gigawatt.scenario.load import load
from gigawatt.study import verbs
from gigawatt.study.flywheel.backtest import PastSetting, settings, verdict, year_ends
from gigawatt.study.flywheel.fit import SetWheel, fitted, trend
from gigawatt.study.flywheel.past import SERIES, Levels, hindcast, past

UNTIL = "2025-12-31"
FITTED = ("users_odds_ratio", "user_tokens_ratio", "capital_per_revenue_ratio")


@pytest.fixture(scope="module")
def history() -> Any:
    return catalog.get("history", "openai")


@pytest.fixture(scope="module")
def wheel() -> Any:
    return load("loi-2025-09").asked.flywheel


@pytest.fixture(scope="module")
def by_year(wheel: Any, history: Any) -> tuple[PastSetting, ...]:
    return settings(wheel, history)


def changed(history: Any, factor: float, after: str = "") -> Any:
    """The history with every figure after a day times a factor."""
    points = tuple(
        replace(p, **{name: factor * value for name in SERIES if (value := getattr(p, name)) and p.day_date > after})
        for p in history.points
    )
    return replace(history, points=points)


def at(history: Any, day: str, **figures: float) -> Any:
    """The history with other figures on a day."""
    return replace(history, points=tuple(replace(p, **figures) if p.day_date == day else p for p in history.points))


def squares(of: SetWheel, known: Any) -> float:
    turned = hindcast(of.wheel, known, of.levels)
    offs = [np.log(turned.of(name)(one.since_years) / one.value) for name in SERIES for one in known.setting(name)]
    return float(np.square(offs).sum())


class TestLeastSquares:
    def test_two_points_of_each_series_are_met_exactly_from_the_first(self, wheel: Any, history: Any) -> None:
        known = past(history)
        given = fitted(wheel, known)
        assert given.levels == known.first
        assert squares(given, known) < 1e-8

    def test_a_wheel_is_found_again_from_what_it_says(self, wheel: Any, history: Any) -> None:
        """Every point of a made-up past lies on one wheel, and that wheel is what least squares find."""
        true = replace(wheel, users_odds_ratio=2.2, user_tokens_ratio=1.3, capital_per_revenue_ratio=6.0)
        levels = Levels(power_w=1.5e8, yearly_revenue_usd=1.4e9, weekly_users_count=0.8e8)
        turned = hindcast(true, past(history), levels)
        times = {one.point.day_date: one.since_years for name in SERIES for one in past(history).series(name)}
        points = tuple(
            replace(p, **{name: turned.of(name)(times[p.day_date]) for name in SERIES if getattr(p, name)})
            for p in history.points
        )
        given = fitted(wheel, past(replace(history, points=points), UNTIL))
        for name in FITTED:
            assert getattr(given.wheel, name) == pytest.approx(getattr(true, name), rel=1e-6), name
        for name in SERIES:
            assert getattr(given.levels, name) == pytest.approx(getattr(levels, name), rel=1e-6), name

    def test_no_wheel_near_by_is_nearer(self, wheel: Any, history: Any) -> None:
        known = past(history, UNTIL)
        best = fitted(wheel, known)
        least = squares(best, known)
        for factor in (0.99, 1.01):
            for name in FITTED:
                other = replace(best.wheel, **{name: factor * getattr(best.wheel, name)})
                assert squares(replace(best, wheel=other), known) > least, name
            for name in SERIES:
                begin = replace(best.levels, **{name: factor * getattr(best.levels, name)})
                assert squares(replace(best, levels=begin), known) > least, name

    @pytest.mark.parametrize(
        ("day", "name", "value", "says"),
        [
            ("2024-12-31", "power_w", 1e8, "100,000,000 W after 200,000,000 W: expected power that grows"),
            (
                "2024-12-04",
                "weekly_users_count",
                6e9,
                "6,000,000,000 weekly users: expected fewer than flywheel.people",
            ),
        ],
    )
    def test_what_no_wheel_passes_through_is_refused(
        self, wheel: Any, history: Any, day: str, name: str, value: float, says: str
    ) -> None:
        with pytest.raises(CatalogError, match=rf"history\.openai\.points = {says}"):
            fitted(wheel, past(at(history, day, **{name: value})))

    def test_what_falls_again_is_met_by_no_wheel(self, wheel: Any, history: Any) -> None:
        fallen = at(history, UNTIL, power_w=2e6)
        with pytest.raises(CatalogError, match=r"history\.openai\.points = 12 figures.*that grow"):
            fitted(wheel, past(fallen, UNTIL))

    def test_a_later_year_that_no_wheel_meets_is_left_out_and_said(self, wheel: Any, history: Any) -> None:
        fallen = at(history, UNTIL, power_w=2e6)
        assert year_ends(fallen) == (UNTIL,)
        assert [one.fitted_until_date for one in settings(wheel, fallen)] == ["2024-12-31"]


class TestTrend:
    def test_through_two_points_exactly(self, history: Any) -> None:
        setting = past(history).setting("power_w")
        assert trend(setting, setting[1].since_years) == pytest.approx(setting[1].value)
        assert trend(setting, 2 * setting[1].since_years) == pytest.approx(1.8e9, rel=1e-3)

    def test_through_more_by_least_squares_of_logarithms(self, history: Any) -> None:
        setting = past(history, UNTIL).setting("weekly_users_count")
        times, values = [one.since_years for one in setting], [one.value for one in setting]
        rate, level = np.polyfit(times, np.log(values), 1)
        assert len(setting) == 6
        assert trend(setting, 3.0) == pytest.approx(np.exp(level + 3.0 * rate), rel=1e-9)


class TestSettings:
    def test_one_to_2024_and_one_to_2025(self, by_year: tuple[PastSetting, ...]) -> None:
        assert [(one.fitted_until_date, one.figures_count) for one in by_year] == [("2024-12-31", 6), (UNTIL, 12)]
        assert min(row.date for row in by_year[1].rows) > UNTIL
        assert len(by_year[1].rows) == 4

    def test_what_they_say_of_august_2026(self, by_year: tuple[PastSetting, ...]) -> None:
        """A golden: errors of the wheel and of a trend, of which nothing was looked at when the wheel was set."""
        found = [
            (row.error_frac, row.trend_error_frac)
            for one in by_year
            for row in one.rows
            if row.date > "2026-08" and row.held_out
        ]
        revenue, users, later_revenue, later_users = found
        assert revenue == pytest.approx((-0.257, -0.109), abs=0.002)
        assert users == pytest.approx((0.373, 0.650), abs=0.002)
        assert later_revenue == pytest.approx((-0.097, 0.005), abs=0.002)
        assert later_users == pytest.approx((0.730, 1.046), abs=0.002)

    def test_what_is_held_out_changes_no_prediction(self, wheel: Any, history: Any) -> None:
        one, other = (settings(wheel, past_)[1] for past_ in (history, changed(history, 1.7, after=UNTIL)))
        assert [row.predicted for row in one.rows] == [row.predicted for row in other.rows]
        assert [getattr(one, name) for name in FITTED] == [getattr(other, name) for name in FITTED]

    def test_mean_errors_are_those_of_the_rows(self, by_year: tuple[PastSetting, ...]) -> None:
        for one in by_year:
            assert one.error_mean_frac == pytest.approx(np.mean([abs(row.error_frac) for row in one.rows]))
            assert one.trend_error_mean_frac == pytest.approx(np.mean([abs(row.trend_error_frac) for row in one.rows]))

    @pytest.mark.parametrize(
        ("error", "of_trend", "says"), [(0.1, 0.2, "better"), (0.2, 0.1, "worse"), (0.17, 0.2, "told"), (0, 0, "told")]
    )
    def test_the_verdict(self, error: float, of_trend: float, says: str) -> None:
        assert says in verdict(error, of_trend)


class TestAsked:
    def test_up_to_a_day(self, by_year: tuple[PastSetting, ...]) -> None:
        found = verbs.flywheel(backtest=True, fitted_until=UNTIL)
        assert {row.date for row in found.backtest if row.held_out} == {"2026-02-27", "2026-08-06", "2026-08-15"}
        numbers = {row.name: row for row in found.elasticities}
        assert numbers["users_odds"].value == numbers["users_odds"].fitted == by_year[1].users_odds_ratio
        assert (numbers["users_odds"].grade, numbers["users_odds"].source) == ("derived", None)
        assert numbers["people"].value == 5.5e9
        assert any("12 figures, by least squares" in note.text for note in found.head.notes)
        assert any(
            "does better than a trend" in note.text or "cannot be told" in note.text for note in found.head.notes
        )

    def test_without_a_day_the_scenario_s_own(self, by_year: tuple[PastSetting, ...]) -> None:
        found = verbs.flywheel(backtest=True, set={"flywheel.users_odds": 2.0})
        assert {row.value for row in found.elasticities if row.name == "users_odds"} == {2.0}
        assert found.settings == by_year

    def test_a_plan_is_turned_by_what_was_set(self, tmp_path: Any) -> None:
        """Two years' growth of users at other odds than the scenario's: the turn comes back with another demand."""
        from tests.study.test_flywheel import TEXT

        (tmp_path / "campus.toml").write_text(TEXT, encoding="utf-8")
        quick = {"damping": 1, "start": 1}
        own = verbs.flywheel(str(tmp_path / "campus.toml"), **quick)
        later = verbs.flywheel(str(tmp_path / "campus.toml"), fitted_until=UNTIL, **quick)
        assert own.iterations[0].response_ratio != later.iterations[0].response_ratio

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            ("summer", "a day, such as 2025-12-31"),
            ("2025-13-01", "a day, such as 2025-12-31"),
            ("2024-12-30", "from 2024-12-31"),
            ("2026-08-15", "before 2026-08-15"),
            ("2030-01-01", "before 2026-08-15"),
        ],
    )
    def test_a_day_that_sets_or_judges_nothing_is_refused(self, day: str, expected: str) -> None:
        with pytest.raises(ScenarioError) as caught:
            verbs.flywheel(backtest=True, fitted_until=day)
        assert [(fault.path, fault.asked) for fault in caught.value.faults] == [("fitted_until", True)]
        assert expected in caught.value.faults[0].expected


class TestAsOf:
    def test_before_2025_ends_nothing_of_it_is_known(self) -> None:
        found = verbs.flywheel(backtest=True, set={"as_of": "2025-09-22"})
        assert max(row.date for row in found.backtest) == "2025-07-31"
        assert [one.fitted_until_date for one in found.settings] == ["2024-12-31"]

    def test_a_series_of_which_nothing_is_held_out_is_told_and_drawn(self) -> None:
        made = document(verbs.flywheel(backtest=True, set={"as_of": "2025-09-22"}))
        assert made.lead.endswith("568 million weekly users for July 2025 (published: 700 million, error −18.9 %).")
        assert "compute" in made.charts()
        assert "settings-weekly-users" not in made.tables()

    def test_of_users_alone_anything_is_held_out(self) -> None:
        """The first day on which every model of the scenario is known."""
        found = verbs.flywheel(backtest=True, set={"as_of": "2025-05-01"})
        assert [row.date for row in found.backtest if row.held_out] == ["2024-08-29", "2025-02-20"]

    def test_a_scenario_is_not_asked_before_the_models_that_it_names(self) -> None:
        with pytest.raises(ScenarioError, match='"deepseek-r1" is known from 2025-01-20, asked as of 2024-12-31'):
            verbs.flywheel(backtest=True, set={"as_of": "2024-12-31"})


def test_a_setting_that_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from gigawatt.study.flywheel import answer

    monkeypatch.setattr(answer, "year_ends", lambda _: (UNTIL, "2026-06-30"))
    found = verbs.flywheel(backtest=True)
    assert any("1 of the later year ends are met by no wheel" in note.text for note in found.head.notes)
