"""What runs on Spark's workers: one `gec` process for each, through which partitions are piped.

A worker keeps its process from task to task, so the model is loaded once. The rows carry a
number through the pipe in a field that is taken off again: a partition that comes back
short, long or out of order is found at once and fails as a task, and Spark tries it again.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator

# Travels with every row through the pipe and is taken off again.
NUMBER = "__gec_row"


class Broken(Exception):
    """A partition did not come back as it was sent."""


class Process:
    """A `gec correct -` that lives as long as the worker."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        atexit.register(self.process.kill)

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> str:
        """Ends the process; what it said last."""
        self.process.kill()
        self.process.wait()
        self.errors.seek(0, 2)
        self.errors.seek(max(0, self.errors.tell() - 2000))
        return self.errors.read().decode("utf-8", "replace").strip()

    def pipe(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Sends lines and yields as many, while sending: gec writes one for each it reads."""
        state = Feed()
        feeder = threading.Thread(target=state.feed, args=(self.process.stdin, lines), daemon=True)
        feeder.start()
        received = 0
        while state.is_more(received):
            line = self.process.stdout.readline()
            if not line.endswith(b"\n"):
                raise Broken(f"gec ended after {received} rows: {self.end()}")
            received += 1
            yield line
        feeder.join()
        if state.failure:
            raise state.failure


class Feed:
    """Sends lines from a thread of its own, for a full pipe would block both sides."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.sent = 0
        self.ended = False
        self.failure: BaseException | None = None

    def feed(self, pipe: object, lines: Iterable[bytes]) -> None:
        try:
            for line in lines:
                pipe.write(line + b"\n")
                pipe.flush()
                with self.changed:
                    self.sent += 1
                    self.changed.notify()
        except BaseException as failure:  # told to the reader, which raises it
            self.failure = failure
        with self.changed:
            self.ended = True
            self.changed.notify()

    def is_more(self, received: int) -> bool:
        """Whether another line has been sent; waits until that is known."""
        with self.changed:
            self.changed.wait_for(lambda: self.sent > received or self.ended)
            return self.sent > received


_process: Process | None = None


def correct(partition: int, rows: Iterable[str], command: list[str]) -> Iterator[str]:
    """The rows (JSON objects) of a partition, corrected, in order and complete; else `Broken`."""
    global _process
    if _process is None or not _process.is_alive() or _process.command != command:
        _process = Process(command)
    process = _process
    try:
        numbered = (number_row(number, row) for number, row in enumerate(rows))
        for expected, line in enumerate(process.pipe(numbered)):
            record = json.loads(line)
            number = record.pop(NUMBER, None)
            if number != expected:
                raise Broken(f"partition {partition}: row {number} came back in the place of row {expected}")
            yield json.dumps(record, ensure_ascii=False)
    except BaseException:
        # What is still in the pipe belongs to this partition: nobody else may read it.
        _process = None
        process.end()
        raise


def number_row(number: int, row: str) -> bytes:
    """The row with its number."""
    return json.dumps({**json.loads(row), NUMBER: number}, ensure_ascii=False).encode()
