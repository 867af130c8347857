#!/usr/bin/env bash
# vllm-sr-sim 0.1.0.dev20260713123629: `simulate` serves more requests at once than its instances have slots, and so
# lets fleets pass that `optimize` says are a fraction of what is needed. An instance frees the slot of a request after
# its service time divided by the number of slots (which already serve side by side), while the request itself goes on
# for the whole of it ("physical_end_time"). On the package's own Azure case (200 requests/s, P99 TTFT of 500 ms)
# `optimize` finds that 24 GPUs are needed at least; `simulate` of 3 GPUs completes every request at a P99 TTFT of 151
# ms, the same as with 28. With one pool of 4 at 800 requests/s there are on average 6 times as many requests in service
# as there are slots. `simulate` is therefore no check of what `optimize` finds.
# Seen with vllm-sr-sim 0.1.0.dev20260713123629, Python 3.11. Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install vllm-sr-sim==0.1.0.dev20260713123629
where='from importlib.resources import files; print(files("fleet_sim") / "data" / "azure_cdf.json")'
lengths=$("$work/venv/bin/python" -c "$where")
case=(--cdf "$lengths" --lam 200 --slo 500 --b-short 6144)
cd "$work"
venv/bin/vllm-sr-sim optimize "${case[@]}" --verify-top 3 --n-sim-req 30000 --out optimize.json > /dev/null
venv/bin/vllm-sr-sim simulate "${case[@]}" --n-s 18 --n-l 10 --n-req 30000 --out 28.json > /dev/null
venv/bin/vllm-sr-sim simulate "${case[@]}" --n-s 2 --n-l 1 --n-req 30000 --out 3.json > /dev/null
venv/bin/python - <<'PY'
import json
from importlib.resources import files
from pathlib import Path

from fleet_sim.core.fleet import Fleet, FleetConfig, PoolConfig
from fleet_sim.gpu_profiles.profiles import A100_80GB
from fleet_sim.workload.synthetic import CdfWorkload, PoissonWorkload

needed = min(row["total_gpus"] for row in json.loads(Path("optimize.json").read_text()) if row["slo_met"])
many, few = (json.loads(Path(name).read_text()) for name in ("28.json", "3.json"))
print(f"optimize: {needed} GPUs")
for one in (many, few):
    gpus, done, ttft = one["total_gpus"], one["total_completed"], one["fleet_p99_ttft_ms"]
    print(f"simulate: {gpus} GPUs complete {done:,} requests at a P99 TTFT of {ttft} ms")
lengths = [tuple(row) for row in json.loads((files("fleet_sim") / "data" / "azure_cdf.json").read_text())]
pool = PoolConfig("only", A100_80GB, 4, 8192, lb_strategy="least_loaded")
fleet = Fleet(FleetConfig(pools=[pool], router_type="LengthRouter", router_kwargs={"threshold": 65536}))
ran = fleet.run(PoissonWorkload(800, CdfWorkload(lengths, seed=1), n_requests=4000, seed=1).generate())
in_service = sum(one.physical_end_time - one.start_time for one in ran.completed)
ratio = in_service / (4 * A100_80GB.n_slots(8192) * max(one.end_time for one in ran.completed))
print(f"4 instances at 800 requests/s: {ratio:.1f} requests in service for each slot")
assert needed >= 20 and few["total_completed"] == many["total_completed"] == 30000, "the case has changed"
assert few["fleet_p99_ttft_ms"] < 1.01 * many["fleet_p99_ttft_ms"], "3 GPUs no longer serve as well as 28"
assert ratio > 2, "slots are now held as long as requests run"
PY
