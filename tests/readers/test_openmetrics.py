"""Metrics as text: what promtool writes gives the energies worked out by hand, and no sample is lost in silence."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers import openmetrics
from gigawatt.readers.readings import FileAsked, ReadingBlock, Rejected, Remark

POWER, ENERGY, XID = "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "DCGM_FI_DEV_XID_ERRORS"
START_S = 1_795_852_750
J_PER_WH = 3_600.0


class Found:
    """What a reader made of a file."""

    def __init__(self, entries: Iterator[ReadingBlock | Rejected | Remark]) -> None:
        found = list(entries)
        self.blocks = [one for one in found if isinstance(one, ReadingBlock)]
        self.refused = sorted((one for one in found if isinstance(one, Rejected)), key=lambda one: one.line)
        assert len({one.line for one in self.refused}) == len(self.refused)
        self.remarks = {one.code: one.text for one in found if isinstance(one, Remark)}

    def values(self, quantity: str, subject: str | None = None) -> list[float]:
        found = [block for block in self.blocks if block.series.quantity == quantity]
        return [v for block in found if subject in (None, block.series.subject) for v in block.values.tolist()]

    def times_s(self, quantity: str) -> list[float]:
        """When readings of a quantity begin, since the tests' start."""
        found = [block for block in self.blocks if block.series.quantity == quantity]
        return [ms / 1_000 - START_S for block in found for ms in block.starts_ms.tolist()]


def read(folder: Path, text: str | Sequence[str]) -> Found:
    file = folder / "metrics.txt"
    file.write_text(text if isinstance(text, str) else "\n".join(text) + "\n")
    return Found(openmetrics.read(file, FileAsked(site="abilene")))


def samples(name: str, values: Sequence[object], labels: str = 'UUID="GPU-a"', step_s: float = 1) -> list[str]:
    """A line for each value, a step apart."""
    return [f"{name}{{{labels}}} {value} {START_S + step_s * n}" for n, value in enumerate(values)]


def test_a_dump_in_milliseconds_gives_power_and_its_energy(data_dir: Path) -> None:
    file = data_dir / "operator-samples" / "prometheus" / "promtool-2.42.0-dump.txt"
    found = Found(openmetrics.read(file, FileAsked()))
    assert found.refused == []
    assert found.values("gpu_power", "GPU-aaaa") == [651.5 + n for n in range(8)]
    assert found.values("gpu_power", "GPU-bbbb") == []
    # Each watt for 1 s, but the first and the sixth for 1.004 s and the seventh for 0.996 s; a NaN ends the last.
    joules = sum(651.5 + n for n in range(8)) + 0.004 * (651.5 + 656.5) - 0.004 * 657.5
    assert sum(found.values("gpu_energy_sampled")) == pytest.approx(joules / J_PER_WH, rel=1e-12)
    assert "7 samples are NaN" in found.remarks["blank"]


def test_a_dump_in_seconds_gives_the_same_power_and_the_energy_of_a_counter_that_goes_back(data_dir: Path) -> None:
    file = data_dir / "operator-samples" / "prometheus" / "promtool-3.5.3-dump-openmetrics.txt"
    found = Found(openmetrics.read(file, FileAsked()))
    assert found.values("gpu_power") == [651.5 + n for n in range(9)]
    # Samples at .312, .316 ×4, .318, .316, .320, .316 and the marker at .316 of the seconds 750 to 759.
    ends = [750.312, 751.316, 752.316, 753.316, 754.316, 755.318, 756.316, 757.320, 758.316, 759.316]
    joules = sum((651.5 + n) * (ends[n + 1] - ends[n]) for n in range(9))
    assert sum(found.values("gpu_energy_sampled")) == pytest.approx(joules / J_PER_WH, rel=1e-9)
    # Six steps of 1.3e6 mJ, one back by 9.1e6 mJ that is not counted, and one more of 1.3e6 mJ.
    assert found.values("gpu_energy") == pytest.approx([1_300 / J_PER_WH] * 7, rel=1e-12)
    assert [one.line for one in found.refused] == [24]
    assert "goes back, and not to begin anew" in found.refused[0].reason
    assert found.remarks["unknown"].endswith("up (13), kv (10).")
    assert "cut" not in found.remarks


