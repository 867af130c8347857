"""Accelerators: that the figures of one part agree with each other, and parts with what is known of their racks."""

from __future__ import annotations

import pytest

from gigawatt import tokens
from gigawatt.catalog import load, to_tokens
from gigawatt.catalog.records import Accelerator
from gigawatt.errors import CatalogError

ALL = [load.load("accelerators", id_) for id_ in load.ids("accelerators")]
ARCHITECTURES = {
    *("pascal", "volta", "ampere", "ada", "hopper", "blackwell", "rubin", "feynman"),
    *("cdna3", "cdna4", "cdna5", "tpu", "trainium", "battlemage", "jalapeno"),
}
PEAKS = ("bf16_flops", "fp8_flops", "fp4_flops", "fp4_inference_flops")


def part(name: str) -> Accelerator:
    found = load.get("accelerators", name)
    assert isinstance(found, Accelerator)
    return found


def served(chip: str, model: str, input_tokens: float, output_tokens: float) -> float:
    """Output tokens per second of a package that serves a model in FP4 at 50 ms a token."""
    return tokens.best_serving(
        to_tokens.chip(part(chip)),
        to_tokens.transformer(load.get("models", model)),
        to_tokens.inference_efficiency(
            load.get("inference_calibrations", "as-of-2026"), part(chip), load.get("models", model), "fp4"
        ),
        precision="fp4",
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        tpot_s=0.05,
    ).tokens_per_s


@pytest.mark.parametrize("accelerator", ALL, ids=lambda accelerator: accelerator.id)
class TestEveryPart:
    def test_a_lower_precision_is_never_slower(self, accelerator: Accelerator) -> None:
        peaks = [peak for name in PEAKS if (peak := getattr(accelerator, name)) is not None]
        assert peaks or not accelerator.plannable
        assert peaks == sorted(peaks)

    def test_its_architecture_is_one_word(self, accelerator: Accelerator) -> None:
        assert accelerator.architecture in ARCHITECTURES

    def test_an_unknown_rack_power_is_not_plannable(self, accelerator: Accelerator) -> None:
        assert accelerator.rack_power_w is not None or not accelerator.plannable

    def test_the_packages_alone_draw_less_than_the_rack(self, accelerator: Accelerator) -> None:
        if accelerator.rack_power_w and accelerator.tdp_w:
            assert 0.4 < accelerator.packages_per_rack_count * accelerator.tdp_w / accelerator.rack_power_w < 1

    def test_the_packages_alone_cost_less_than_the_rack(self, accelerator: Accelerator) -> None:
        if accelerator.rack_price_usd and accelerator.package_price_usd:
            packages_usd = accelerator.packages_per_rack_count * accelerator.package_price_usd
            assert 0.3 < packages_usd / accelerator.rack_price_usd < 0.9

    def test_bandwidth_falls_from_memory_to_scale_up_to_the_network(self, accelerator: Accelerator) -> None:
        names = ("hbm_bandwidth_bytes_per_s", "scale_up_bandwidth_bytes_per_s", "nic_bandwidth_bytes_per_s")
        widths = [width for name in names if (width := getattr(accelerator, name)) is not None]
        assert widths == sorted(set(widths), reverse=True)
        assert len(widths) == len(names) or not accelerator.plannable


class TestCounts:
    @pytest.mark.parametrize(
        ("name", "packages_count", "dies_count"),
        [
            ("DGX-1", 8, 8),
            ("GB200 NVL72", 72, 144),
            ("GB300 NVL72", 72, 144),
            ("Vera Rubin NVL72", 72, 144),
            ("vera-rubin-nvl72-max-q", 72, 144),
            ("Kyber", 144, 576),
        ],
    )
    def test_packages_and_dies_per_rack(self, name: str, packages_count: int, dies_count: int) -> None:
        rack = part(name)
        assert rack.packages_per_rack_count == packages_count
        assert rack.packages_per_rack_count * rack.dies_per_package_count == dies_count

    @pytest.mark.parametrize(
        ("old", "new"),
        [("NVL144", "Vera Rubin NVL72"), ("VR NVL144", "VR NVL72"), ("NVL576", "Kyber NVL144"), ("R200", "VR NVL72")],
    )
    def test_the_names_of_2025_mean_the_same_racks(self, old: str, new: str) -> None:
        assert part(old) is part(new)


