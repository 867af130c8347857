#!/usr/bin/env bash
# transformers 5.24.0, longcat_flash: a layer has 512 experts that compute and 256 "zero-computation" ones that hand a token
# on as it is. The class allocates gate and up matrices for all 768 of them and down matrices for 512, so that counting a
# model's parameters by its class gives 741 billion where 560 billion are published (arXiv:2509.01322): the matrices of
# the empty experts are 181 billion that no checkpoint has. Who sizes memory or compute by the class is a third too high.
# Seen with transformers 5.24.0, torch 2.13.0 (CPU), Python 3.11: "741.1 billion; gate_up of 768 experts, down of 512".
# Fails if that changes. The reader of configurations counts 560.6 billion, and says that empty experts are not counted
# (tests/readers/configs/test_structures.py).
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --index-url https://download.pytorch.org/whl/cpu "torch==2.13.0"
"$work/v/bin/pip" -q install "transformers==5.24.0"
said=$("$work/v/bin/python" - <<'PY'
import torch
from transformers import AutoModelForCausalLM, LongcatFlashConfig

with torch.device("meta"):
    model = AutoModelForCausalLM.from_config(LongcatFlashConfig())
sizes = dict(model.named_parameters())
total = sum(one.numel() for one in sizes.values())
both = {name.rsplit(".", 1)[1]: tuple(one.shape)[0] for name, one in sizes.items() if name.startswith("model.layers.0.mlp.experts.")}
print(f"{total / 1e9:.1f} billion; gate_up of {both['gate_up_proj']} experts, down of {both['down_proj']}")
PY
)
echo "$said"
[[ "$said" == "741.1 billion; gate_up of 768 experts, down of 512" ]] || { echo "the class counts its experts differently"; exit 1; }
