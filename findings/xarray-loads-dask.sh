#!/usr/bin/env bash
# xarray 2026.9.0: the first Dataset of plain numpy arrays imports dask.array, and the first to_netcdf imports
# dask.distributed, wherever these are installed (linopy brings dask): no chunk, no scheduler and no lock is asked for. A
# command that writes a few small files pays for a cluster's library, in half a second of CPU and some tens of megabytes;
# with dask alone the second import is not there, so that time and memory depend on what else an environment
# holds.
# Seen with xarray 2026.9.0, dask and distributed 2026.8.0, h5netcdf 1.8.2, Python 3.11: "dask.array after the first
# Dataset: True", "distributed after the first to_netcdf: True". Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install xarray==2026.9.0 dask==2026.8.0 distributed==2026.8.0 h5netcdf==1.8.2 h5py==3.16.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import io
import sys
import time

import numpy as np
import xarray as xr

before = "dask.array" in sys.modules
start = time.process_time()
data = xr.Dataset({"power": ("hour", np.arange(24.0))})
first_s = time.process_time() - start
start = time.process_time()
xr.Dataset({"power": ("hour", np.arange(24.0))})
second_s = time.process_time() - start
array = "dask.array" in sys.modules
print(f"dask.array after import: {before}, dask.array after the first Dataset: {array}")
print(f"CPU-seconds of the first Dataset: {first_s:.2f}, of the second: {second_s:.4f}")
assert (before, array) == (False, True), "a Dataset no longer imports dask.array"

cluster = "distributed" in sys.modules
start = time.process_time()
data.to_netcdf(io.BytesIO(), engine="h5netcdf")
print(f"distributed before: {cluster}, distributed after the first to_netcdf: {'distributed' in sys.modules}")
print(f"CPU-seconds of the first to_netcdf: {time.process_time() - start:.2f}")
assert (cluster, "distributed" in sys.modules) == (False, True), "to_netcdf no longer imports distributed"
PY
