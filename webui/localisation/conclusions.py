"""Suggestions for a conclusion, made from an exam's figures; a physician takes one over, edits and saves it, or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.domain.exam_figures import Figures
from appliance.exports.report.conclusions import ConclusionTemplate
from webui.localisation.catalogue import text
from webui.localisation.figure_formatting import format_figure, within_error

_FIGURES: Mapping[str, str] = {
    "verdict": "fast_track",
    "pattern": "sub_pattern",
    "density": "density_per_mm",
    "band": "density_band",
    "mean_width": "mean_apical_um",
    "largest_width": "largest_width_um",
    "giants": "giants",
    "haemorrhages": "haemorrhages",
    "ramified": "ramified",
    "images": "images_evaluable",
    "fingers": "fingers_evaluable",
}
"""Each fact of a template and the figure that it is."""

_BUILT_IN: Mapping[str, tuple[str, ...]] = {
    "short": ("verdict", "density"),
    "full": ("verdict", "pattern", "density", "widths", "counts", "basis"),
}
"""Sentences of each; one whose figures could not be determined is left out."""

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "verdict": ("verdict",),
    "pattern": ("pattern",),
    "density": ("density", "band"),
    "widths": ("mean_width", "largest_width"),
    "counts": ("giants", "haemorrhages", "ramified"),
    "basis": ("images", "fingers"),
}


@dataclass(frozen=True)
class Suggestion:
    """What a physician may take over: its name in the list, and the text."""

    name: str
    text: str


def suggestions(figures: Figures, own: Sequence[ConclusionTemplate]) -> tuple[Suggestion, ...]:
    """The built-in ones in the reader's language, then the clinic's own; each once.

    Args:
        figures: of the whole exam, as they now are.
    """
    facts, missing = _facts(figures)
    found = [
        Suggestion(text(f"conclusion.{name}"), _sentences(sentences, facts, missing))
        for name, sentences in _BUILT_IN.items()
    ]
    found += [Suggestion(one.name, one.filled(facts)) for one in own]
    return tuple(one for at, one in enumerate(found) if one.text and one.text not in [two.text for two in found[:at]])


def _facts(figures: Figures) -> tuple[dict[str, str], frozenset[str]]:
    """Each fact in words with its uncertainty, and those that could not be determined, which say why."""
    facts: dict[str, str] = {}
    missing = set()
    for fact, key in _FIGURES.items():
        words, figure = format_figure(key, figures[key]), figures[key]
        if words.is_missing:
            missing.add(fact)
            facts[fact] = text("conclusion.not_determined", because=words.note)
        elif figure.uncertainty is not None:
            facts[fact] = f"{words.value} {words.note}"
        elif others := within_error(figure):
            facts[fact] = text("conclusion.grey_zone", word=words.value, others=others)
        else:
            facts[fact] = words.value
    return facts, frozenset(missing)


def _sentences(names: Sequence[str], facts: Mapping[str, str], missing: frozenset[str]) -> str:
    said = [text(f"conclusion.sentences.{name}", **facts) for name in names if not missing.intersection(_NEEDS[name])]
    if "verdict" in missing and "verdict" in names:
        because: str = facts["verdict"]
        said.insert(0, text("conclusion.sentences.no_verdict", because=because))
    return " ".join(said)
