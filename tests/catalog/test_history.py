"""Histories of companies: which points set elasticities, which judge them, and that each is sourced."""

from datetime import date

import pytest

from gigawatt.catalog import load
from gigawatt.errors import CatalogError


def test_every_figure_is_sourced_and_every_day_is_one() -> None:
    history = load.get("history", "openai")
    named = {f"points.{n}.{name}" for n, point in enumerate(history.points) for name in figures(point)}
    assert set(history.evidence) == named
    assert all(item.source is not None and item.source.title for item in history.evidence.values())
    unread = {path for path, item in history.evidence.items() if not item.source.url.startswith("https://")}
    assert {history.points[int(path.split(".")[1])].day_date[:7] for path in unread} == {"2026-08"}
    assert [point.day_date for point in history.points] == sorted(
        date.fromisoformat(point.day_date).isoformat() for point in history.points
    )


def figures(point: object) -> list[str]:
    names = ("power_w", "yearly_revenue_usd", "weekly_users_count")
    return [name for name in names if getattr(point, name) is not None]


def test_only_2023_and_2024_set_elasticities() -> None:
    points = load.get("history", "openai").points
    assert {point.day_date[:4] for point in points if not point.held_out} == {"2023", "2024"}
    assert all(point.held_out for point in points if point.day_date >= "2025")


@pytest.mark.parametrize(
    ("day", "name", "value"),
    [
        ("2023-12-31", "power_w", 0.2e9),
        ("2024-12-31", "yearly_revenue_usd", 6e9),
        ("2025-12-31", "power_w", 1.9e9),
        ("2025-12-31", "yearly_revenue_usd", 20e9),
        ("2025-10-06", "weekly_users_count", 800e6),
        ("2026-02-27", "weekly_users_count", 900e6),
        ("2026-08-06", "weekly_users_count", 1e9),
        ("2026-08-15", "yearly_revenue_usd", 40e9),
    ],
)
def test_what_was_published(day: str, name: str, value: float) -> None:
    points = {point.day_date: point for point in load.get("history", "openai").points}
    assert getattr(points[day], name) == pytest.approx(value)


def test_an_unknown_company_names_those_that_are_known() -> None:
    with pytest.raises(CatalogError, match="openai"):
        load.get("history", "opnai")


@pytest.mark.parametrize(
    ("day", "last"),
    [("2023-11-05", None), ("2025-09-22", "2025-07-31"), ("2026-08-06", "2026-08-06"), (None, "2026-08-15")],
)
def test_points_after_the_day_asked_are_not_there(day: str | None, last: str | None) -> None:
    with load.known_by(day):
        points = load.get("history", "openai").points
    assert (points[-1].day_date if points else None) == last


def test_a_day_asked_leaves_each_point_its_evidence() -> None:
    with load.known_by("2025-09-22"):
        history = load.get("history", "openai")
    assert set(history.evidence) == {
        f"points.{n}.{name}" for n, point in enumerate(history.points) for name in figures(point)
    }
