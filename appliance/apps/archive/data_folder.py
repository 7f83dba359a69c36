"""A site's data folder for a command line, also while the station runs."""

import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from appliance.accounts.full_names import full_names
from appliance.apps.archive.assembly import build_export_service, known_scales
from appliance.apps.archive.pattern_advice import PatternAdvisor
from appliance.apps.archive.report import build_report_service
from appliance.apps.config.settings import LoadedSettings, Settings
from appliance.apps.system_clock import SystemClock
from appliance.exam.review_service import ReviewService
from appliance.exports.export_service import ExportService
from appliance.exports.report.report_service import ReportService
from appliance.inference.pattern_classifier import load_classifier
from appliance.storage.open_storage import Storage, open_beside

ACTOR = "command line"
"""In the journal: a user of the command line is none of the accounts."""
VERSION = importlib.metadata.version("nailfold-appliance")


@dataclass(frozen=True)
class DataFolder:
    """What a data folder holds and what can be made of it."""

    settings: Settings
    storage: Storage

    @cached_property
    def reviews(self) -> ReviewService:
        """Exams as physicians left them; nothing is published from a command line."""
        return ReviewService(self.storage.exams, self.storage.journal)

    @cached_property
    def exports(self) -> ExportService:
        """Every format of export."""
        kept = self.storage
        return build_export_service(
            kept.exams,
            kept.patients,
            kept.journal,
            self.settings.pacs,
            SystemClock().now_utc,
            VERSION,
            full_names(kept.accounts),
            lambda: known_scales(kept.calibrations),
        )

    @cached_property
    def reports(self) -> ReportService:
        """Reports in the clinic's own form, with the advice of an installed classifier."""
        kept, folder = self.storage, self.settings.station.data_dir
        return build_report_service(
            folder / "report",
            kept.exams,
            kept.finder,
            kept.accounts,
            kept.journal,
            SystemClock().now_utc,
            VERSION,
            PatternAdvisor(kept.exams, load_classifier(folder / "pattern")),
        )


@contextmanager
def open_data_folder(loaded: LoadedSettings, *, make: bool = False) -> Iterator[DataFolder]:
    """What the settings' folder holds. Nothing is recovered or tidied: that is the station's, which may be running.

    Args:
        make: a folder that is not there is made; for imports.

    Raises:
        StoreError: there is none, or it cannot be used.
    """
    with open_beside(loaded.settings.storage, SystemClock().now_utc, make=make) as storage:
        yield DataFolder(loaded.settings, storage)
