"""The accuracy page's part about generations: every published figure is a row, and the text has the catalog's watts."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import accuracy_generations

from gigawatt.study.validate.generations import WATT, GenerationRow


def test_rows_and_text() -> None:
    rows = [
        GenerationRow(name="A over B", metric=WATT, unit="ratio", published=2.0, one_pool=1.5, two_pools=None),
        GenerationRow(name="A", metric=WATT, unit="tokens/s/W", published=50.0, one_pool=None, two_pools=60.0),
    ]
    head, first, second = accuracy_generations.figures(rows)
    assert len(head) == len(first) == len(second) == 8
    assert first[3:] == ["2", "1.5", "−25.0 %", "–", "–"] or first[3:] == ["2", "1.5", "-25.0 %", "–", "–"]
    assert second[3:] == ["50", "–", "–", "60", "+20.0 %"]
    told = " ".join(accuracy_generations.text(rows).split())
    assert "all in: 3,300 and 2,120 W" in told
    assert "that is 3,993 W, and the published ratios of 2.1 and 2.8 become 1.7 and 1.7" in told
