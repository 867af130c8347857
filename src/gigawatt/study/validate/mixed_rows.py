"""Rows of systems of several kinds of GPU: each kind is predicted as a system of its own, weighed by its share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gigawatt.catalog import load
from gigawatt.errors import CatalogError
from gigawatt.readers.gpu_names import mixed
from gigawatt.readers.inference_rows import InferenceRow
from gigawatt.study.validate.score import Scored, Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfRow:
    """The packages of one kind of a row; `line` is the row's place."""

    line: int
    row: InferenceRow
    share_frac: float


def parts_of(rows: Sequence[InferenceRow]) -> list[KindOfRow]:
    """Every row by its kinds of GPU, most of them one; what names no kind stays as it is, to be refused by its name."""
    return [
        KindOfRow(line=line, row=part, share_frac=share) for line, row in enumerate(rows) for part, share in _kinds(row)
    ]


def _kinds(row: InferenceRow) -> list[tuple[InferenceRow, float]]:
    try:
        load.get("accelerators", row.gpu)
    except CatalogError:
        try:
            shares = mixed(row.gpu)
        except CatalogError:
            return [(row, 1.0)]
        packages = row.packages_count
        counts = {name: None if packages is None else packages * share for name, share in shares.items()}
        return [(replace(row, gpu=name, packages_count=counts[name]), share) for name, share in shares.items()]
    return [(row, 1.0)]


def joined(
    scored: Sequence[Scored], skipped: Sequence[Skipped], parts: Sequence[KindOfRow]
) -> tuple[list[Scored], list[Skipped]]:
    """What was found of the parts, row by row: throughputs per package weighed by share; a row one of whose parts
    cannot be answered is not answered."""
    refused = {parts[each.line].line: each for each in reversed(skipped)}
    found: dict[int, list[Scored]] = defaultdict(list)
    for each in scored:
        found[parts[each.line].line].append(each)
    rows = [_sum(line, several, parts) for line, several in found.items() if line not in refused]
    return rows, [replace(each, line=line) for line, each in sorted(refused.items())]


def _sum(line: int, several: Sequence[Scored], parts: Sequence[KindOfRow]) -> Scored:
    if len(several) == 1:
        return replace(several[0], line=line)
    weights = [(each, parts[each.line].share_frac) for each in several]
    plain = [each.baseline for each in several]
    return replace(
        several[0],
        line=line,
        p10=sum(each.p10 * share for each, share in weights),
        p50=sum(each.p50 * share for each, share in weights),
        p90=sum(each.p90 * share for each, share in weights),
        baseline=None if None in plain else sum((each.baseline or 0.0) * share for each, share in weights),
        groups={**several[0].groups, "gpu": " + ".join(each.groups["gpu"] for each in several)},
        note="; ".join(dict.fromkeys(each.note for each in several if each.note)),
    )
