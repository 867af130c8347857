#!/usr/bin/env bash
# HiGHS (highspy 1.16.0): a row with one coefficient of 1e15 or more is not added, an entry of 1e-9 or less is left out of
# its row, a cost that is not a number is taken. What says so is the return value of addRow (kError, kWarning) or nothing
# at all; run() then answers kOk, and the status is "Optimal" for a programme that lacks the limit.
# Seen with 1.16.0: rows 0 after kError; a row of one entry where two were given; kOk for a cost of nan.
# Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install highspy==1.16.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import highspy
import numpy as np

OK, WARNING, ERROR = (getattr(highspy.HighsStatus, f"k{name}") for name in ("Ok", "Warning", "Error"))


def two_columns():
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.addVars(2, np.zeros(2), np.full(2, 10.0))
    highs.changeColsCost(2, np.array([0, 1], dtype=np.int32), np.ones(2))
    return highs


def floor(highs, coefficient):
    """coefficient × x0 + x1 ≥ 1, without which the least of x0 + x1 is 0."""
    return highs.addRow(1.0, np.inf, 2, np.array([0, 1], dtype=np.int32), np.array([coefficient, 1.0]))


large = two_columns()
said = floor(large, 2e15)
ended = large.run()
print("2e15:", said, "rows", large.getNumRow(), ended, large.modelStatusToString(large.getModelStatus()))
assert (said, large.getNumRow(), ended) == (ERROR, 0, OK)
assert large.getModelStatus() == highspy.HighsModelStatus.kOptimal
assert large.getInfo().objective_function_value == 0.0

small = two_columns()
said = floor(small, 1e-10)
entries = list(small.getLp().a_matrix_.value_)
print("1e-10:", said, "entries", entries)
assert (said, entries) == (WARNING, [1.0])

cost = two_columns()
said = cost.changeColCost(0, float("nan"))
print("cost nan:", said)
assert said == OK
PY
