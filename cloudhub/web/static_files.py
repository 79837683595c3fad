"""The stylesheets and scripts as they are handed out: named by their content, and packed once beside it."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class PackedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Packs by gzip alone.

    WhiteNoise would use Brotli too wherever some other package happens to bring it: half a minute of work at the first
    start on one machine and not on the next, for files that a browser fetches once.
    """

    def create_compressor(self, **options: Any) -> Compressor:
        return Compressor(use_brotli=False, **options)
