"""A folder of results beside a run: written whole or not at all, replaced only by its like."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from geodata.faults import BadInput, Fault


@dataclass(frozen=True)
class ResultKind:
    """What a command leaves behind: its name in messages, and the files that may lie there.

    `patterns` are those of files in folders, such as `sheets/*.html`.
    """

    what: str
    record: str
    text: str
    tables: frozenset[str]
    patterns: frozenset[str] = frozenset()

    @property
    def files(self) -> frozenset[str]:
        """Names of all its files."""
        return self.tables | {self.record, self.text}

    def has(self, path: PurePath) -> bool:
        """Whether a file or folder, by its path in the result, may be one of these."""
        folders = {PurePath(pattern).parent for pattern in self.patterns}
        named = str(path) in self.files or path in folders
        return named or any(path.match(pattern) for pattern in self.patterns)


def refuse_other_files(out: Path, kind: ResultKind) -> None:
    """Refuse to replace anything but an earlier result of this kind or an empty folder.

    Raises
    ------
    BadInput
        When something else is there.
    """
    if not out.exists():
        return
    if not out.is_dir() or not all(kind.has(path.relative_to(out)) for path in out.rglob("*")):
        raise BadInput(
            [
                Fault(
                    "--out",
                    f"something that is no {kind.what} is there",
                    f"a new folder, an empty one or that of an earlier {kind.what}",
                    f"Name another folder; a {kind.what} replaces all that is in it.",
                    value=out.name,
                )
            ]
        )


def write_result(
    out: Path,
    kind: ResultKind,
    tables: Mapping[str, pd.DataFrame],
    record: Mapping[str, Any],
    text: str,
    status: str,
    files: Iterable[tuple[str, str]] = (),
) -> None:
    """Write tables (each labelled with the data's `status`), record and text: never half of it.

    `files` are others with their paths in the result; their text is written as it is.
    """
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name, frame in tables.items():
            labelled = frame.assign(data_status=status)
            labelled.to_csv(draft / name, index=False, float_format="%.9g", lineterminator="\n")
        for name, content in files:
            (draft / name).parent.mkdir(exist_ok=True)
            (draft / name).write_text(content, encoding="utf-8", newline="")
        (draft / kind.text).write_text(text + "\n", encoding="utf-8")
        written = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
        (draft / kind.record).write_text(written + "\n", encoding="utf-8")
        draft.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
