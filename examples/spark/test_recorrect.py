"""Runs the job in Spark's local mode with the real gec: GEC names the program.

    GEC=target/release/gec python -m unittest discover examples/spark
"""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).parent
GEC = os.path.abspath(os.environ.get("GEC", "gec"))
ROWS = 600

# The first process that is started kills the worker that started it, in the middle of its rows.
KILLER = """#!/bin/sh
if mkdir "{marker}" 2>/dev/null; then
    (sleep 1; kill -9 $PPID) &
    head -n 40 | "{gec}" "$@"
    sleep 60
fi
exec "{gec}" "$@"
"""


def submit(folder: Path, source: Path, output: Path, gec: str, *options: str) -> str:
    """Runs the job with three cores and four attempts a task; what it says at the end."""
    command = [
        sys.executable, "-m", "pyspark.find_spark_home",
    ]
    home = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    command = [
        f"{home}/bin/spark-submit", "--master", "local[3,4]", "--conf", "spark.ui.enabled=false",
        "--py-files", str(HERE / "gec_pipe.py"), str(HERE / "recorrect.py"),
        "--input", str(source), "--output", str(output), "--partitions", "6",
        "--database", str(folder / "gec.db"), "--gec", shlex.quote(gec), "--", *options,
    ]  # fmt: skip
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise AssertionError(done.stderr[-4000:])
    return done.stdout


def corpus(path: Path) -> list[dict]:
    """Rows with a misheard form in every third."""
    rows = []
    for number in range(ROWS):
        heard = "sunny hose" if number % 3 == 0 else "boston"
        rows.append({"id": f"r{number:05}", "text": f"Flight {number} to {heard}.", "more": {"ü": [number]}})
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return rows


def expected(rows: list[dict]) -> list[dict]:
    return [{**row, "text": row["text"].replace("sunny hose", "San Jose")} for row in rows]


def written(folder: Path) -> list[dict]:
    parts = sorted(folder.glob("part-*"))
    return [json.loads(line) for part in parts for line in part.read_text().splitlines()]


class Recorrect(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.source = self.folder / "rows.jsonl"
        self.rows = corpus(self.source)
        glossary = self.folder / "names.txt"
        glossary.write_text("San Jose = sunny hose\n")
        self.options = ["--method", "1best", "--glossary", str(glossary)]

    def test_rows_come_back_complete_in_order_and_corrected(self) -> None:
        said = submit(self.folder, self.source, self.folder / "out", GEC, *self.options)
        self.assertIn(f"{ROWS} rows", said)
        self.assertEqual(written(self.folder / "out"), expected(self.rows))

    def test_the_partition_of_a_killed_worker_is_redone(self) -> None:
        marker, killer = self.folder / "killed", self.folder / "gec-killer"
        killer.write_text(KILLER.format(marker=marker, gec=GEC))
        killer.chmod(killer.stat().st_mode | stat.S_IXUSR)
        submit(self.folder, self.source, self.folder / "out", str(killer), *self.options)
        self.assertTrue(marker.is_dir(), "no worker was killed")
        self.assertEqual(written(self.folder / "out"), expected(self.rows))

    def test_parquet_goes_in_and_out(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pylist([{"id": row["id"], "text": row["text"]} for row in self.rows])
        pq.write_table(table, self.folder / "rows.parquet", row_group_size=100)
        submit(self.folder, self.folder / "rows.parquet", self.folder / "out.parquet", GEC, *self.options)
        found = pq.read_table(self.folder / "out.parquet").to_pylist()
        wanted = [{"id": row["id"], "text": row["text"]} for row in expected(self.rows)]
        self.assertEqual(sorted(found, key=lambda row: row["id"]), wanted)


if __name__ == "__main__":
    unittest.main()
