"""Automatic capture, clip and sweep as the live page shows them."""

from pydantic import BaseModel, Field

from appliance.exam.auto_capture import AutoPhase
from appliance.exam.clip import ClipPhase
from appliance.exam.guided_capture import GuidedCapture
from appliance.exam.sweep import SweepPhase


class AutoDocument(BaseModel):
    """Automatic capture."""

    phase: AutoPhase
    progress: float = Field(description="Share of the time that the picture has to be good and still, 0 to 1")
    problem: str = Field(description="Why it switched itself off; empty while all is well")


class ClipDocument(BaseModel):
    """The video clip being recorded."""

    phase: ClipPhase
    progress: float = Field(description="Share of the seconds after the request, 0 to 1")
    problem: str = Field(description="Why the last clip was not kept; empty after a success")


class SweepDocument(BaseModel):
    """The sweep for a panorama."""

    phase: SweepPhase
    seconds: float
    travelled_px: float
    travelled_mm: float | None = Field(description="None without a scale")
    is_lost: bool = Field(description="The newest picture could not be placed")
    problem: str = Field(description="Why the last sweep gave no panorama; empty after a success")


class GuidedDocument(BaseModel):
    """All three."""

    auto: AutoDocument
    clip: ClipDocument
    sweep: SweepDocument


def guided_document(guided: GuidedCapture) -> GuidedDocument:
    """As they are now; figures rounded to what a page shows."""
    auto, clip, sweep = guided.auto.state, guided.clips.state, guided.sweep.state
    return GuidedDocument(
        auto=AutoDocument(phase=auto.phase, progress=round(auto.progress, 2), problem=auto.problem),
        clip=ClipDocument(phase=clip.phase, progress=round(clip.progress, 2), problem=clip.problem),
        sweep=SweepDocument(
            phase=sweep.phase,
            seconds=round(sweep.seconds, 1),
            travelled_px=round(sweep.travelled_px),
            travelled_mm=None if sweep.travelled_mm is None else round(sweep.travelled_mm, 2),
            is_lost=sweep.is_lost,
            problem=sweep.problem,
        ),
    )