def test_both_dumps_and_their_ranges_tell_the_same_of_a_second(data_dir: Path) -> None:
    folder = data_dir / "operator-samples" / "prometheus"
    old = Found(openmetrics.read(folder / "promtool-2.42.0-dump.txt", FileAsked()))
    new = Found(openmetrics.read(folder / "promtool-3.5.3-dump-openmetrics.txt", FileAsked()))
    assert old.values("gpu_power") == new.values("gpu_power")[:8]


def test_a_counter_begins_anew_where_its_energy_can_be_of_that_time(tmp_path: Path) -> None:
    found = read(tmp_path, [*samples(ENERGY, [5_000_000, 5_700_000, 350_000, 1_050_000]), "# EOF"])
    assert found.refused == []
    assert found.values("gpu_energy") == pytest.approx([700 / J_PER_WH, 350 / J_PER_WH, 700 / J_PER_WH])
    assert found.times_s("gpu_energy") == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "line", "reason"),
    [
        ([1e14, 1e14 - 7.8e9, 1e14 - 7e9], 2, "goes back, and not to begin anew"),
        ([0, 1e6, 1e12, 1e12 + 1e6], 3, "goes up by more than one GPU takes"),
        ([0, 1e6, -1e6], 3, "goes back, and not to begin anew"),
    ],
)
def test_more_energy_than_a_gpu_can_take_is_none(tmp_path: Path, values: list[float], line: int, reason: str) -> None:
    found = read(tmp_path, samples(ENERGY, values))
    assert found.refused[0].line == line
    assert reason in found.refused[0].reason
    assert sum(found.values("gpu_energy")) < 1


def test_energy_is_counted_over_gaps_and_power_is_not_carried_over_them(tmp_path: Path) -> None:
    lines = [*samples(POWER, [500] * 5), f'{POWER}{{UUID="GPU-a"}} 700 {START_S + 100}']
    lines += [*samples(ENERGY, [0, 5e5, 1e6]), f'{ENERGY}{{UUID="GPU-a"}} 5e7 {START_S + 100}']
    found = read(tmp_path, lines)
    assert sum(found.values("gpu_energy_sampled")) == pytest.approx(500 * 4 / J_PER_WH)
    assert sum(found.values("gpu_energy")) == pytest.approx(50_000 / J_PER_WH)
    assert found.remarks["gap"].startswith("1 gaps")


def test_samples_in_any_order_are_those_of_their_times(tmp_path: Path) -> None:
    lines = samples(ENERGY, [n * 7e5 for n in range(20)]) + samples(POWER, range(100, 120))
    one = read(tmp_path, lines)
    other = read(tmp_path, np.random.default_rng(3).permutation(lines).tolist())
    for quantity in ("gpu_energy", "gpu_power", "gpu_energy_sampled"):
        assert one.values(quantity) == other.values(quantity)
        assert one.times_s(quantity) == other.times_s(quantity)
    assert other.refused == []


def test_a_sample_that_is_there_twice_is_one_and_another_of_its_time_is_refused(tmp_path: Path) -> None:
    lines = samples(POWER, [100, 200, 300])
    found = read(tmp_path, [*lines, lines[1], lines[1].replace(" 200 ", " 250 "), lines[2].replace(" 300 ", " NaN ")])
    assert found.values("gpu_power") == [100, 200, 200, 300]  # the ledger counts the repeat
    assert found.values("gpu_energy_sampled") == pytest.approx([100 / J_PER_WH, 200 / J_PER_WH])
    assert [one.line for one in found.refused] == [5]
    assert "says something else than an earlier line" in found.refused[0].reason


def test_one_gpu_seen_under_other_labels_is_one(tmp_path: Path) -> None:
    lines = samples(ENERGY, [0, 1e6, 2e6], 'UUID="GPU-a",pod="x",Hostname="h"')
    lines += [f'{ENERGY}{{uuid="GPU-a",pod="y",hostname="h"}} {v} {START_S + 3 + n}' for n, v in enumerate((3e6, 4e6))]
    found = read(tmp_path, lines)
    assert len(found.blocks) == 1
    assert sum(found.values("gpu_energy")) == pytest.approx(4_000 / J_PER_WH)


def test_errors_are_counted_where_their_code_changes(tmp_path: Path) -> None:
    found = read(tmp_path, samples(XID, [0, 0, 79, 79, 0, 31, "NaN", 31, 79, 18446744073709551602]))
    assert found.values("gpu_errors") == [1, 1, 1]
    assert found.times_s("gpu_errors") == [2, 5, 8]
    assert found.remarks["codes"] == "XID errors by their code: 31 (1), 79 (2)."
    assert read(tmp_path, samples(XID, [79, 79, 79])).values("gpu_errors") == []


