"""Faults in input files: collected all at once, told in one clear message."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """One fault of one input: where it is, what stands there, what was expected, what to do.

    `row` is the 1-based row of the data table (the header is row 0), or None when the fault
    concerns the whole file.
    """

    file: str
    problem: str
    expected: str
    remedy: str
    row: int | None = None
    value: object | None = None

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}, row {self.row}"
        value = "" if self.value is None else f" (value: {self.value!r})"
        return f"{where}: {self.problem}{value}. Expected {self.expected}. {self.remedy}"


class BadInput(Exception):
    """Input that cannot be used; carries every fault that was found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass
class FaultLog:
    """Collects faults while files are read; `raise_if_any` ends the reading."""

    faults: list[Fault] = field(default_factory=list)

    def add(
        self,
        file: str,
        problem: str,
        *,
        expected: str,
        remedy: str,
        row: int | None = None,
        value: object | None = None,
    ) -> None:
        """Note one fault."""
        self.faults.append(Fault(file, problem, expected, remedy, row, value))

    def raise_if_any(self) -> None:
        """Raise `BadInput` with all faults noted so far, if there are any."""
        if self.faults:
            raise BadInput(self.faults)

    def attempt(self, read: Callable[["FaultLog"], T]) -> T | None:
        """Result of `read`, or None when it found faults; these are noted here.

        So one unreadable file does not hide the faults of the next.
        """
        own = FaultLog()
        try:
            result = read(own)
        except BadInput as error:
            self.faults.extend(error.faults)
            return None
        self.faults.extend(own.faults)
        return None if own.faults else result
