#!/usr/bin/env bash
# HiGHS (highspy 1.16.0): a convex quadratic programme is solved with a number added to the diagonal of the Hessian
# (qp_regularization_value, 1e-7 by default), on every column, those without curvature too, and the answer is called
# optimal. Where a marginal value is small, as of a class of work with a weight of 1e-5 beside one of 1, shares are off
# by per cents. Multiplying the whole objective by a constant, which changes no optimum, takes the error away: nothing is
# scaled by HiGHS itself.
# Seen with 1.16.0: the price of the shared capacity is off by 8e-5, 8e-4, 8e-3 and 8e-2 at weights of 1e-3, 1e-4, 1e-5
# and 1e-6; with the objective times 1e6, by a millionth of that.
# Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install highspy==1.16.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import highspy
import numpy as np

WORK, CAPACITY = np.array([1.0, 2.0, 0.5]), 1.7


def priced(weights, scale):
    """max Σ w·(s − s²/2), s = share ≤ 1, power = work × share, Σ power ≤ 1.7: the dual of the last row."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.addVars(6, np.zeros(6), np.array([1.0, 1.0, 1.0, np.inf, np.inf, np.inf]))
    highs.changeColsCost(3, np.arange(3, dtype=np.int32), scale * weights)
    highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    for n in range(3):
        highs.addRow(0.0, 0.0, 2, np.array([n, n + 3], dtype=np.int32), np.array([-WORK[n], 1.0]))
    highs.addRow(-np.inf, CAPACITY, 3, np.array([3, 4, 5], dtype=np.int32), np.ones(3))
    starts = np.array([0, 1, 2, 3, 3, 3, 3], dtype=np.int32)
    rows = np.arange(3, dtype=np.int32)
    highs.passHessian(6, 3, int(highspy.HessianFormat.kTriangular), starts, rows, -scale * weights)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getSolution().row_dual[3] / scale


def exact(weights):
    """By bisection on w·(1 − s) = price × work."""
    low, high = 0.0, 10.0
    for _ in range(200):
        price = (low + high) / 2
        used = np.clip(1 - price * WORK / weights, 0, 1) @ WORK
        low, high = (price, high) if used > CAPACITY else (low, price)
    return price


for small in (1e-3, 1e-4, 1e-5, 1e-6):
    weights = np.array([1.0, small, 3 * small])
    plain, scaled = (abs(priced(weights, scale) / exact(weights) - 1) for scale in (1.0, 1e6))
    print(f"weight {small:g}: error of the price {plain:.0e}, with the objective times 1e6 {scaled:.0e}")
    assert scaled < 1e-5, "scaling no longer helps"
    assert 0.04 / (small / 1e-6) < plain, "the regularisation no longer moves the optimum"
PY
