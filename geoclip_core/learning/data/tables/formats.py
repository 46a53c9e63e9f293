"""Tables as text or Parquet: any usual separator, encoding and compression, and JSON lines."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import logging
import lzma
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from geoclip_core.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = (",", ";", "\t", "|")
_TEXT, _LINES = (".csv", ".tsv", ""), (".jsonl", ".ndjson")
_PACKED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
ALLOWED = (
    ".csv or .parquet; also .tsv, .jsonl, .ndjson and text without a suffix; all but .parquet also with .gz, "
    ".bz2 or .xz behind"
)
_HEAD_BYTES = 1 << 16

# The files of YFCC100M have no header (Thomee et al. 2016); its readme lists these columns, of which three have names
# that tables of photos know. A later edition, yfcc100m_dataset.bz2, begins with the number of the line, and has the
# hash after which its photos are named, data/images/0b5/d2d/0b5d2d....jpg, behind the identifier.
_YFCC100M = [
    "id",
    "owner",
    "nickname",
    "taken",
    "uploaded",
    "device",
    "title",
    "description",
    "tags",
    "machine_tags",
    "longitude",
    "latitude",
    "accuracy",
    "page",
    "download",
    "licence",
    "licence_page",
    "server",
    "farm",
    "secret",
    "secret_original",
    "extension",
    "marker",
]
_YFCC100M_HASHED = ["line", "id", "hash", *_YFCC100M[1:]]

_log = logging.getLogger(__name__)


def read_frame(file: Path) -> pd.DataFrame:
    """A table with its columns; text stays text, so that names that look like numbers stay names.

    What is not plain UTF-8 or not separated by commas is read all the same; another encoding is logged.

    Args:
        file: One of :data:`ALLOWED`.

    Raises:
        DataError: The file is missing, of another kind, or malformed.
    """
    import pandas as pd
    import pyarrow

    if not file.is_file():
        raise DataError(f"There is no table {file}", hint="check the path")
    kind = Path(file.stem if file.suffix.lower() in _PACKED else file.name).suffix.lower()
    if kind not in (*_TEXT, *_LINES) and file.suffix.lower() != ".parquet":
        raise DataError(f"{file} is not a table that can be read", allowed=ALLOWED)
    try:
        if file.suffix.lower() == ".parquet":
            return pd.read_parquet(file)
        encoding = _encoding(file)
        try:
            return _read_text(file, kind, encoding)
        except UnicodeDecodeError:
            _log.warning("%s is no UTF-8 and is read as Latin-1: look whether names with accents are right", file)
        try:
            return _read_text(file, kind, "cp1252")  # what Windows calls Latin-1, with quotation marks and the euro
        except UnicodeDecodeError:
            return _read_text(file, kind, "latin-1")
    # OSError, EOFError and LZMAError: a damaged compressed file
    except (ValueError, OSError, EOFError, lzma.LZMAError, pyarrow.ArrowException) as error:
        raise DataError(f"{file} cannot be read ({' '.join(str(error).split())[:200]})") from error


def _open(file: Path) -> IO[bytes]:
    stream: IO[bytes] = _PACKED.get(file.suffix.lower(), open)(file, "rb")
    return stream


def _encoding(file: Path) -> str:
    """UTF-16 where the first bytes say so, or where every other byte is zero; else UTF-8."""
    with _open(file) as stream:
        head = stream.read(_HEAD_BYTES)
    found = "utf-8-sig"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        found = "utf-16"
    elif head and head[1::2].count(0) > len(head) // 4:
        found = "utf-16-le"
    elif head and head[::2].count(0) > len(head) // 4:
        found = "utf-16-be"
    if found != "utf-8-sig":
        _log.warning("%s is read as %s", file, found.upper())
    return found


def _read_text(file: Path, kind: str, encoding: str) -> pd.DataFrame:
    import pandas as pd

    if kind in _LINES:
        return pd.DataFrame.from_records(_json_lines(file, encoding)).astype(object)
    with _open(file) as stream:
        head = stream.read(_HEAD_BYTES).decode(encoding, "replace").splitlines()
    line = head[0] if head else ""
    named = re.fullmatch(r'"?sep=(.)"?', line)  # how Excel is told the separator
    plain = re.sub('"[^"]*"', "", line)
    counts = {each: plain.count(each) for each in _SEPARATORS}
    separator = named[1] if named else max(counts, key=lambda each: counts[each])
    common: dict[str, Any] = {"dtype": str, "keep_default_na": False, "sep": separator, "encoding": encoding}
    fields = line.split("\t")
    for columns in (_YFCC100M, _YFCC100M_HASHED):
        if len(fields) == len(columns) and fields[0].isdigit():
            return _read_csv(file, names=columns, header=None, quoting=csv.QUOTE_NONE, **common)
    return _read_csv(file, skiprows=1 if named else 0, skipinitialspace=True, **common)


def _read_csv(file: Path, **options: Any) -> pd.DataFrame:
    import pandas as pd

    with _open(file) as stream:
        frame = pd.read_csv(stream, **options)
    if isinstance(frame.index, pd.RangeIndex) or (frame.iloc[:, -1].fillna("") != "").any():
        return frame  # names of rows, which R writes without a name of their own, are the index
    with _open(file) as stream, warnings.catch_warnings():  # rows end with a separator, the header does not
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        return pd.read_csv(stream, index_col=False, **options)


def _json_lines(file: Path, encoding: str) -> list[dict[str, Any]]:
    rows = []
    with _open(file) as stream:
        for number, line in enumerate(stream.read().decode(encoding).split("\n"), 1):  # others may be in a text
            if line.strip():
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError(f"line {number} is no JSON object")
                rows.append(row)
    return rows
