"""Parts that contradict themselves are faults of their file, each with its path; what has none can be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.catalog.contradictions import contradictions
from gigawatt.catalog.load import get, ids, load, read_file
from gigawatt.catalog.plausible import refused
from gigawatt.catalog.records import (
    Accelerator,
    Climate,
    FailureClass,
    Model,
    PowerCurve,
    Reliability,
    ServingDerating,
    Site,
)
from gigawatt.catalog.to_watts import normals, weather_of
from gigawatt.errors import CatalogError
from gigawatt.quarters import Course
from gigawatt.watts.weather import warmest_of_cycles


def paths(record: object) -> list[str]:
    return [fault.path for fault in contradictions(record)]


def site(**changed: object) -> Site:
    return replace(get("sites", "example-campus"), **changed)  # type: ignore[arg-type]


def climate(**changed: float) -> Site:
    return site(climate=replace(get("sites", "example-campus").climate, **changed))  # type: ignore[arg-type]


class TestClimate:
    def test_cycles_beyond_the_warmest_hours(self, data_dir: FilePath) -> None:
        """reports 11: `cycles.toml`; `check` said nothing, and `run`, `simulate` and `predict bridge` fell over."""
        with pytest.raises(CatalogError) as caught:
            read_file(Site, data_dir / "cases" / "reports" / "cycles.toml")
        (fault,) = caught.value.faults
        assert fault.path == "cycles.toml: climate.warmest_hours"
        assert fault.given == "28 degC"
        assert fault.expected == "at least 34.7 degC, which mean and amplitudes reach by themselves"

    def test_each_contradiction_has_its_path(self) -> None:
        """reports 11."""
        mean = get("sites", "example-campus").climate.mean_degc
        assert paths(climate()) == []
        assert paths(climate(dew_point_degc=mean + 1)) == ["climate.dew_point"]
        assert paths(climate(warmest_hours_degc=mean - 1)) == ["climate.warmest_hours"]
        assert paths(climate(mean_degc=-40.0, dew_point_degc=-50.0, warmest_hours_degc=50.0)) == ["climate"]

    @pytest.mark.parametrize("name", ["yearly_amplitude_degc", "daily_amplitude_degc"])
    def test_an_amplitude_below_nothing_is_refused(self, name: str) -> None:
        """reports 11."""
        key = name.removesuffix("_degc")
        assert [fault.path for fault in refused(climate(**{name: -1.0}))] == [f"climate.{key}"]

    # One climate in about six is accepted, which the check on drawing sometimes holds to be too few; as many are tried.
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(
        mean=st.floats(-40, 45),
        yearly=st.floats(0, 40),
        daily=st.floats(0, 25),
        above=st.floats(0, 40),
        below=st.floats(0, 40),
        day=st.integers(1, 366),
        altitude=st.floats(0, 6000),
        seed=st.integers(0, 2**31),
    )
    def test_what_is_accepted_makes_a_year(
        self,
        mean: float,
        yearly: float,
        daily: float,
        above: float,
        below: float,
        day: int,
        altitude: float,
        seed: int,
    ) -> None:
        """reports 11: of all climates that are not absurd, those without a fault can be drawn, with any seed."""
        found = Climate(
            mean_degc=mean,
            yearly_amplitude_degc=yearly,
            daily_amplitude_degc=daily,
            warmest_hours_degc=mean,
            dew_point_degc=mean - below,
            warmest_day_count=day,
            altitude_m=altitude,
        )
        found = replace(found, warmest_hours_degc=warmest_of_cycles(normals(found)) + above)
        assume(not refused(found) and not contradictions(site(climate=found)))
        year = watts.hourly_year(normals(found), seed)
        assert (year.wet_bulb_degc <= year.dry_bulb_degc).all()


class TestSite:
    def test_a_clock_far_from_the_sun(self) -> None:
        """reports 11: a sign left out of the offset or of the longitude."""
        place = get("sites", "example-campus")
        assert place.utc_offset_h < -3
        assert paths(site(utc_offset_h=-place.utc_offset_h)) == ["utc_offset"]
        assert paths(site(longitude_deg=-place.longitude_deg)) == ["utc_offset"]
        # Kiritimati, the Line Islands, is a day ahead of the sun, and Kashgar keeps the time of Beijing.
        assert paths(site(utc_offset_h=14.0, longitude_deg=-157.4)) == []
        assert paths(site(utc_offset_h=8.0, longitude_deg=76.0)) == []

    def test_more_power_than_was_announced(self) -> None:
        place = get("sites", "example-campus")
        ramp = Course(periods=("2026Q3",), values=(2 * place.announced_power_w,))
        assert paths(site(ramp_w=ramp)) == ["ramp"]

    @pytest.mark.parametrize(("name", "value"), [("latitude_deg", 91.0), ("longitude_deg", -181.0)])
    def test_places_that_are_not_on_earth(self, name: str, value: float) -> None:
        """reports 11."""
        assert [fault.path for fault in refused(site(**{name: value}))] == [name.removesuffix("_deg")]


def part(**changed: object) -> Accelerator:
    return replace(get("accelerators", "gb300-nvl72"), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"fp8_flops": 1e15}, "fp8"),
        ({"fp4_flops": 4e15}, "fp4"),
        ({"fp4_inference_flops": 1e15}, "fp4_inference"),
        ({"tdp_w": 2000.0}, "rack_power"),
        ({"rack_power_w": 90e3}, "rack_power"),
        ({"hbm_bandwidth_bytes_per_s": 8e9}, "hbm_bandwidth"),
        ({"hbm_capacity_bytes": 288e6}, "hbm_bandwidth"),
    ],
)
def test_parts(changed: dict[str, float], path: str) -> None:
    """reports 11: fewer bits are no slower, packages fit in their rack, and memory is read in its time."""
    assert paths(part()) == []
    assert paths(part(**changed)) == [path]


def model(**changed: object) -> Model:
    return replace(get("models", "llama-3.1-8b"), **changed)  # type: ignore[arg-type]


def block(name: str = "llama-3.1-8b", at: int = 0, **changed: object) -> Model:
    found: Model = get("models", name)
    blocks = list(found.blocks)
    blocks[at] = replace(blocks[at], **changed)  # type: ignore[arg-type]
    return replace(found, blocks=tuple(blocks))


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (model(blocks=()), "blocks"),
        (model(total_params_count=80e9), "total_params"),
        (model(active_params_count=80e9), "active_params"),
        (block(kv_heads_count=7), "blocks[0].kv_heads"),
        (block(heads_count=0), "blocks[0].heads"),
        (block("deepseek-r1", 1, experts_active_count=300), "blocks[1].experts_active"),
        (block("deepseek-r1", 1, experts_active_count=0), "blocks[1].experts_active"),
        (block("deepseek-r1", 1, kv_rank_count=None), "blocks[1].kv_rank"),
        (block("deepseek-v3.2", 1, index_dim_count=None), "blocks[1].index_heads"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_models(changed: Model, path: str) -> None:
    """reports 11: heads that divide, experts that exist, and parameters that the blocks add up to."""
    assert paths(changed) == [path]


def test_a_power_curve_below_nothing() -> None:
    """reports 11."""
    curve: PowerCurve = get("power_curves", "training")
    assert paths(replace(curve, loss_ratio=20.0)) == ["least"]


def kinds(**changed: float) -> Reliability:
    record: Reliability = get("reliability", "liquid-racks-2026")
    first: FailureClass = replace(record.classes[0], **changed)  # type: ignore[arg-type]
    return replace(record, classes=(first, *record.classes[1:]))


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"share_frac": 0.9}, "classes"),
        ({"repair_median_h": 1e3}, "classes[0].repair_median"),
        ({"replaced_h": 0.02}, "classes[0].replaced"),
    ],
)
def test_reliability(changed: dict[str, float], path: str) -> None:
    """reports 11: a lognormal's median is at most its mean, and shares sum to 1."""
    assert paths(kinds()) == []
    assert paths(kinds(**changed)) == [path]


