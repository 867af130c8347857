"""A stated layout is refused where no software starts it, by the name of what is wrong, and else not."""

import pytest

from gigawatt.catalog import to_tokens
from gigawatt.catalog.load import get
from gigawatt.tokens.train.lawful import AXES, layout_faults, splits

LLAMA = to_tokens.transformer(get("models", "llama-3.1-405b"))
DEEPSEEK = to_tokens.transformer(get("models", "deepseek-v3"))
NAMES = {short: name for name, short in AXES.items()}


def faults(model=LLAMA, packages=1024, batch=None, drafts=0, sequence_tokens=8192.0, **stated):
    found = layout_faults(
        model,
        {NAMES[short]: float(count) for short, count in stated.items()},
        packages_count=packages,
        sequence_tokens=sequence_tokens,
        global_batch_count=batch,
        drafts_count=drafts,
    )
    assert all(fault.asked for fault in found)
    return {fault.path: fault.expected for fault in found}


@pytest.mark.parametrize(
    "stated",
    [
        {"tp": 8, "pp": 16, "cp": 1},
        {"tp": 8, "pp": 8, "vp": 8, "cp": 2, "micro_batch": 1, "batch": 512},
        {"model": DEEPSEEK, "pp": 16, "ep": 64, "drafts": 1},
        {"model": DEEPSEEK, "pp": 2, "ep": 32, "packages": 256},
        {"tp": 8, "packages": 8},
        {},
    ],
)
def test_layouts_of_published_runs_are_lawful(stated):
    assert faults(**stated) == {}


@pytest.mark.parametrize(
    ("stated", "path", "words"),
    [
        ({"tp": 3, "packages": 3}, "tp", "a divisor of 128, the heads"),
        ({"pp": 256}, "pp", "126 blocks"),
        ({"pp": 5, "packages": 5}, "pp", "126 blocks"),
        ({"pp": 4, "vp": 3}, "vp", "126 blocks"),
        ({"vp": 2}, "vp", "1 where there is one stage"),
        ({"cp": 64}, "cp", "at most 32"),
        ({"tp": 8, "packages": 12}, "tp", "divides 12 packages"),
        ({"cp": 3, "tp": 2}, "cp", "divides 1024 packages"),
        ({"ep": 2}, "ep", "a divisor of 1, the experts"),
        ({"model": DEEPSEEK, "ep": 512}, "ep", "a divisor of 256, the experts"),
        ({"model": DEEPSEEK, "ep": 64, "packages": 96}, "ep", "packages of a stage"),
        ({"micro_batch": 3, "batch": 2048}, "micro_batch", "the sequences of a step per copy"),
    ],
)
def test_what_does_not_divide_is_named(stated, path, words):
    found = faults(**stated)
    assert path in found
    assert words in found[path]


def test_all_that_is_wrong_is_told_at_once():
    assert set(faults(tp=3, pp=5, ep=2, packages=15)) == {"tp", "pp", "ep"}


def test_what_is_not_stated_is_no_fault():
    assert faults(packages=1000, batch=7) == {}


def test_embeddings_may_stand_for_blocks():
    assert splits(126, 128)
    assert splits(61, 1)
    assert not splits(61, 8)
