"""Everything of the station that has to do with the box's board, as one part."""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.apps.station.board_client import BoardClient
from appliance.apps.station.button_actions import ButtonActions
from appliance.domain.box_board import BoxBoard, ButtonOutcome
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.errors import SettingsError
from appliance.exam.box_board import NoBoard
from appliance.exam.frame_history import FrameHistory
from appliance.exam.session import ExamSession
from firmware.errors import FirmwareError
from firmware.protocol import Phase, StationStatus
from firmware.service import Firmware
from firmware.settings import NONE, SIMULATED, FirmwareSettings
from firmware.simulated import simulated_board


class StationBoard:
    """The board as `ports.Board`: the firmware's own service behind its socket, or a simulated one in this process.

    The simulated one is reached over a real socket too. Where the settings say "none", nothing is connected to.
    """

    def __init__(self, settings: FirmwareSettings, software: str, session: ExamSession, history: FrameHistory) -> None:
        self._actions = ButtonActions(session, history)
        self._client = None if settings.board == NONE else BoardClient(settings.socket, software, self._actions.act)
        is_simulated = settings.board == SIMULATED
        self._simulated = Firmware(simulated_board(), settings, software) if is_simulated else None

    @property
    def state(self) -> BoxBoard:
        return self._served_by.state

    @property
    def outcome(self) -> ButtonOutcome:
        return self._actions.outcome

    def set_light(self, level: float) -> None:
        self._served_by.set_light(level)

    def press(self, button: str, is_pressed: bool) -> None:
        self._served_by.press(button, is_pressed)

    def start(self) -> None:
        """Raises SettingsError if the simulated board cannot be served."""
        if self._simulated is not None:
            try:
                self._simulated.start()
            except FirmwareError as error:
                raise SettingsError(error.message, error.remedy) from error
        if self._client is not None:
            self._client.start()

    def tell(self, status: StationStatus) -> None:
        """For the lamp and the watchdog."""
        if self._client is not None:
            self._client.tell(status)

    def stop(self, timeout_s: float) -> None:
        """Harmless where it was not started."""
        if self._client is not None:
            self._client.stop(timeout_s)
        if self._simulated is not None:
            self._simulated.stop()

    @property
    def _served_by(self) -> BoardClient | NoBoard:
        return self._client or NoBoard()


@dataclass(frozen=True)
class StationPhase:
    """How the station fares, from what its parts say."""

    camera: Callable[[], CameraState]
    engine_problem: Callable[[], str]
    is_examining: Callable[[], bool]

    def __call__(self) -> tuple[Phase, str]:
        camera = self.camera()
        if problem := self.engine_problem():
            return Phase.FAULT, problem
        if camera.phase is CameraPhase.LOST and self.is_examining():
            return Phase.FAULT, camera.reason
        if camera.phase is not CameraPhase.LIVE:
            return Phase.READY, ""
        return (Phase.EXAM if self.is_examining() else Phase.LIVE), ""
