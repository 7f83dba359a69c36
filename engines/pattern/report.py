"""A study in words, for the terminal."""

from engines.pattern.cross_validation import Interval, PatternScores
from engines.pattern.study import Contestant, Study

_HEADINGS = ("classifier", "looks at", "macro F1", "accuracy", "macro AUC")


def study_text(study: Study) -> str:
    """A table of every contestant per exam, the image classifiers per image, and the best one's confusions."""
    table = study.best_table
    subjects, exams = len(set(table.subjects)), len(set(table.exams))
    lines = [
        f"{exams} exams of {subjects} patients, each held out whole in turn; 95 % intervals over patients",
        "",
        "Exams",
        _line(_HEADINGS),
        *(_line(_cells(found, found.exams)) for found in study.contestants),
        "",
        "Images",
        _line(_HEADINGS),
        *(_line(_cells(found, found.images)) for found in study.contestants if found.images is not None),
        "",
        f"Best on exams: {study.best.candidate.name} on {study.best.level.value}s",
        *_confusion(study),
    ]
    return "\n".join(lines)


def _cells(found: Contestant, scores: PatternScores) -> tuple[str, ...]:
    shown = (scores.macro_f1, scores.accuracy, scores.macro_auc)
    return (found.candidate.name, f"{found.level.value}s", *map(_interval, shown))


def _interval(interval: Interval) -> str:
    return f"{interval[0]:.2f} [{interval[1]:.2f}, {interval[2]:.2f}]"


def _line(cells: tuple[str, ...]) -> str:
    name, level, *figures = cells
    return "  ".join((f"{name:41}", f"{level:8}", *(f"{figure:18}" for figure in figures))).rstrip()


def _confusion(study: Study) -> list[str]:
    names = [pattern.value for pattern in study.best_table.patterns]
    head = " " * 14 + "".join(f"{name:>14}" for name in names)
    rows = [
        f"{name:14}" + "".join(f"{int(count):14d}" for count in row)
        for name, row in zip(names, study.best.exams.confusion, strict=True)
    ]
    return ["named by the physician (rows), said by the classifier (columns)", head, *rows]
