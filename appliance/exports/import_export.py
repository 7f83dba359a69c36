"""Everything that leaves the box and comes in, as the pages see it."""

from dataclasses import dataclass

from appliance.exports.archive.uploads import ArchiveImports
from appliance.exports.export_service import ExportService
from appliance.exports.imports.picture_imports import PictureImports


@dataclass(frozen=True)
class Exchange:
    """Exports, and imports of pictures and of other boxes' archives."""

    exports: ExportService
    pictures: PictureImports
    archives: ArchiveImports

    def start(self) -> None:
        """Start sending to the DICOM archive; calling it twice is harmless."""
        self.exports.sender.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Stop it; an exam on its way is given up and can be sent again."""
        self.exports.sender.stop(timeout_s)
