"""Everything that leaves the box and comes in, as the pages see it."""

from dataclasses import dataclass

from appliance.exports.archive.uploads import ArchiveImports
from appliance.exports.background_jobs import BackgroundJobs
from appliance.exports.export_service import ExportService
from appliance.exports.imports.picture_imports import PictureImports


@dataclass(frozen=True)
class Exchange:
    """Exports, imports of pictures and of other boxes' archives, and the jobs that make files."""

    exports: ExportService
    pictures: PictureImports
    archives: ArchiveImports
    jobs: BackgroundJobs

    def start(self) -> None:
        """Start sending to the DICOM archive, and the worker of long jobs; calling it twice is harmless."""
        self.exports.sender.start()
        self.jobs.start()

    def forget_files(self) -> None:
        """Delete everything that was made or uploaded and lies ready: a patient who was erased may be in it."""
        self.jobs.clear_all()
        self.pictures.clear()
        self.archives.clear()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Stop both; an exam on its way and a file being made are given up and can be asked for again."""
        self.exports.sender.stop(timeout_s)
        self.jobs.stop(timeout_s)
