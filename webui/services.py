"""What the pages need from the station, and nothing else of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from appliance.accounts.access import AccessSecrets
from appliance.accounts.account_service import AccountService
from appliance.accounts.full_names import full_names
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.camera_state import CameraState
from appliance.domain.exam_figures import ExamFigures
from appliance.domain.pattern import PatternAdvice
from appliance.domain.review import ReviewedExam
from appliance.exam.box_board import NoBoard
from appliance.exam.calibration_service import CalibrationService
from appliance.exam.clock_watch import ClockWatch
from appliance.exam.guided_capture import GuidedCapture
from appliance.exam.live import LiveHub
from appliance.exam.organisation import OrganisationService
from appliance.exam.report_facts import ReportFacts, figures_of
from appliance.exam.review_service import ReviewService
from appliance.exam.scale_in_force import ShownScale
from appliance.exam.session import ExamSession
from appliance.exam.withheld_results import WithheldResults
from appliance.exports.import_export import Exchange
from appliance.exports.report.report_service import ReportService
from appliance.ports import (
    Board,
    BoxAdministration,
    BoxCopies,
    BrokerStatus,
    CollectionStore,
    ExamFinder,
    ExamStore,
    FindVessels,
    FolderStore,
    Journal,
    Network,
    OutboxStatus,
    PatientStore,
    TimeZone,
)
from webui.auth.certificate import Certificate


@dataclass(frozen=True)
class Services:
    """The running station, as the pages see it. Every callable is quick and safe to call from any thread.

    Attributes:
        finder: searches what `store` keeps.
        guided: automatic capture, clips, panoramas and the last seconds' pictures.
        reviews: exams as the physician left them; what figures, reports and exports are computed from.
        journal: where every noteworthy action is written.
        exchange: exports of exams, and imports of pictures and archives.
        accounts: who may work with the box.
        disk_free_percent: of the disk that keeps the exams.
        own_names: under which this computer can be reached.
        certificate: with which the pages are served over HTTPS, if the box made it; None otherwise.
        reports: reports of exams, in the clinic's own form.
        message_state: of a finished exam's message, by exam id: "pending", "sent", "acknowledged", "receipted",
            "dead"; None where the exam has no message.
        clock: whether it can date an exam.
        withheld: results that the broker refused for good.
        engine_problem: why the newest frame could not be analysed; empty while all is well.
        time_zone: of the dates on pages and reports; None for pages without a station behind them.
        box: its settings, backups and connections; None for pages without a station behind them.
        copies: encrypted copies of the box and restores; None as for `box`.
        network: its cable and Wi-Fi; None as for `box`.
        board: the box's own buttons, lamp and light.
        calibrations: the wizard's verbs and what it has made.
        pattern_advice: of the installed classifier on a reviewed exam; None without one.
        find_vessels: the layer "Vessels" of the review; None where the software has no network for it.
        scale: the calibration that applies and whether it is due, or why nothing is in micrometres.
    """

    hub: LiveHub
    exam: ExamSession
    guided: GuidedCapture
    store: ExamStore
    patients: PatientStore
    folders: FolderStore
    collections: CollectionStore
    finder: ExamFinder
    reviews: ReviewService
    journal: Journal
    exchange: Exchange
    secrets: AccessSecrets
    accounts: AccountService
    calibrations: CalibrationService
    reports: ReportService
    camera: Callable[[], CameraState]
    scale: Callable[[], ShownScale]
    identity: Callable[[], EngineIdentity]
    outbox: Callable[[], OutboxStatus]
    broker: Callable[[], BrokerStatus]
    message_state: Callable[[str], str | None]
    withheld: WithheldResults
    clock: ClockWatch
    engine_problem: Callable[[], str] = lambda: ""
    certificate: Callable[[], Certificate | None] = lambda: None
    disk_free_percent: Callable[[], float] = lambda: 100.0
    own_names: Callable[[], tuple[str, ...]] = tuple
    pattern_advice: Callable[[ReviewedExam], PatternAdvice | None] = lambda _: None
    find_vessels: FindVessels | None = None
    board: Board = field(default_factory=NoBoard)
    time_zone: TimeZone | None = None
    box: BoxAdministration | None = None
    copies: BoxCopies | None = None
    network: Network | None = None

    def now_utc(self) -> datetime:
        """By the station's clock."""
        return self.accounts.clock.now_utc()

    @property
    def organisation(self) -> OrganisationService:
        """Changes of patients, folders and collections, and the filing of exams."""
        return OrganisationService(
            self.store, self.patients, self.folders, self.collections, self.journal, self.now_utc
        )

    @property
    def facts(self) -> ReportFacts:
        """What reports say beside the figures."""
        return ReportFacts(self.journal, self.reviews.withdrawal)

    def full_name(self, account: str) -> str:
        """Of whoever has, or had, an account of that name; the name itself where there was none."""
        return full_names(self.accounts.store)(account)

    def figures(self, exam_id: str) -> ExamFigures:
        """The figures of an exam as it stands now. Raises NotKeptError if there is no such exam."""
        return self.figures_of(self.reviews.reviewed(exam_id))

    def figures_of(self, reviewed: ReviewedExam) -> ExamFigures:
        """The figures of an exam that was read already."""
        return figures_of(reviewed, self.facts)