def test_power_that_no_gpu_has_is_refused(tmp_path: Path) -> None:
    found = read(tmp_path, samples(POWER, [500, 650_000, -1, "+Inf", 9223372036854775794, 500, 500]))
    assert found.values("gpu_power") == [500, 500, 500]
    assert found.values("gpu_energy_sampled") == pytest.approx([500 / J_PER_WH] * 2)
    assert [one.line for one in found.refused] == [2, 3]
    assert "650000 W is no power of one GPU" in found.refused[0].reason
    assert found.remarks["blank"].startswith("2 samples")


VLLM = """# TYPE vllm:prompt_tokens counter
vllm:prompt_tokens_total{{engine="0",model_name="m"}} {0} {t}
vllm:prompt_tokens_total{{engine="1",model_name="m"}} {1} {t}
vllm:prompt_tokens_created{{engine="0",model_name="m"}} 1.79e9 {t}
vllm_generation_tokens_total{{engine="0",model_name="m"}} {2} {t}
vllm:request_success_total{{engine="0",finished_reason="stop",model_name="m"}} {3} {t}
vllm:request_success_total{{engine="0",finished_reason="length",model_name="m"}} {4} {t}
vllm:time_to_first_token_seconds_bucket{{engine="0",le="+Inf",model_name="m"}} {6} {t} # {{trace="#1"}} 0.2 {t}
vllm:time_to_first_token_seconds_sum{{engine="0",model_name="m"}} {5} {t}
vllm:time_to_first_token_seconds_count{{engine="0",model_name="m"}} {6} {t}
vllm:inter_token_latency_seconds_sum{{engine="0",model_name="m"}} {7} {t}
vllm:inter_token_latency_seconds_count{{engine="0",model_name="m"}} {8} {t}
vllm:time_per_output_token_seconds_sum{{engine="0",model_name="m"}} {7} {t}
vllm:time_per_output_token_seconds_count{{engine="0",model_name="m"}} {8} {t}
"""


def test_engines_count_tokens_requests_and_what_users_wait(tmp_path: Path) -> None:
    text = "".join(
        (
            VLLM.format(1_000, 10, 100, 5, 1, 2.0, 6, 10.0, 500, t=START_S),
            VLLM.format(1_400, 40, 250, 8, 3, 3.5, 11, 13.0, 650, t=START_S + 15),
            VLLM.format(100, 90, 60, 1, 1, 3.5, 11, 13.0, 650, t=START_S + 30),
            "# EOF\n",
        )
    )
    found = read(tmp_path, text)
    assert found.refused == []
    assert found.values("tokens_in") == [430, 100 + 50]
    assert found.values("tokens_out") == [150, 60]
    assert found.values("requests") == [5, 1 + 1]
    assert found.values("ttft") == [1.5 / 5]
    assert found.values("tpot") == [3.0 / 150]
    assert {block.series.use_case for block in found.blocks} == {"m"}
    assert found.times_s("tokens_in") == [0, 15]
    assert found.times_s("ttft") == [15]
    assert found.remarks == {}


def test_a_counter_of_tokens_that_falls_a_little_does_not_begin_anew(tmp_path: Path) -> None:
    found = read(tmp_path, samples("vllm:generation_tokens_total", [10_000, 9_990, 10_100], 'model_name="m"'))
    assert found.values("tokens_out") == [110]
    assert [(one.line, one.reason[:10]) for one in found.refused] == [(2, "goes back,")]
    found = read(tmp_path, samples("vllm:generation_tokens_total", [10, -5, 20], 'model_name="m"'))
    assert found.values("tokens_out") == [25]
    assert [one.line for one in found.refused] == [2]


def test_a_sum_without_its_count_gives_no_mean_and_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, samples("vllm:time_to_first_token_seconds_sum", [1, 2], 'model_name="m"'))
    assert found.blocks == []
    assert found.remarks["half"].startswith("1 series")


