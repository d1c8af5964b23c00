"""Polars over a file of text: the peer of the text cases. Prints one line of JSON.

Usage: polars_text.py version
       polars_text.py check|once read|scan text-us|text-s FILE [WARM_UP_FILE]

`read` makes a DataFrame; `scan` goes through the file with the streaming engine and keeps sums only.
The types of the columns are given, so that nothing is spent on guessing them. POLARS_MAX_THREADS
says how many threads there are.
"""

import json
import sys
import time

import polars as pl

DIALECTS = {
    "text-us": {
        "separator": ",",
        "schema": {"x": pl.UInt16, "y": pl.UInt16, "p": pl.Int8, "t": pl.Int64},
    },
    # Times become floats: exact ones would have to be made of text in a second step.
    "text-s": {
        "separator": " ",
        "schema": {"t": pl.Float64, "x": pl.UInt16, "y": pl.UInt16, "p": pl.Int8},
    },
}


def sums():
    columns = [pl.col(name).cast(pl.Int64).sum() for name in ("x", "y", "p")]
    return [pl.len(), *columns, pl.col("t").sum()]


def read(path, dialect):
    return pl.read_csv(path, has_header=False, **dialect)


def scan(path, dialect):
    lines = pl.scan_csv(path, has_header=False, **dialect)
    return lines.select(sums()).collect(engine="streaming")


def once(job, path, dialect):
    """The timed job; returns the number of events."""
    if job == "scan":
        return scan(path, dialect)["len"][0]
    return read(path, dialect).height


def check(job, path, dialect):
    frame = read(path, dialect)
    time_us = pl.col("t")
    if frame.schema["t"] == pl.Float64:
        time_us = (time_us * 1e6).round().cast(pl.Int64)
    sum_t = frame.select((time_us - time_us.first()).sum()).item()
    totals = scan(path, dialect) if job == "scan" else frame.select(sums())
    return {
        "events": totals["len"][0],
        "on": totals["p"][0],
        "sumX": totals["x"][0],
        "sumY": totals["y"][0],
        "sumT": sum_t,
    }


def peak_bytes():
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def main(mode, job=None, dialect=None, path=None, warm_up=None):
    if mode == "version":
        return {"version": pl.__version__}
    if mode == "check":
        return check(job, path, DIALECTS[dialect])
    once(job, warm_up, DIALECTS[dialect])
    started_at = time.perf_counter()
    events = once(job, path, DIALECTS[dialect])
    seconds = time.perf_counter() - started_at
    return {
        "events": events,
        "seconds": seconds,
        "peakBytes": peak_bytes(),
        "threads": pl.thread_pool_size(),
    }


print(json.dumps(main(*sys.argv[1:])))