class TestPeaks:
    @pytest.mark.parametrize(
        ("name", "field", "rack_flops"),
        [
            ("DGX-1", "bf16_flops", 170e12),
            ("GB200 NVL72", "fp8_flops", 0.36e18),
            ("GB200 NVL72", "fp4_flops", 0.72e18),
            ("GB300 NVL72", "fp4_flops", 1.08e18),
            ("Vera Rubin NVL72", "fp8_flops", 1.2e18),
            ("Vera Rubin NVL72", "fp4_flops", 2.5e18),
            ("Vera Rubin NVL72", "fp4_inference_flops", 3.6e18),
            ("Kyber", "fp8_flops", 5e18),
            ("Kyber", "fp4_inference_flops", 15e18),
            ("Trainium3", "fp8_flops", 362e15),
            ("H100 PCIe", "fp8_flops", 8 * 3026e12 / 2),
            ("H200 NVL", "fp8_flops", 8 * 3341e12 / 2),
            ("H20", "bf16_flops", 8 * 148e12),
            ("MI350X", "fp8_flops", 8 * 4.6e15),
            ("Trillium", "bf16_flops", 64 * 918e12),
        ],
    )
    def test_of_a_rack_are_as_published(self, name: str, field: str, rack_flops: float) -> None:
        rack = part(name)
        assert rack.packages_per_rack_count * getattr(rack, field) == pytest.approx(rack_flops, rel=0.01)

    def test_max_p_does_more_per_rack_and_max_q_more_per_watt(self) -> None:
        p, q = part("VR230"), part("VR190")
        assert p.rack_power_w
        assert q.rack_power_w
        for name in ("fp8_flops", "fp4_flops", "fp4_inference_flops", "hbm_bandwidth_bytes_per_s"):
            ratio = getattr(p, name) / getattr(q, name)
            assert ratio == pytest.approx(1.12, rel=0.005)
            assert p.rack_power_w / q.rack_power_w / ratio == pytest.approx(1.08, rel=0.005)

    def test_feynman_is_nine_times_gb300_and_serves_less_than_that(self) -> None:
        """Its figures are assumed to be nine times as high; launches and hosts, which stay, hold it back."""
        chips = to_tokens.chip(part("Feynman")), to_tokens.chip(part("GB300"))
        for name in ("fp4_flops", "hbm_capacity_bytes", "hbm_bandwidth_bytes_per_s"):
            assert getattr(chips[0], name) == pytest.approx(9 * getattr(chips[1], name))
        cases = (("deepseek-r1", 2000, 700), ("llama-3.1-70b", 500, 8000), ("qwen3-235b-a22b", 3000, 700))
        ratios = [served("Feynman", *case) / served("GB300", *case) for case in cases]
        assert 4 < sum(ratios) / len(ratios) < 9, ratios

    def test_feynman_is_all_assumed(self) -> None:
        assert {evidence.grade for evidence in part("Feynman").evidence.values()} == {"assumed"}


class TestVariants:
    @pytest.mark.parametrize(
        ("one", "other", "capacity_gb", "scale_up_gb_per_s"),
        [
            ("H800", "H100", 80, 200),
            ("H20", "H100", 96, 450),
            ("H100 NVL", "H100", 94, 300),
            ("H200 NVL", "H200", 141, 450),
            ("A100-40GB", "A100", 40, 300),
        ],
    )
    def test_a_variant_is_a_part_of_its_own(
        self, one: str, other: str, capacity_gb: float, scale_up_gb_per_s: float
    ) -> None:
        assert part(one).id != part(other).id
        assert part(one).architecture == part(other).architecture
        assert part(one).hbm_capacity_bytes == capacity_gb * 1e9
        assert part(one).scale_up_bandwidth_bytes_per_s == scale_up_gb_per_s * 1e9


class TestGigawatt:
    """A gigawatt of facility power: nameplate × 1.145 for network, storage and CPUs × a peak PUE of 1.13."""

    W_PER_RACK_W = 1.145 * 1.13
    QUARTER_S = 365.25 / 4 * 86400
    # MFU × goodput × availability
    SUSTAINED_FRAC = 0.35 * 0.90 * 0.95

    @pytest.mark.parametrize(
        ("name", "racks_count", "fp8_flop"),
        [
            ("GB300", 5855, 5.0e27),
            ("VR190", 4068, 10.4e27),
            ("VR230", 3360, 9.5e27),
            ("Kyber", 1208, 14.2e27),
            ("Feynman", 966, 21.3e27),
        ],
    )
    def test_racks_and_training_work_of_a_quarter(self, name: str, racks_count: int, fp8_flop: float) -> None:
        rack = part(name)
        assert rack.rack_power_w
        assert rack.fp8_flops
        racks = 1e9 / (rack.rack_power_w * self.W_PER_RACK_W)
        assert racks == pytest.approx(racks_count, rel=0.001)
        peak_flops = racks * rack.packages_per_rack_count * rack.fp8_flops
        assert peak_flops * self.SUSTAINED_FRAC * self.QUARTER_S == pytest.approx(fp8_flop, rel=0.01)


