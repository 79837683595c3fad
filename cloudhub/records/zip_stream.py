"""A zip archive that is written while it is sent: no temporary file, and never more in memory than one piece."""

import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, cast


class _Outlet:
    """Where the archive writes to: a file that cannot seek, emptied again and again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def drain(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def zip_stream(entries: Iterable[tuple[str, Iterable[bytes], bool]]) -> Iterator[bytes]:
    """The archive, piece by piece. Each entry is its name, its content in pieces, and whether to compress it."""
    outlet = _Outlet()
    with zipfile.ZipFile(cast(IO[bytes], outlet), "w") as archive:
        for name, content, is_text in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
            info.external_attr = 0o600 << 16
            # The size is not known beforehand, and many pictures together may pass four gigabytes.
            with archive.open(info, "w", force_zip64=True) as file:
                for piece in content:
                    file.write(piece)
                    if ready := outlet.drain():
                        yield ready
            yield outlet.drain()
    yield outlet.drain()
