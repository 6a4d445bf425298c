"""Re-corrects a corpus of JSON lines or Parquet with `gec correct -` on Spark.

    spark-submit --py-files gec_pipe.py recorrect.py --input corpus.jsonl --output corrected \\
        --partitions 64 -- --model qwen.gguf

Each row has an N-best list (`nbest` or `input`) or a transcript (`text`), as `gec correct`
documents it. Rows come back in their order and with all their fields: with `corrected` beside
a list, or with a corrected `text`. What follows `--` is passed on to gec.

Answers are kept in one database on each machine (`--database`), so a task that is tried again
goes on where the killed one stopped.
"""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
from collections.abc import Iterator

import gec_pipe
from pyspark.sql import SparkSession


def run(arguments: argparse.Namespace) -> int:
    """Reads, corrects and writes the corpus; the number of rows."""
    builder = SparkSession.builder.appName("gec")
    # A killed worker costs a partition, not the job. (In local mode: `--master local[2,4]`.)
    spark = builder.config("spark.task.maxFailures", str(arguments.attempts)).getOrCreate()
    context = spark.sparkContext
    if arguments.input.endswith(".parquet"):
        rows = spark.read.parquet(arguments.input).toJSON()
    else:
        lines = context.textFile(arguments.input, minPartitions=arguments.partitions)
        rows = lines.filter(lambda line: bool(line.strip()))

    command = [*shlex.split(arguments.gec), "correct", "-", "--db", arguments.database, *arguments.options]

    def partition(number: int, part: Iterator[str]) -> Iterator[str]:
        return gec_pipe.correct(number, part, command)

    corrected = rows.mapPartitionsWithIndex(partition)
    # Spark writes a task's rows under another name until the task is done.
    if arguments.output.endswith(".parquet"):
        spark.read.json(corrected).write.mode("errorifexists").parquet(arguments.output)
        count = spark.read.parquet(arguments.output).count()
    else:
        corrected.saveAsTextFile(arguments.output)
        count = context.textFile(arguments.output).count()
    spark.stop()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", required=True, help="JSON lines (a file, folder or pattern), or *.parquet")
    parser.add_argument("--output", required=True, help="a folder that does not exist yet; *.parquet for Parquet")
    parser.add_argument("--partitions", type=int, default=8, help="at least so many tasks for JSON lines")
    parser.add_argument("--attempts", type=int, default=4, help="how often a task is tried")
    default = os.path.join(tempfile.gettempdir(), "gec-spark.db")
    parser.add_argument("--database", default=default, help="on each machine")
    parser.add_argument("--gec", default="gec", help="the program, as it is called on each machine")
    parser.add_argument("options", nargs="*", help="behind `--`: passed on to gec")
    print(f"{run(parser.parse_args())} rows")


if __name__ == "__main__":
    main()
