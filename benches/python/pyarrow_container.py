"""pyarrow beside the compact container; see protocol.py. FILE is Arrow IPC as evarrow writes it.

`read` reads it, uncompressed, into memory; `parquet-write` writes its table, which is in memory before,
as Parquet with zstd, times as differences and the other columns byte by byte (DELTA_BINARY_PACKED,
BYTE_STREAM_SPLIT); `parquet-read` reads that file. OPTION is how many events a row group has.
`fileBytes` says how large the file is that was read or written.
"""

import os
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

from protocol import Sums, serve

ROW_GROUP = 1 << 20
SPLIT = "BYTE_STREAM_SPLIT"
ENCODINGS = {"t": "DELTA_BINARY_PACKED", "x": SPLIT, "y": SPLIT, "polarity": SPLIT}

folder = tempfile.TemporaryDirectory(prefix="evarrow-bench-parquet-")


def read_ipc(path):
    # Without a memory map: the events shall be in memory, as they are on the other side.
    with pa.OSFile(path, "rb") as file:
        start = file.read(6)
        file.seek(0)
        is_file = start == b"ARROW1"
        reader = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
        return reader.read_all()


def write_parquet(table, path, row_group):
    pq.write_table(
        table,
        path,
        row_group_size=row_group,
        compression="zstd",
        use_dictionary=False,
        column_encoding=ENCODINGS,
    )


def prepare(job, dialect, path, row_group=ROW_GROUP):
    if job == "read":
        return path
    parquet = os.path.join(folder.name, f"{os.path.basename(path)}.parquet")
    if job == "parquet-read":
        # In another process, so that the peak is that of reading.
        subprocess.run([sys.executable, __file__, "prepare", path, parquet, str(row_group)], check=True)
        return parquet
    return read_ipc(path), parquet, int(row_group)


def once(job, _dialect, source):
    if job == "read":
        return {"events": read_ipc(source).num_rows, "fileBytes": os.path.getsize(source)}
    if job == "parquet-read":
        return {"events": pq.read_table(source).num_rows, "fileBytes": os.path.getsize(source)}
    table, path, row_group = source
    write_parquet(table, path, row_group)
    return {"events": table.num_rows, "fileBytes": os.path.getsize(path)}


def check(job, dialect, source):
    if job == "parquet-write":
        once(job, dialect, source)
        source = source[1]
    table = read_ipc(source) if job == "read" else pq.read_table(source)
    sums = Sums()
    for batch in table.to_batches():
        sums.add(*(batch.column(name).to_numpy() for name in ("x", "y", "t", "polarity")))
    return sums.found


if sys.argv[1] == "prepare":
    write_parquet(read_ipc(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
else:
    serve(pa.__version__, once, check, prepare, threads=pa.cpu_count())
