#!/usr/bin/env bash
# linopy 0.10.1: `with linopy.options:` puts back EVERY option when it ends, not those that were set inside. What other
# code of the process set meanwhile (another thread, or a call between) is lost without a word, as `semantics` or
# `display_max_rows`. xarray's `set_options` puts back only what it was given, but both are of the whole process: a thread
# that sets nothing computes with the joins of another.
# Seen with linopy 0.10.1, xarray 2026.9.0, Python 3.11: "rows set meanwhile: 7, after: 14", "join in a thread that set
# nothing: exact". Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install linopy==0.10.1 xarray==2026.9.0 highspy==1.16.0
"$work/venv/bin/python" - <<'PY'
import threading

import linopy
import xarray as xr

ROWS = "display_max_rows"
found = linopy.options[ROWS]
with linopy.options as options:
    options["semantics"] = "v1"
    other = threading.Thread(target=lambda: linopy.options.set_value(**{ROWS: found // 2}))
    other.start()
    other.join()
    meanwhile = linopy.options[ROWS]
after = linopy.options[ROWS]
print(f"rows set meanwhile: {meanwhile}, after: {after}")
assert (meanwhile, after) == (found // 2, found), "the context no longer puts back what it did not set"

seen = []
with xr.set_options(arithmetic_join="exact"):
    other = threading.Thread(target=lambda: seen.append(xr.get_options()["arithmetic_join"]))
    other.start()
    other.join()
print("join in a thread that set nothing:", *seen)
assert seen == ["exact"], "xarray's settings are no longer those of the process"
PY
