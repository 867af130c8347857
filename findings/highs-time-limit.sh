#!/usr/bin/env bash
# HiGHS (highspy 1.16.0): `time_limit` counts all runs of one instance for a linear programme, but only the present run
# for a mixed-integer one. Code that passes getRunTime() + seconds, as an LP needs, gives a MIP that is asked three times
# for one second 1, 2 and 4 seconds; code that passes plain seconds, as a MIP needs, gives a third LP no time at all.
# Seen with 1.16.0, Python 3.11: "mip, plain: 1 1 1", "mip, run time added: 1 2 4", and a linear programme that ends with
# kTimeLimit at once when it is given, in plain seconds, less than what the instance has run before.
# Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install highspy==1.16.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import time

import highspy
import numpy as np


def knapsack():
    """Sixty things of many sizes in twenty sacks of half of them: minutes of branch and bound."""
    draws, count = np.random.default_rng(0), 60
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.addVars(count, np.zeros(count), np.ones(count))
    columns = np.arange(count, dtype=np.int32)
    highs.changeColsIntegrality(count, columns, np.ones(count, dtype=np.uint8))
    highs.changeColsCost(count, columns, -draws.integers(50, 100, count).astype(float))
    for _ in range(20):
        size = draws.integers(30, 100, count).astype(float)
        highs.addRow(-np.inf, size.sum() / 2, count, columns, size)
    return highs


def three_runs(added):
    highs, seconds = knapsack(), []
    for _ in range(3):
        highs.setOptionValue("time_limit", 1.0 + (highs.getRunTime() if added else 0.0))
        started = time.monotonic()
        highs.run()
        seconds.append(time.monotonic() - started)
        assert highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit
        highs.clearSolver()
    return seconds


plain, added = three_runs(False), three_runs(True)
print("mip, plain:          ", *(f"{s:.1f}" for s in plain))
print("mip, run time added: ", *(f"{s:.1f}" for s in added))
assert max(plain) < 1.9, "a MIP's limit is no longer that of one run"
assert added[1] > 1.9 and added[2] > 3.8, "a MIP's limit is no longer that of one run"

highs = knapsack()
highs.setOptionValue("time_limit", 1.0)
highs.run()
highs.clearSolver()
highs.setOptionValue("solve_relaxation", True)
highs.setOptionValue("time_limit", 0.5)  # plain: half a second is ample for the relaxation
highs.run()
print("lp, plain 0.5 s after 1 s of other runs:", highs.modelStatusToString(highs.getModelStatus()))
assert highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit, "an LP's limit is no longer cumulative"
PY
