"""h5py over an HDF5 file: the peer of the HDF5 cases. Prints one line of JSON.

Usage: h5py_read.py version
       h5py_read.py check|once read h5-plain|h5-gzip|h5-shuffle FILE [WARM_UP_FILE]

`read` reads every column whole, each into an array of its own.
"""

import json
import sys
import time

import h5py
import numpy as np


def read(path):
    with h5py.File(path, "r") as file:
        events = file["events"]
        return {name: events[name][:] for name in ("x", "y", "t", "p")}


def check(path):
    columns = read(path)
    t = columns["t"]
    return {
        "events": len(t),
        "on": int(columns["p"].sum(dtype=np.int64)),
        "sumX": int(columns["x"].sum(dtype=np.int64)),
        "sumY": int(columns["y"].sum(dtype=np.int64)),
        "sumT": int((t - t[0]).sum()),
    }


def peak_bytes():
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def main(mode, job=None, dialect=None, path=None, warm_up=None):
    if mode == "version":
        return {"version": h5py.__version__}
    if mode == "check":
        return check(path)
    read(warm_up)
    started_at = time.perf_counter()
    events = len(read(path)["t"])
    seconds = time.perf_counter() - started_at
    return {"events": events, "seconds": seconds, "peakBytes": peak_bytes(), "threads": 1}


print(json.dumps(main(*sys.argv[1:])))
