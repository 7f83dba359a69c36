"""Which of several pictures of one nailfold is worth keeping."""

from collections.abc import Sequence

from appliance.domain.analysis_result import AnalysedFrame, FrameAnalysis
from appliance.domain.detection import Row

# What a picture is preferred for, in this order of weight: that it can be evaluated at all, how many loops of the
# distal row are in view, how sharp they are, how little the hand moved, how little glares. Focus, glare and motion are
# shares between 0 and 1; the weights are our choice: a loop more outweighs a tenth of focus, for density counts loops.
_EVALUABLE, _LOOPS, _FOCUS, _STILL, _GLARE = 100.0, 0.4, 4.0, 2.0, 4.0
_MOVING_OF_WIDTH = 0.0125
"""Where a frame counts as moving (AnalysisSettings.motion_max_of_width): no stillness is left to prefer."""


def score(analysis: FrameAnalysis) -> float:
    """Higher is better; only to be compared between pictures of one nailfold and one camera."""
    quality = analysis.quality
    distal = sum(capillary.row is Row.DISTAL for capillary in analysis.capillaries)
    moved = 0.0 if quality.motion_px is None else quality.motion_px / (_MOVING_OF_WIDTH * analysis.width_px)
    return (
        _EVALUABLE * quality.is_evaluable
        + _LOOPS * distal
        + _FOCUS * quality.focus
        - _STILL * min(moved, 1.0)
        - _GLARE * quality.glare
    )


def best_of(shown: Sequence[AnalysedFrame]) -> AnalysedFrame:
    """The best picture, of equally good ones the newest.

    Raises:
        ValueError: there is none to choose from.
    """
    return max(reversed(shown), key=lambda one: score(one.analysis))
