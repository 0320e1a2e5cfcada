"""Refusing workbooks that are small to send and would fill the machine when opened.

A ZIP may unpack to gigabytes, and a sheet with one cell in its last corner (XFD1048576, left there by a slip of the
hand) is a table of 17 billion cells to the reader, which aborts the whole process when it gets no memory for it. So the
reader tries the file first in a process of its own that may take only so much.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

from app.core.errors import Invalid
from app.core.i18n import lazy as _

_MAX_UNPACKED = 300 * 1024 * 1024
# Of addresses, Python itself included; 20,000 rows of 15 columns take a tenth of it.
_MAX_MEMORY = 500 * 1024 * 1024
_MAX_SECONDS = 60
# One sheet at a time, as core/tables.py reads them. What is no workbook is for the real reader to say.
_TRIAL = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({_MAX_MEMORY}, {_MAX_MEMORY}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from python_calamine import CalamineError, CalamineWorkbook
try:
    with open(sys.argv[1], "rb") as file:
        book = CalamineWorkbook.from_filelike(file)
        for index in range(len(book.sheet_names)):
            book.get_sheet_by_index(index)
except CalamineError:
    pass
"""


def refuse_bombs(path: Path) -> None:
    """Raises Invalid, saying what to do, for a workbook nobody should open; takes the time of reading it once."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        unpacked = 0  # No ZIP: an old workbook or text; whoever reads it says what is wrong with it.
    if unpacked > _MAX_UNPACKED:
        raise Invalid(_("Tệp quá lớn khi mở ra. Hãy chỉ giữ danh sách cần nhập rồi lưu lại."))
    command = [sys.executable, "-I", "-c", _TRIAL, str(path)]
    try:
        subprocess.run(command, check=True, timeout=_MAX_SECONDS, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Invalid(
            _(
                "Bảng trải ra quá rộng: có thể một ô ở rất xa còn chữ. Hãy chép phần danh sách sang một tệp mới rồi "
                "gửi tệp ấy."
            )
        ) from error
