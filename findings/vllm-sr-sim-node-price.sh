#!/usr/bin/env bash
# vllm-sr-sim 0.1.0.dev20260713123629: a "GPU" of the ready-made profiles A100_80GB and H100_80GB, which the command
# line uses for every fleet, has the speed and the memory of a node of eight ("Llama-3-70B calibration, 8-GPU TP", says
# a comment) and the price and count of one. An iteration of 8.7 ms reads the 141 GB of Llama 3 70B at 16 TB/s, eight
# times what the package's own hardware catalogue gives one A100, and 65,536 blocks of cache are 344 GB of the package's
# own 80 GiB. The same model through ProfileBuilder at TP8 takes 11 ms and costs 17.68 $/h, the profile 2.21 $/h. So the
# fleet of 24 GPUs at 465 thousand dollars a year that `optimize` finds for the Azure case stands for 192 GPUs at 3.7
# million.
# Seen with vllm-sr-sim 0.1.0.dev20260713123629, Python 3.11. Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install vllm-sr-sim==0.1.0.dev20260713123629
"$work/venv/bin/python" - <<'PY'
from fleet_sim.gpu_profiles.builder import ProfileBuilder, ServingConfig
from fleet_sim.gpu_profiles.profiles import A100_80GB, H100_80GB
from fleet_sim.hardware.catalog import A100_SXM, H100_SXM
from fleet_sim.models.catalog import LLAMA_3_1_70B

weights = LLAMA_3_1_70B.param_bytes_per_gpu(1, 2)
for part, profile in ((A100_SXM, A100_80GB), (H100_SXM, H100_80GB)):
    bandwidths = weights / profile.iter_latency(1) / part.mem_bw
    cache = profile.total_kv_blks * profile.blk_size * LLAMA_3_1_70B.kv_bytes_per_token_dtype(2)
    node = ProfileBuilder().build(part, LLAMA_3_1_70B, ServingConfig(tp=8))
    print(
        f"{profile.name}: iteration {1e3 * profile.iter_latency(1):.1f} ms, {bandwidths:.1f} times the bandwidth of one "
        f"{part.name}, cache {cache / 1e9:.0f} GB, {profile.cost_per_hr:.2f} $/h; "
        f"built at TP8: {1e3 * node.W:.1f} ms, {node.cost_per_hr:.2f} $/h"
    )
    assert bandwidths > 6 and cache > 3 * part.mem_capacity, "the profile is now one of one GPU"
    assert profile.cost_per_hr == part.cost_per_hr == node.cost_per_hr / 8, "the profile now has the price of a node"
PY