class TestAsOfADay:
    def test_vera_rubin_of_september_2025_is_what_was_announced(self) -> None:
        with load.known_by("2025-09-22"):
            rack = part("Vera Rubin NVL144")
            assert (rack.hbm_bandwidth_bytes_per_s, rack.rack_power_w, rack.tdp_w) == (13e12, 130e3, 1800)
            assert rack.packages_per_rack_count * (rack.fp4_flops or 0) == pytest.approx(3.6e18)
            assert rack.packages_per_rack_count * (rack.fp8_flops or 0) == pytest.approx(1.2e18, rel=0.01)
            assert (rack.fp4_inference_flops, rack.package_price_usd, rack.all_in_power_w) == (None, None, None)
            assert rack.first_ship_date == "2026-07-01"
            assert "measured" not in {item.grade for item in rack.evidence.values()}
            assert all((item.source is None or "MLPerf" not in item.source.title) for item in rack.evidence.values())

    @pytest.mark.parametrize("day", ["2026-11-28", None])
    def test_vera_rubin_of_today_is_what_was_measured(self, day: str | None) -> None:
        with load.known_by(day):
            rack = part("Vera Rubin")
            assert (rack.hbm_bandwidth_bytes_per_s, rack.rack_power_w, rack.tdp_w) == (22e12, 230e3, 2300)
            assert (rack.rack_price_usd, rack.all_in_power_w) == (pytest.approx(8.2e6), 3300)
            assert rack.first_ship_date == "2026-10-01"

    def test_what_became_known_of_it_and_when(self) -> None:
        news = {change.path: change for change in load.changes("accelerators", "vera-rubin-nvl72-max-p")}
        assert news["hbm_bandwidth_bytes_per_s"].known_date == "2026-01-06"
        assert (news["tdp_w"].was, news["tdp_w"].now, news["tdp_w"].known_date) == (1800, 2300, "2026-09-30")

    def test_one_rack_of_2025_became_two_settings(self) -> None:
        with load.known_by("2025-09-22"):
            first, second = part("VR230"), part("VR190")
            assert (first.rack_power_w, first.fp4_flops) == (second.rack_power_w, second.fp4_flops)

    def test_rubin_ultra_has_the_reading_of_the_roadmap_and_from_july_the_other(self) -> None:
        roadmap = part("Rubin Ultra")
        assert (roadmap.dies_per_package_count, roadmap.first_ship_date) == (4, "2027-10-01")
        with load.known_by("2026-07-04"):
            assert "rubin-ultra-two-dies" not in load.ids("accelerators")
        reported = part("rubin-ultra-two-dies")
        assert (reported.dies_per_package_count, reported.first_ship_date[:4], reported.plannable) == (2, "2028", True)
        assert reported.hbm_bandwidth_bytes_per_s == roadmap.hbm_bandwidth_bytes_per_s / 2


class TestJalapeno:
    def test_it_is_unknown_until_it_is_shown(self) -> None:
        with load.known_by("2026-06-23"), pytest.raises(CatalogError, match="known from 2026-06-24"):
            load.get("accelerators", "Jalapeño")

    def test_what_is_published_and_nothing_else(self) -> None:
        chip = part("Jalapeño")
        assert (chip.tdp_w, chip.evidence["tdp_w"].low, chip.all_in_power_w) == (700, 550, 1125)
        assert (chip.packages_per_rack_count, chip.scale_up_packages_count) == (128, 2048)
        assert not chip.plannable
        assert {name for name in PEAKS if getattr(chip, name) is not None} == set()
        assert (chip.hbm_capacity_bytes, chip.rack_power_w, chip.rack_price_usd) == (None, None, None)


class TestAllIn:
    @pytest.mark.parametrize(
        ("name", "all_in_w"),
        [("H100", 1370), ("B200", 1710), ("GB300", 2120), ("MI355X", 2090), ("VR230", 3300), ("VR190", 3300)],
    )
    def test_utility_power_per_package_as_published(self, name: str, all_in_w: float) -> None:
        assert part(name).all_in_power_w == all_in_w

    @pytest.mark.parametrize(("name", "rack_w"), [("GB300", 121e3), ("VR190", 190e3)])
    def test_it_is_what_racks_draw_and_a_quarter(self, name: str, rack_w: float) -> None:
        """Trays and switches of a GB300 rack draw 121 kW of its 132; of Vera Rubin it is the rack at Max-Q."""
        assert rack_w * 1.25 / part(name).packages_per_rack_count == pytest.approx(part(name).all_in_power_w, rel=0.01)

    def test_our_own_basis_is_higher_at_full_power(self) -> None:
        rack = part("VR230")
        assert (rack.rack_power_w or 0) * 1.31 / rack.packages_per_rack_count == pytest.approx(4180, rel=0.002)
