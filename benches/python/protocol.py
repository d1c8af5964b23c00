"""What the programs have in common that run beside evarrow: how they are called and what they print.

Usage: PROGRAM version
       PROGRAM check|once JOB FORMAT FILE WARM_UP_FILE [OPTION]

`check` prints what the job found, added up; `once` does it on the small file, which is not timed, and
then on the other one. Each prints one line of JSON, the last of its output.
"""

import importlib.metadata
import json
import sys
import time

PIECE = 1 << 20


class Sums:
    """Adds up arrays of events; times count from the first event on."""

    def __init__(self):
        self.found = {"events": 0, "on": 0, "sumX": 0, "sumY": 0, "sumT": 0}
        self.first = None

    def add(self, x, y, t, polarity):
        for start in range(0, len(t), PIECE):
            piece = slice(start, start + PIECE)
            times = t[piece].astype("int64")
            if self.first is None:
                self.first = int(times[0])
            self.found["events"] += len(times)
            self.found["on"] += int((polarity[piece] > 0).sum())
            self.found["sumX"] += int(x[piece].sum(dtype="int64"))
            self.found["sumY"] += int(y[piece].sum(dtype="int64"))
            self.found["sumT"] += int((times - self.first).sum())
        return self


def version_of(package):
    return importlib.metadata.version(package)


def peak_bytes():
    """Peak resident memory of this process."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except FileNotFoundError:
        pass  # not Linux
    try:
        import resource
    except ImportError:
        return 0  # Windows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def serve(version, once, check, prepare=None, threads=1):
    """Does what the arguments say.

    `once(job, format, path)` is the timed job and returns the number of events, or these and other facts
    as a dictionary; `check(job, format, path)` returns the sums; `prepare(job, format, path, option)`,
    where there is one, makes what the job takes instead of the path, before the clock starts.
    """
    mode, *arguments = sys.argv[1:]
    if mode == "version":
        result = {"version": version}
    else:
        job, dialect, path, warm_up, *option = arguments
        ready = prepare or (lambda job, dialect, path, *option: path)
        if mode == "check":
            result = check(job, dialect, ready(job, dialect, path, *option))
        else:
            once(job, dialect, ready(job, dialect, warm_up, *option))
            source = ready(job, dialect, path, *option)
            started_at = time.perf_counter()
            found = once(job, dialect, source)
            seconds = time.perf_counter() - started_at
            facts = found if isinstance(found, dict) else {"events": found}
            result = {**facts, "seconds": seconds, "peakBytes": peak_bytes(), "threads": threads}
    print(json.dumps(result))