def test_tokens_at_engines_behind_a_frontend_are_not_counted_twice(tmp_path: Path) -> None:
    lines = samples("dynamo_frontend_output_tokens_total", [0, 100], 'model="m"')
    lines += samples("vllm:generation_tokens_total", [0, 110], 'model_name="m"')
    lines += samples("vllm:generation_tokens_total", [0, 7], 'model_name="other"')
    lines += samples("dynamo_frontend_requests_total", [0, 3], 'model="m",status="success"')
    lines += samples("dynamo_frontend_requests_total", [0, 2], 'model="m",status="error"')
    found = read(tmp_path, lines)
    assert sorted(found.values("tokens_out")) == [7, 100]
    assert found.values("requests") == [3]
    assert "1 series of engines stand behind a frontend" in found.remarks["behind"]
    assert "unknown" not in found.remarks


@pytest.mark.parametrize(
    "line",
    [
        POWER + '{UUID="GPU-a"} 500 1795852750',
        POWER + '{UUID="GPU-a"} 500 1795852750.0',
        POWER + '{UUID="GPU-a"} 500 1.79585275e9',
        POWER + '{UUID="GPU-a"} 500 1795852750000',
        POWER + '{UUID="GPU-a",} 5e+02 1795852750 ',
        POWER + '{ UUID = "GPU-a" , x="a\\"} # 1 2" } 500 1795852750',
        POWER + '{UUID="GPU-a",x="} 1 2"} 500 1795852750',
        POWER + '{UUID="GPU-a"}500 1795852750',
        POWER + '{UUID="GPU-a"} 500 1795852750 # {trace_id="b"} 0.5 1795852750.1',
        f'{{UUID="GPU-a", __name__="{POWER}", gpu="0"}} 500 1795852750000',
        f'{{"{POWER}", UUID="GPU-a", "a.b"="c"}} 500 1795852750',
        f'{POWER}{{UUID="GPU-a"}}\t500\t1795852750'.replace("\t", "  "),
    ],
)
def test_every_form_of_a_line_is_the_same_sample(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, ["# HELP x y", "", line, "# EOF"])
    assert found.refused == []
    (block,) = found.blocks
    assert (block.series.subject, block.series.site) == ("GPU-a", "abilene")
    assert (block.values.tolist(), block.lines.tolist()) == ([500], [3])
    assert block.starts_ms.tolist() == block.ends_ms.tolist() == [1_000 * START_S]


def test_lines_of_every_form_stand_beside_each_other_many_times(tmp_path: Path) -> None:
    forms = [
        "up {t} {t}",
        POWER + '{{UUID="GPU-a"}} 500 {t}',
        POWER + '{{UUID="GPU-b",x="a # b"}} 600 {t} # {{trace="}} # "}} 1 {t}',
        POWER + '{{UUID="GPU-c",x="}} 1"}} 700 {t} # {{}} 1',
        POWER + '{{UUID="GPU-d"}}800 {t}',
        'x{{a="b"}} 5}} {t}',
    ]
    found = read(tmp_path, [form.format(t=START_S + n) for n in range(3) for form in forms])
    for subject, watts in {"GPU-a": 500, "GPU-b": 600, "GPU-c": 700, "GPU-d": 800}.items():
        assert found.values("gpu_power", subject) == [watts] * 3
    assert found.refused == []
    assert found.remarks["unknown"].endswith("up (3), x (3).")


def test_escapes_in_labels_are_what_they_stand_for(tmp_path: Path) -> None:
    line = POWER + r'{UUID="a\"b\\c\nd"} 500 1795852750'
    assert read(tmp_path, [line]).blocks[0].series.subject == 'a"b\\c\nd'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (POWER + '{UUID="GPU-a"} 1_000 1795852751', '"1_000" is no number'),
        (POWER + '{UUID="GPU-a"} x 1795852751', '"x" is no number'),
        (POWER + '{UUID="GPU-a"} 1 yesterday', "no time in seconds or milliseconds"),
        (POWER + '{UUID="GPU-a"} 1 1795852', "no time in seconds or milliseconds"),
        (POWER + '{UUID="GPU-a"} 1 4294967294', "no time in seconds or milliseconds"),
        (POWER + '{UUID="GPU-a"} 1', "has no time, which other lines have"),
        (POWER + '{UUID="GPU-a} 1 1795852751', "is no line of metrics"),
        (POWER + '{UUID="GPU-a"} {count:1, sum:2} 1795852751', "is no line of metrics"),
        (POWER + '{UUID="GPU-a",="x"} 1 1795852751', "is no line of metrics"),
        (POWER + '{UUID="GPU-a" 1 1795852751', "is no line of metrics"),
        (POWER + "{UUID} 1 1795852751", "is no line of metrics"),
        (POWER, "is no line of metrics"),
        ("1,2,3", "is no line of metrics"),
        (POWER + '{Hostname="h"} 1 1795852751', "names no GPU"),
    ],
)
def test_a_line_that_is_no_sample_is_refused_and_no_other(tmp_path: Path, line: str, reason: str) -> None:
    found = read(tmp_path, [*samples(POWER, [500, 500]), line, *samples(POWER, [500, 500])[1:]])
    assert [one.line for one in found.refused] == [3]
    assert reason in found.refused[0].reason
    assert found.values("gpu_power") == [500, 500, 500]


