"""expelliarmus over EVT2, EVT3 and DAT; see protocol.py.

`read` makes one structured array of the file; `scan` takes chunks, each an array, and keeps none.
"""

from expelliarmus import Wizard

from protocol import Sums, serve, version_of

# The fastest for most files; the defaults, 8192 and 4096, take up to twice as long.
CHUNK_EVENTS = 1 << 17
BUFFER_WORDS = 1 << 16


def arrays(job, dialect, path):
    if job == "scan":
        wizard = Wizard(dialect, path, chunk_size=CHUNK_EVENTS, buff_size=BUFFER_WORDS)
        yield from wizard.read_chunk()
    else:
        yield Wizard(dialect, buff_size=BUFFER_WORDS).read(path)


def once(job, dialect, path):
    return sum(len(array) for array in arrays(job, dialect, path))


def check(job, dialect, path):
    sums = Sums()
    for array in arrays(job, dialect, path):
        sums.add(array["x"], array["y"], array["t"], array["p"])
    return sums.found


serve(version_of("expelliarmus"), once, check)