@pytest.mark.parametrize("kind", ["inference_calibrations", "training_calibrations"])
def test_calibrations_have_engines_and_a_spread_of_all(kind: str) -> None:
    """reports 11."""
    record = get(kind, "as-of-2026")
    assert paths(record) == []
    assert "engines" in paths(replace(record, engines=()))
    assert paths(replace(record, spreads=record.spreads[:0])) == ["spreads"]


def test_every_shipped_site_makes_a_year() -> None:
    for name in ids("sites"):
        assert len(weather_of(load("sites", name), 0).dry_bulb_degc) == 8760


class TestDerating:
    """A table of SLO-capacity that no interpolation could read."""

    def derating(self, **changed: object) -> ServingDerating:
        return replace(get("derating_calibrations", "as-of-2026"), **changed)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("name", "value"),
        [("ttft_ratios", ()), ("ttft_ratios", (2.0, 2.0)), ("tpot_ratios", (0.5, 2.0)), ("tpot_ratios", (1.0, 1e6))],
    )
    def test_knots_that_do_not_rise_from_1(self, name: str, value: tuple[float, ...]) -> None:
        assert name in paths(self.derating(**{name: value}))

    def test_a_combination_that_is_missing_or_there_twice(self) -> None:
        tables = self.derating().tables
        assert paths(self.derating()) == []
        assert paths(self.derating(tables=())) == ["tables"]
        assert paths(self.derating(tables=tables[1:])) == ["tables"]
        assert paths(self.derating(tables=(*tables, tables[0]))) == ["tables"]

    def test_shares_that_are_none_or_too_few(self) -> None:
        first, *rest = self.derating().tables
        short = replace(first, kept_fracs=first.kept_fracs[1:])
        beyond = replace(first, kept_fracs=(tuple(1.5 for _ in first.kept_fracs[0]), *first.kept_fracs[1:]))
        for wrong in (short, beyond):
            assert paths(self.derating(tables=(wrong, *rest))) == ["tables[0].kept_fracs"]