def test_a_file_in_seconds_and_milliseconds_is_refused(tmp_path: Path) -> None:
    lines = [*samples(POWER, [1, 2]), f'{POWER}{{UUID="GPU-a"}} 3 {START_S + 2}000']
    with pytest.raises(
        CatalogError, match="line 3 in milliseconds, lines before it in the other: expected times in one"
    ):
        read(tmp_path, lines)
    with pytest.raises(CatalogError, match="line 2 in seconds"):
        read(tmp_path, lines[::-1])


def test_a_scrape_without_times_is_refused_and_says_what_has_them(data_dir: Path) -> None:
    for name in ("jobs", "nodes", "scheduler"):
        file = data_dir / "operator-samples" / "slurm" / "26.05.5" / f"metrics-{name}.txt"
        with pytest.raises(CatalogError, match=r"samples without times: expected lines with times.*promtool"):
            list(openmetrics.read(file, FileAsked()))


@pytest.mark.parametrize("text", ["", "# EOF\n", "a,b\n1,2\n", POWER + '{UUID="a"} 1 1795852\n'])
def test_a_file_without_samples_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match="no sample with a time of this century"):
        read(tmp_path, text)


def test_memory_of_slurm_is_passed_over_with_the_reason(data_dir: Path, tmp_path: Path) -> None:
    file = data_dir / "operator-samples" / "slurm" / "26.05.5" / "metrics-nodes.txt"
    lines = [line if line.startswith("#") else f"{line} {START_S}" for line in file.read_text().splitlines()]
    found = read(tmp_path, lines)
    assert found.blocks == found.refused == []
    assert "slurm_node_memory_bytes" in found.remarks["passed over"]
    assert "is in MB, though its name says bytes (Slurm 26.05.5)" in found.remarks["passed over"]
    assert "slurm_node_gpus (1)" in found.remarks["unknown"]
    assert "memory" not in found.remarks["unknown"]


def test_a_dump_in_seconds_that_does_not_end_says_so(tmp_path: Path) -> None:
    assert "no # EOF" in read(tmp_path, samples(POWER, [1, 2])).remarks["cut"]


def test_a_series_of_one_sample_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, samples(ENERGY, [1]))
    assert found.blocks == []
    assert found.remarks["alone"].startswith("1 series have one sample")


def test_a_long_file_is_settled_in_parts_and_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    power = [500 + n % 7 for n in range(40)]
    power[20:22] = ["NaN", "NaN"]  # type: ignore[list-item]
    codes = [(n // 9) % 2 * 79 for n in range(40)]
    energy = [n * 6e5 for n in range(40)]
    streams = (samples(POWER, power), samples(XID, codes), samples(ENERGY, energy))
    lines = [line for at_once in zip(*streams, strict=True) for line in at_once]
    lines.append(lines[-3])
    whole = read(tmp_path, lines)
    monkeypatch.setattr(openmetrics, "MOST_HELD_COUNT", 4)
    monkeypatch.setattr(openmetrics, "pieces", lambda file, _: (f"{line}\n" for line in file.read_text().splitlines()))
    parts = read(tmp_path, lines)
    assert len(parts.blocks) > len(whole.blocks)
    for quantity in ("gpu_power", "gpu_energy", "gpu_energy_sampled", "gpu_errors"):
        assert sorted(parts.values(quantity)) == sorted(whole.values(quantity))
        assert sorted(parts.times_s(quantity)) == sorted(whole.times_s(quantity))
    assert whole.refused == parts.refused == []
    assert whole.remarks == parts.remarks
    late = read(tmp_path, [*lines, *samples(POWER, [1])])
    assert [(one.line, one.reason) for one in late.refused] == [(122, "is far older than the lines before it")]
