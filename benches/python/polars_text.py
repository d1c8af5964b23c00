"""Polars over a file of text; see protocol.py.

`read` makes a DataFrame; `scan` goes through the file with the streaming engine and keeps sums only.
The types of the columns are given, so that nothing is spent on guessing them. POLARS_MAX_THREADS
says how many threads there are.
"""

import polars as pl

from protocol import serve

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


def read(dialect, path):
    return pl.read_csv(path, has_header=False, **DIALECTS[dialect])


def scan(dialect, path):
    lines = pl.scan_csv(path, has_header=False, **DIALECTS[dialect])
    return lines.select(sums()).collect(engine="streaming")


def once(job, dialect, path):
    if job == "scan":
        return scan(dialect, path)["len"][0]
    return read(dialect, path).height


def check(job, dialect, path):
    frame = read(dialect, path)
    time_us = pl.col("t")
    if frame.schema["t"] == pl.Float64:
        time_us = (time_us * 1e6).round().cast(pl.Int64)
    sum_t = frame.select((time_us - time_us.first()).sum()).item()
    totals = scan(dialect, path) if job == "scan" else frame.select(sums())
    return {
        "events": totals["len"][0],
        "on": totals["p"][0],
        "sumX": totals["x"][0],
        "sumY": totals["y"][0],
        "sumT": sum_t,
    }


serve(pl.__version__, once, check, threads=pl.thread_pool_size())
