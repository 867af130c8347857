"""A small trace as a file: users who come one by one, with prompts and answers of some hundred tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

HEAD = "timestamp_ms,input_length,output_length\n"


@pytest.fixture(scope="session")
def trace_text() -> Callable[..., str]:
    """Lines of so many requests at a rate."""

    def text(count: int = 400, rate_per_s: float = 4.0) -> str:
        chance = np.random.default_rng(7)
        times = np.cumsum(chance.exponential(1000 / rate_per_s, count))
        lengths = chance.integers(50, 800, (count, 2)) // (1, 4)
        lines = (f"{at:.0f},{prompt},{reply}\n" for at, (prompt, reply) in zip(times, lengths.tolist(), strict=True))
        return HEAD + "".join(lines)

    return text


@pytest.fixture(scope="session")
def trace(tmp_path_factory: pytest.TempPathFactory, trace_text: Callable[..., str]) -> Path:
    file = tmp_path_factory.mktemp("traces") / "users.csv"
    file.write_text(trace_text())
    return file
