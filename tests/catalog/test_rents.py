"""What an hour of a part cost, by day."""

from __future__ import annotations

import pytest

from gigawatt.catalog import load
from gigawatt.catalog.records import Rents
from gigawatt.catalog.rented import Rent, newest_rent, rent_on, rent_text

ALL: list[Rents] = [load.load("rents", id_) for id_ in load.ids("rents")]


@pytest.mark.parametrize("rents", ALL, ids=lambda rents: rents.id)
class TestEveryFile:
    def test_it_is_of_parts_that_are_there(self, rents: Rents) -> None:
        assert rents.parts
        assert set(rents.parts) <= set(load.ids("accelerators"))

    def test_every_price_has_a_source(self, rents: Rents) -> None:
        assert rents.quotes
        for name in rents.quotes:
            assert rents.evidence[f"quotes.{name}.price_usd_per_h"].source is not None

    def test_no_quote_is_known_before_its_day(self, rents: Rents) -> None:
        """So that what is asked as of a day is what stood in the lists of that day."""
        for name, quote in rents.quotes.items():
            known = rents.evidence[f"quotes.{name}.price_usd_per_h"].known_date or load.known_from("rents", rents.id)
            assert quote.day_date <= (known or "2025-09-22"), name


def rent(part: str, kind: str, day: str | None = None) -> Rent:
    found = rent_on(part, kind, day)  # type: ignore[arg-type]
    assert found is not None
    return found


class TestRentOn:
    def test_the_newest_of_a_kind(self) -> None:
        found = rent("h100", "on_demand")
        assert (found.usd_per_h, found.low_usd_per_h, found.high_usd_per_h) == (3.6, 2.58, 6.16)
        assert (found.day_date, found.offers_count) == ("2026-10-24", 16)

    @pytest.mark.parametrize(("day", "usd"), [("2025-09-22", 2.77), ("2026-05-20", 2.95), ("2026-10-23", 2.95)])
    def test_the_newest_by_a_day(self, day: str, usd: float) -> None:
        assert rent("h100", "on_demand", day).usd_per_h == usd

    def test_what_was_not_yet_quoted_is_none(self) -> None:
        assert rent_on("vera-rubin-nvl72-max-p", "three_years", "2026-09-13") is None
        assert rent_on("trainium2", "on_demand") is None

    def test_the_catalog_as_of_a_day_holds_no_later_quote(self) -> None:
        with load.known_by("2025-09-22"):
            assert rent("h100", "on_demand").usd_per_h == 2.77
            assert rent_on("h100", "one_year") is None
            assert newest_rent("gb300-nvl72") is None

    @pytest.mark.parametrize(
        ("part", "kind", "usd"),
        [
            ("h100", "one_year", 2.35),
            ("h200", "three_years", 2.90),
            ("gb200-nvl72", "on_demand", 4.54),
            ("gb300-nvl72", "three_years", 5.0),
            ("vera-rubin-nvl72-max-p", "three_years", 8.5),
            ("vera-rubin-nvl72-max-q", "owned", 3.61),
            ("openai-jalapeno", "owned", 1.47),
        ],
    )
    def test_what_was_published(self, part: str, kind: str, usd: float) -> None:
        assert rent(part, kind).usd_per_h == pytest.approx(usd)

    def test_a_range_without_a_middle_has_one_derived_from_its_ends(self) -> None:
        found = rent("h200", "on_demand")
        assert found.evidence.grade == "derived"
        assert found.usd_per_h == pytest.approx((3.45 * 6.30) ** 0.5, abs=0.01)


class TestNewestRent:
    def test_it_is_never_what_an_owner_spends(self) -> None:
        assert newest_rent("openai-jalapeno") is None
        found = newest_rent("vera-rubin-nvl72-max-p")
        assert found is not None
        assert found.kind == "three_years"

    def test_of_several_kinds_the_newest(self) -> None:
        found = newest_rent("h100", "2026-04-10")
        assert found is not None
        assert (found.kind, found.usd_per_h) == ("three_years", 1.3)


def test_a_rent_is_told_with_its_day_and_source() -> None:
    assert rent_text(rent("h100", "on_demand")).startswith("taken on demand, 2026-10-24, 16 offers: ")
    assert rent_text(rent("h100", "three_years", "2026-05-01")) == (
        "taken for three years, 2026-04-03: SemiAnalysis InferenceX: cost of a GPU-hour"
    )
