#!/usr/bin/env bash
# vllm-sr-sim 0.1.0.dev20260713123629 (imports as fleet_sim): the utilisation that a simulated fleet reports does not
# rise with load. Fleet.run on four A100 instances, lengths of the package's own Azure table, Poisson arrivals: it falls
# from 34 % at 20 requests a second to 25 % at 3,200, while the slots held (service time of the requests that it
# completed, over instances, slots and time) rise from 0.4 % to 42 %. One instance says 100 % at one request a second,
# with 0.08 % of its slots held. Why: an interval is counted as busy by what was running at the end of the interval
# before it, taken before the requests that end there leave: the gap after a completion counts as busy, the service
# after an arrival as idle. Who sizes a fleet by it takes an idle one for full.
# Seen with vllm-sr-sim 0.1.0.dev20260713123629, Python 3.11. Fails if utilisation rises with load.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install vllm-sr-sim==0.1.0.dev20260713123629
"$work/venv/bin/python" - <<'PY'
import json
from importlib.resources import files

from fleet_sim.core.fleet import Fleet, FleetConfig, PoolConfig
from fleet_sim.gpu_profiles.profiles import A100_80GB
from fleet_sim.workload.synthetic import CdfWorkload, PoissonWorkload

LENGTHS = [tuple(row) for row in json.loads((files("fleet_sim") / "data" / "azure_cdf.json").read_text())]
CONTEXT = 8192


def simulate(instances: int, rate: float) -> tuple[float, float]:
    """Utilisation as reported, and slot-time held over slot-time there was."""
    pool = PoolConfig("only", A100_80GB, instances, CONTEXT, lb_strategy="least_loaded")
    fleet = Fleet(FleetConfig(pools=[pool], router_type="LengthRouter", router_kwargs={"threshold": 65536}))
    ran = fleet.run(PoissonWorkload(rate, CdfWorkload(LENGTHS, seed=1), n_requests=4000, seed=1).generate())
    assert len(ran.completed) == 4000
    held = sum(one.end_time - one.start_time for one in ran.completed)
    there = max(one.end_time for one in ran.completed) * instances * A100_80GB.n_slots(CONTEXT)
    return ran.mean_utilisation(), held / there


rows = {rate: simulate(4, rate) for rate in (20, 200, 3200)}
for rate, (said, held) in rows.items():
    print(f"4 instances, {rate:>4} requests/s: utilisation {said:.1%}, slots held {held:.2%}")
idle, held = simulate(1, 1)
print(f"1 instance,     1 request/s:  utilisation {idle:.1%}, slots held {held:.2%}")
assert rows[20][1] < rows[200][1] < rows[3200][1] and rows[3200][1] > 0.3, "the load did not rise"
assert rows[20][0] > rows[200][0] > rows[3200][0], "utilisation now rises with load"
assert idle > 0.99 and held < 0.01, "an idle instance is now told from a busy one"
PY
