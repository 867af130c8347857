"""Fit streams of requests to public traces; write catalog/arrivals/*.toml.

    python tools/fit_arrivals.py [FOLDER] [--check] [--lengths FOLDER]

FOLDER has the traces (default: traces/ of GIGAWATT_DATA, or of ../shared): Azure's of code and of conversations, and
Mooncake's of conversations, by `tokens.serve.fitted_arrivals`; Mooncake's clock ticks every 3 s, so that its requests
are spread over the tick by chance, and gaps within it are those of chance alone. ServeGen has the rates of clients in
windows of 10 min and no requests: of each model the whole day with the busiest window is taken, with its clients that
ask most, and all others as one. Lengths of its clients are in files of their own, which `--lengths` names (data/ of its
repository); without it they stay as they are in the catalog. `--check` writes nothing, holds each trace against what is
drawn by its file, and ends with 1 where a file in the catalog is not what the traces give.

References
----------
[1] P. Patel et al., "Splitwise", ISCA 2024, whose traces Azure's of 2023 are.
[2] R. Qin et al., "Mooncake", FAST 2025.
[3] Y. Xiang et al., "ServeGen", 2025, arXiv:2505.09999.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.load import get
from gigawatt.catalog.records import Arrivals
from gigawatt.catalog.to_tokens import offered_load
from gigawatt.readers.traces import read_trace, whole
from gigawatt.readers.traces.servegen import FAMILIES, LengthHistogram, read_client_rates
from gigawatt.readers.traces.servegen import read_lengths as read_histograms
from gigawatt.tokens.serve.arrivals import WINDOW_S, Client, GapFamily, Gaps, OfferedLoad, generate, joined
from gigawatt.tokens.serve.fitted_arrivals import DISPERSED_S, StreamFigures, fit, stream_figures
from gigawatt.tokens.serve.lengths import Lengths, fitted_lengths
from gigawatt.tokens.serve.pods import Requests
from gigawatt.units import DAY_S

Floats64 = NDArray[np.float64]
Trace = tuple[Floats64, NDArray[np.int64], NDArray[np.int64]]

ROOT = Path(__file__).parents[1]
OUT = ROOT / "src/gigawatt/catalog/arrivals"
DIGITS = 4
TOLERANCE = 2e-3
REPLICATIONS_COUNT, MOST_DRAWN_COUNT = 12, 200_000
TICK_S, SPREAD_SEED = 3.0, 20261129
WEIBULL = FAMILIES.index("Weibull")
# Clients of ServeGen that are told apart, and the share of requests that is enough.
MOST_APART_COUNT, APART_FRAC = 20, 0.9
# Requests of a window from which its gaps are told of a client.
LEAST_WINDOW_COUNT = 10
RECORDED_FRAC = 0.2  # of the median rate, below which a window was not recorded
LEAST_WEIGHT = 1e-5  # of a length that counts as the longest

AZURE = {
    "azure-code-2023": ("code", "Azure LLM inference 2023: code completion"),
    "azure-conversation-2023": ("conv", "Azure LLM inference 2023: conversations"),
}
AZURE_URL = "https://github.com/Azure/AzurePublicDataset/blob/master/AzureLLMInferenceDataset2023.md"
MOONCAKE_URL = "https://github.com/kvcache-ai/Mooncake/tree/main/FAST25-release/traces"
SERVEGEN_URL = "https://github.com/alibaba/ServeGen/tree/f891d1189eb32b3868dfc443800c4150548c282a/data"
SERVEGEN = {
    "servegen-m-large": ("language", "m-large", "ServeGen: the large general model"),
    "servegen-m-mid": ("language", "m-mid", "ServeGen: the general model of middle size"),
    "servegen-m-small": ("language", "m-small", "ServeGen: the small general model"),
    "servegen-mm-image": ("multimodal", "mm-image", "ServeGen: a model that reads images"),
    "servegen-deepseek-r1": ("reason", "deepseek-r1", "ServeGen: DeepSeek-R1"),
}


def read(path: Path, tick_s: float = 0.0) -> Trace:
    """Requests of a trace; tick_s: of a clock whose ticks they are spread over by chance."""
    requests = whole(read_trace(path, spread=False).chunks)
    arrival_s = requests.arrival_s
    if tick_s:
        ticks_s = np.rint(arrival_s / tick_s) * tick_s
        arrival_s = np.sort(ticks_s + np.random.default_rng(SPREAD_SEED).random(len(ticks_s)) * tick_s)
    return arrival_s - arrival_s[0], requests.input_tokens, requests.output_tokens


@dataclass(frozen=True)
class Windows:
    """Windows of the clients of one model, by window and client: rate, deviation of gaps, whether they are Weibull."""

    clients: tuple[int, ...]
    rate: Floats64
    cv: Floats64
    weibull: Floats64


def servegen(path: Path) -> dict[str, Windows]:
    """The clients' windows of every model."""
    rates = read_client_rates(path)
    named = [name.split("/") for name in rates.clients]
    models = np.array([name[1] for name in named])[rates.client]
    numbers = np.array([int(name[2]) for name in named])[rates.client]
    window = np.rint(rates.start_s / WINDOW_S).astype(np.int64)
    found = {}
    for model in [model for _, model, _ in SERVEGEN.values()]:
        of = models == model
        clients, column = np.unique(numbers[of], return_inverse=True)
        laid = [np.zeros((window[of].max() + 1, len(clients))) for _ in range(3)]
        for table, values in zip(laid, (rates.rate_per_s, rates.gap_cv_ratio, rates.family == WEIBULL), strict=True):
            table[window[of], column] = values[of]
        found[model] = Windows(tuple(int(client) for client in clients), *laid)
    return found


