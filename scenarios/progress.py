"""Phases of a run: told on stderr as they begin, timed for the report."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO


@dataclass
class Progress:
    """Names each phase on `stream` and keeps its wall seconds in `seconds`."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def say(self, what: str) -> None:
        """Tell what comes next, without timing it."""
        if not self.quiet:
            print(what, file=self.stream, flush=True)

    @contextmanager
    def phase(self, name: str, say: str) -> Iterator[None]:
        """Time a phase; `say` is told when it begins."""
        if not self.quiet:
            print(f"{say} ...", file=self.stream, flush=True)
        began = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - began
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
            if not self.quiet:
                print(f"  {spent:.1f} s", file=self.stream, flush=True)


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
