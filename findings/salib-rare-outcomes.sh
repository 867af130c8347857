#!/usr/bin/env bash
# SALib 1.6.0, two things that mislead where outcomes of an uncertain plan are screened:
# 1. rbd_fast.analyze (M = 10, the default) gives a yes/no outcome that is rare far too small a first-order index. An
#    event of 2 % probability that hangs on one quantity alone has, by definition, the index 1; the answer is 0.3 to 0.45,
#    with a confidence interval that does not reach 1. The variance of the means of groups of equal draws gives 0.9.
# 2. sobol.analyze with one outcome in thousands that is not a number gives 0 for every index and total, and neither an
#    error nor a warning that names it.
# Seen with SALib 1.6.0, numpy 2.4.6, Python 3.11. Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install SALib==1.6.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import numpy as np
from SALib.analyze import rbd_fast, sobol
from SALib.sample import sobol as sample

PROBLEM = {"num_vars": 2, "names": ["price", "demand"], "bounds": [[0, 1], [0, 1]]}

draws = np.random.default_rng(0).random((1000, 2))
event = (draws[:, 0] > 0.98).astype(float)
found = rbd_fast.analyze(PROBLEM, draws, event, M=10, seed=0)
groups = np.array_split(event[np.argsort(draws[:, 0])], 50)
by_groups = np.var([group.mean() for group in groups]) / event.var()
print(f"event of 2 %: rbd_fast {found['S1'][0]:.2f} ± {found['S1_conf'][0]:.2f}, by means of groups {by_groups:.2f}, truth 1")
assert found["S1"][0] + found["S1_conf"][0] < 0.8, "rbd_fast now sees rare events"
assert by_groups > 0.8

design = sample.sample(PROBLEM, 1024, calc_second_order=False, seed=0)
outcome = design[:, 0] + 0.1 * design[:, 1]
whole = sobol.analyze(PROBLEM, outcome, calc_second_order=False, seed=0)
outcome[5] = np.nan
holed = sobol.analyze(PROBLEM, outcome, calc_second_order=False, seed=0)
print("index of price:", round(float(whole["S1"][0]), 2), "with one NaN:", holed["S1"], holed["ST"])
assert whole["S1"][0] > 0.95
assert not np.any(np.nan_to_num(holed["S1"])) and not np.any(np.nan_to_num(holed["ST"])), "a NaN is now seen"
PY