def busiest_day(windows: Windows) -> tuple[Windows, float]:
    """The day that has the busiest window of whole days, and the peak of all days over their mean.

    A day is whole where no window has next to nothing of all clients: on some there are hours that nobody recorded.
    """
    total = windows.rate.sum(axis=1)
    length = round(DAY_S / WINDOW_S)
    days = total[: len(total) // length * length].reshape(-1, length)
    whole = days.min(axis=1) > RECORDED_FRAC * np.median(total)
    first = int(np.argmax(np.where(whole, days.max(axis=1), 0.0))) * length
    day = slice(first, first + length)
    part = replace(windows, rate=windows.rate[day], cv=windows.cv[day], weibull=windows.weibull[day])
    return part, float(total.max() / total.mean())


def servegen_load(windows: Windows, lengths: Mapping[str, Lengths]) -> OfferedLoad:
    """A day's load: those clients that ask most, each as it asks, and the others together."""
    means = windows.rate.mean(axis=0)
    order = np.argsort(-means, kind="stable")
    enough = int(np.searchsorted(np.cumsum(means[order]) / means.sum(), APART_FRAC)) + 1
    apart, rest = np.split(order, [min(enough, MOST_APART_COUNT)])
    clients = [_servegen_client(windows, int(n), lengths) for n in apart]
    rest = rest[means[rest] > 0]
    if rest.size:
        squares = [(_usual_cv(windows, int(n)) ** 2, means[n]) for n in rest]
        cv_ratio = math.sqrt(sum(square * rate for square, rate in squares) / sum(rate for _, rate in squares))
        gaps = Gaps(family="gamma", cv_ratio=digits(cv_ratio))
        clients.append(_profiled("others", windows.rate[:, rest].sum(axis=1), gaps, _length_of("others", lengths)))
    return OfferedLoad(clients=tuple(clients), window_s=WINDOW_S, span_s=len(windows.rate) * WINDOW_S)


def _servegen_client(windows: Windows, n: int, lengths: Mapping[str, Lengths]) -> Client:
    rate = windows.rate[:, n]
    weibull = float(windows.weibull[:, n] @ rate) > 0.5 * float(rate.sum())
    gaps = Gaps(family="weibull" if weibull else "gamma", cv_ratio=digits(_usual_cv(windows, n)))
    name = str(windows.clients[n])
    return _profiled(name, rate, gaps, _length_of(name, lengths))


def _usual_cv(windows: Windows, n: int) -> float:
    """Deviation of a client's gaps in the window that the median request comes in: some windows are off by far."""
    rate, cv = windows.rate[:, n], windows.cv[:, n]
    told = (rate * WINDOW_S >= LEAST_WINDOW_COUNT) & (cv > 0)
    if not told.any():
        return 1.0
    order = np.argsort(cv[told])
    weights = np.cumsum(rate[told][order])
    return float(np.clip(cv[told][order][np.searchsorted(weights, weights[-1] / 2)], 0.1, 50.0))


def _profiled(name: str, rate: Floats64, gaps: Gaps, lengths: Lengths) -> Client:
    mean = float(rate.mean())
    profile = tuple(digits(value) for value in rate / mean)
    return Client(name=name, rate_per_s=mean, gaps=gaps, lengths=lengths, profile_ratio=profile)


def _length_of(name: str, lengths: Mapping[str, Lengths]) -> Lengths:
    return lengths.get(name, lengths["others"])


def known_lengths(id_: str) -> dict[str, Lengths]:
    """Lengths of the clients of a file of the catalog."""
    return {client.name: client.lengths for client in offered_load(get("arrivals", id_)).clients}


def read_lengths(folder: Path, windows: Windows) -> dict[str, Lengths]:
    """Lengths of ServeGen's clients whose files are there; all others have those of the mean request of these."""
    found, weights = {}, []
    for n, client in enumerate(windows.clients):
        path = folder / f"chunk-{client}-dataset.json"
        if path.is_file() and path.stat().st_size:
            moments = _moments(read_histograms(path))
            found[str(client)] = _lengths(moments)
            weights.append((float(windows.rate[:, n].mean()), moments))
    total = sum(rate for rate, _ in weights)
    mixed = tuple(
        (*(sum(rate * each[n][k] for rate, each in weights) / total for k in (0, 1)), max(e[n][2] for _, e in weights))
        for n in (0, 1)
    )
    return {**found, "others": _lengths(mixed)}


Moments = tuple[tuple[float, float, float], ...]  # of prompts and answers: mean, mean square, most


def _moments(laws: Mapping[str, Sequence[LengthHistogram]]) -> Moments:
    """Means over the parts of the record that a file has."""
    return _prompt({name: _mean_law(parts) for name, parts in laws.items()}), _mean_law(laws["output_tokens"])


def _prompt(laws: Mapping[str, tuple[float, float, float]]) -> tuple[float, float, float]:
    """A prompt of text alone, or of text and a number of images of so many tokens each."""
    if "input_tokens" in laws:
        return laws["input_tokens"]
    text, image, count = (laws[key] for key in ("text_tokens", "image_tokens", "image_count"))
    mean = text[0] + count[0] * image[0]
    variance = text[1] - text[0] ** 2 + count[0] * (image[1] - image[0] ** 2)
    variance += (count[1] - count[0] ** 2) * image[0] ** 2
    return mean, variance + mean**2, text[2] + count[2] * image[2]


def _mean_law(parts: Sequence[LengthHistogram]) -> tuple[float, float, float]:
    """Mean, mean square and most of a distribution of lengths, the mean of its parts."""
    first, second = (float(np.mean([part.values**power @ part.share_frac for part in parts])) for power in (1, 2))
    return first, second, max(float(part.values[part.share_frac > LEAST_WEIGHT].max()) for part in parts)


def _lengths(moments: Moments) -> Lengths:
    (prompt, prompt_ratio), (answer, answer_ratio) = (
        fitted_lengths(max(mean, 1.001), square, max(math.ceil(most), math.ceil(mean) + 1))
        for mean, square, most in moments
    )
    return Lengths(
        input_tokens=prompt,
        input_deviation_ratio=prompt_ratio,
        most_input_tokens=max(math.ceil(moments[0][2]), math.ceil(prompt) + 1),
        output_tokens=answer,
        output_deviation_ratio=answer_ratio,
        most_output_tokens=max(math.ceil(moments[1][2]), math.ceil(answer) + 1),
    )


def digits(value: float) -> float:
    """A number with as many digits as the files have."""
    return float(f"{value:.{DIGITS}g}")


def rounded(load: OfferedLoad) -> OfferedLoad:
    """A load to the digits of its file; a correlation below 0 is none, for nothing hangs on it."""
    clients = tuple(
        replace(
            client,
            rate_per_s=digits(client.rate_per_s),
            gaps=_digits_of(client.gaps),
            lengths=replace(
                _digits_of(client.lengths), correlation_ratio=digits(max(client.lengths.correlation_ratio, 0))
            ),
            profile_ratio=tuple(digits(ratio) for ratio in client.profile_ratio),
        )
        for client in load.clients
    )
    return replace(load, clients=clients, span_s=digits(load.span_s))


def _digits_of(record: object) -> object:
    numbers = {entry.name: getattr(record, entry.name) for entry in fields(record)}
    return replace(record, **{name: digits(value) for name, value in numbers.items() if isinstance(value, float)})


@dataclass(frozen=True)
class Fitted:
    """A load as its trace has it, what the trace itself is like where there are requests, and its peak with a note."""

    load: OfferedLoad
    figures: StreamFigures | None
    peak_ratio: float
    peak_note: str


def render(found: Fitted, head: Mapping[str, str]) -> str:
    """The file of a load. head: its words, and where it is from."""
    load = found.load
    lines = [f'{key} = "{head[key]}"' for key in ("name", "description")]
    lines += ['grade = "measured"', 'source = "trace"', "", f'window = "{load.window_s / 60:g} min"']
    lines.append(f'span = "{load.span_s:g} s"')
    if found.figures is not None:
        lines.append(f"gap_cv = {digits(found.figures.gap_cv_ratio):g}")
    lines.append(f'peak = {{ value = {digits(found.peak_ratio):g}, note = "{found.peak_note}" }}')
    for client in load.clients:
        lines += ["", *_client_lines(client, "measured" if found.figures else "derived")]
    lines += ["", "[sources.trace]", f'url = "{head["url"]}"', f'date = "{head["date"]}"', f'title = "{head["title"]}"']
    return "\n".join(lines) + "\n"


def _client_lines(client: Client, grade: str) -> list[str]:
    """One client; grade: of its mean lengths."""
    gaps, lengths = client.gaps, client.lengths
    lines = ["[[clients]]", f'name = "{client.name}"', f'rate = "{client.rate_per_s:g} /s"']
    lines += [f'family = "{gaps.family}"', f"gap_cv = {_derived(gaps.cv_ratio)}"]
    if gaps.pause_frac:
        lines += [f"{key} = {_derived(getattr(gaps, name))}" for key, name in PAUSE_KEYS.items()]
    for key in ("input", "output"):
        mean = f"{getattr(lengths, f'{key}_tokens'):g} tokens"
        lines.append(f'{key} = {{ value = "{mean}", grade = "{grade}" }}')
        lines.append(f"{key}_deviation = {_derived(getattr(lengths, f'{key}_deviation_ratio'))}")
        lines.append(f'most_{key} = "{getattr(lengths, f"most_{key}_tokens")} tokens"')
    if lengths.correlation_ratio:
        lines.append(f"correlation = {_derived(lengths.correlation_ratio)}")
    if client.profile_ratio:
        lines.append(f"profile = [{', '.join(f'{ratio:g}' for ratio in client.profile_ratio)}]")
    return lines


PAUSE_KEYS = {"pause": "pause_frac", "paused": "paused_frac", "pause_cv": "pause_cv_ratio"}


def _derived(value: float) -> str:
    return f'{{ value = {value:g}, grade = "derived" }}'


def differs(found: OfferedLoad, known: Arrivals) -> list[str]:
    """What of a file is not what the traces give, in words."""
    stated, given = _numbers(offered_load(known)), _numbers(found)
    if list(stated) != list(given):
        return [f"{known.id} has other clients"]
    return [
        f"{known.id}: {path} is not what the traces give"
        for path, then in stated.items()
        if len(then) != len(given[path]) or not np.allclose(then, given[path], rtol=TOLERANCE, atol=TOLERANCE)
    ]


def _numbers(load: OfferedLoad) -> dict[str, Sequence[float]]:
    """Every number of a load, by its path."""
    found: dict[str, Sequence[float]] = {"window": [load.window_s], "span": [load.span_s]}
    for client in load.clients:
        found |= {f"{client.name}.rate": [client.rate_per_s], f"{client.name}.profile": client.profile_ratio}
        found[f"{client.name}.family"] = [get_args(GapFamily).index(client.gaps.family)]
        for part in (client.gaps, client.lengths):
            numbers = {entry.name: getattr(part, entry.name) for entry in fields(part)}
            found |= {f"{client.name}.{name}": [value] for name, value in numbers.items() if name != "family"}
    return found


COMPARED = {
    "requests": "requests_count",
    "gap CV": "gap_cv_ratio",
    "peak/mean": "peak_ratio",
    "input mean": "input_tokens",
    "P50": "input_p50_tokens",
    "P99": "input_p99_tokens",
    "output mean": "output_tokens",
    "p50": "output_p50_tokens",
    "p99": "output_p99_tokens",
}


def compared(id_: str, found: Fitted) -> list[str]:
    """Rows of the table of a trace against what is drawn by its file: means of independent replications.

    Of a load of many requests those are drawn at a lower rate, which moves no share and no ratio but the dispersion.
    """
    expected = found.load.rate_per_s * found.load.span_s
    rate_ratio = min(1.0, MOST_DRAWN_COUNT / expected)
    drawn = [_figures(generate(found.load, seed=seed, rate_ratio=rate_ratio)) for seed in range(REPLICATIONS_COUNT)]
    trace = dict.fromkeys(COMPARED.values(), math.nan)
    trace |= {"requests_count": expected, "peak_ratio": found.peak_ratio, "dispersion_ratio": (math.nan,) * 3}
    trace |= {} if found.figures is None else {name: getattr(found.figures, name) for name in trace}
    means = {name: np.mean([getattr(one, name) for one in drawn], axis=0) for name in trace}
    means["requests_count"] /= rate_ratio
    return [f"{id_:24s}{'trace':6s}{_row(trace)}", f"{id_:24s}{'drawn':6s}{_row(means)}"]


def _row(figures: Mapping[str, Any]) -> str:
    values = (*(figures[name] for name in COMPARED.values()), *figures["dispersion_ratio"])
    return "".join(f"{value:12,.4g}" for value in values)


def _figures(chunks: Iterator[Requests]) -> StreamFigures:
    drawn = joined(list(chunks))
    return stream_figures(drawn.arrival_s, drawn.input_tokens, drawn.output_tokens)


def heads() -> dict[str, dict[str, str]]:
    """The words of every file."""
    azure_text = "An hour of {} at an endpoint of Azure on 16 November 2023."
    found = {
        id_: {
            "name": name,
            "description": azure_text.format("code completion" if part == "code" else "conversations"),
            "url": AZURE_URL,
            "date": "2026-11-29",
            "title": "Azure LLM inference trace 2023, CC-BY-4.0",
        }
        for id_, (part, name) in AZURE.items()
    }
    found["mooncake-conversation"] = {
        "name": "Mooncake: conversations",
        "description": "An hour of conversations at Kimi, with long prompts. Its clock ticks every 3 s, so that gaps "
        "within a tick are those of chance; prefixes that prompts share are not drawn.",
        "url": MOONCAKE_URL,
        "date": "2026-11-29",
        "title": "Mooncake: conversation trace of FAST 2025, Apache-2.0",
    }
    for id_, (_, _, name) in SERVEGEN.items():
        found[id_] = {
            "name": name,
            "description": "The busiest day that was recorded whole, by the clients that ask most and all others "
            "together. Lengths are those of the clients' published distributions, and of the mean request where there "
            "is none.",
            "url": SERVEGEN_URL,
            "date": "2025-06-09",
            "title": "ServeGen: rates and lengths of clients at Alibaba, arXiv:2505.09999, Apache-2.0",
        }
    return found


def of_requests(folder: Path) -> dict[str, Fitted]:
    """Loads of the traces of requests, by id."""
    traces = {id_: read(folder / f"AzureLLMInferenceTrace_2023_{part}.csv") for id_, (part, _) in AZURE.items()}
    traces["mooncake-conversation"] = read(folder / "mooncake_conversation_trace.csv", TICK_S)
    found = {}
    for id_, trace in traces.items():
        figures = stream_figures(*trace)
        found[id_] = Fitted(rounded(fit(*trace)), figures, figures.peak_ratio, "of whole windows of 10 min")
    return found


def of_clients(folder: Path, lengths: Path | None) -> dict[str, Fitted]:
    """Loads of the rates of clients, by id. lengths: of their own files; those of the catalog where there are none."""
    models, found = servegen(folder / "servegen_client_rates.csv.gz"), {}
    for id_, (kind, model, _) in SERVEGEN.items():
        day, peak_ratio = busiest_day(models[model])
        known = read_lengths(lengths / kind / model, models[model]) if lengths else known_lengths(id_)
        total = day.rate.sum(axis=1)
        days = len(models[model].rate) // len(day.rate)
        note = f"of the day that is drawn; {peak_ratio:.2f} over all {days} days" if days > 1 else "of the one day"
        found[id_] = Fitted(rounded(servegen_load(day, known)), None, float(total.max() / total.mean()), note)
    return found


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    default = Path(os.environ.get("GIGAWATT_DATA", ROOT / ".." / "shared")) / "traces"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where a file of the catalog is another")
    parser.add_argument("--lengths", type=Path, help="data/ of ServeGen's repository")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    found = of_requests(asked.folder) | of_clients(asked.folder, asked.lengths)
    if asked.check:
        columns = [*COMPARED, *(f"IDC {width_s:g} s" for width_s in DISPERSED_S)]
        print(f"{'':30s}" + "".join(f"{name:>12s}" for name in columns))
        for id_, one in found.items():
            print("\n".join(compared(id_, one)))
        faults = [fault for id_, one in found.items() for fault in differs(one.load, get("arrivals", id_))]
        print("\n".join(faults) or "the files in the catalog are these")
        return int(bool(faults))
    for id_, one in found.items():
        (asked.out / f"{id_}.toml").write_text(render(one, heads()[id_]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
