"""The figures as pictures: precision and recall, shapes, density agreement, widths. PNG."""

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engines.evaluation.coco.average_precision import RECALLS, AveragePrecision
from engines.evaluation.coco.bootstrap import FloatArray
from engines.evaluation.coco.counting import Confusion
from engines.evaluation.coco.density import DensityFigures
from engines.evaluation.coco.figures import Figures
from engines.evaluation.coco.widths import WidthPair

# Okabe-Ito, safe for colour-blind eyes, doubled by dashes or marks; as in engines.evaluation.overlay.
CURVES = {
    "capillary": ("#000000", "-"),
    "normal": ("#56B4E9", "--"),
    "tortuous": ("#B8A800", "-."),
    "ramified": ("#CC79A7", ":"),
    "giant": ("#E69F00", "--"),
    "haemorrhage": ("#D55E00", "-."),
}
MARKS = {"apical": ("#009E73", "o"), "arterial": ("#D55E00", "^"), "venous": ("#0072B2", "s")}
DPI = 120
GREY = "#777777"


def plots(figures: Figures) -> dict[str, bytes]:
    """File name to PNG, of everything that can be drawn from these figures."""
    drawn = {"confusion.png": _png(lambda figure: _confusion(figure.add_subplot(), figures.confusion))}
    if (precision := figures.average_precision).curves:
        drawn["precision_recall.png"] = _png(lambda figure: _curves(figure, precision))
    if (density := figures.density) is not None and density.images:
        drawn["density_bland_altman.png"] = _png(lambda figure: _bland_altman(figure.add_subplot(), density))
    if any(one.found_px is not None for one in figures.width_pairs):
        drawn["widths.png"] = _png(lambda figure: _widths(figure, figures.width_pairs), width=13, height=5.3)
    return drawn


def _png(draw: Callable[[Figure], None], width: float = 8, height: float = 6) -> bytes:
    style: dict[Any, Any] = {
        "font.size": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), dpi=DPI, layout="compressed")
        draw(figure)
        file = io.BytesIO()
        figure.savefig(file, format="png")
    return file.getvalue()


def _curves(figure: Figure, figures: AveragePrecision) -> None:
    axes = figure.add_subplot()
    for name, (colour, dash) in CURVES.items():
        if name in figures.curves:
            shown = "capillary, any shape" if name == "capillary" else name
            label = f"{shown}: AP50 {figures.by_class[name]['ap50'].value:.2f}, {figures.labels[name]} labels"
            reached = figures.curves[name] > 0
            axes.plot(RECALLS[reached], figures.curves[name][reached], dash, color=colour, label=label, linewidth=2)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title="Precision and recall at IoU 0.50")
    axes.grid(color="#dddddd")
    figure.legend(loc="outside lower center", ncols=2, fontsize=10)


def _confusion(axes: Axes, confusion: Confusion) -> None:
    counts = confusion.counts
    sums = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(sums, 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        is_corner = row == len(confusion.names) and column == len(confusion.names)
        text = "" if is_corner else f"{count}\n{shares[row, column]:.0%}" if sums[row] else "0"
        colour = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=11)
    axes.set_xticks(range(len(confusion.names) + 1), [*confusion.names, "missed"])
    axes.set_yticks(range(len(counts)), [*confusion.names, "no label"])
    axes.set(xlabel="found", ylabel="labelled", title="Shapes of loops: number and share of the row")


def _bland_altman(axes: Axes, figures: DensityFigures) -> None:
    _, found, true = np.array(figures.images).T
    axes.scatter((found + true) / 2, found - true, color="#0072B2", alpha=0.7)
    axes.axhline(0, color=GREY, linewidth=0.8)
    lines = (
        ("bias", figures.bias, "-"),
        ("-1.96 SD", figures.lower_limit, "--"),
        ("+1.96 SD", figures.upper_limit, "--"),
    )
    for name, estimate, dash in lines:
        if estimate.value is not None:
            axes.axhline(estimate.value, linestyle=dash, color="#D55E00")
            axes.annotate(
                f"{name}\n{estimate.value:+.2f}",
                (1.01, estimate.value),
                xycoords=("axes fraction", "data"),
                va="center",
                color="#D55E00",
            )
    axes.set(
        xlabel="mean of found and labelled density (loops per mm)",
        ylabel="found - labelled (loops per mm)",
        title=f"Density: agreement in {len(figures.images)} of {figures.labelled} pictures",
    )
    axes.margins(x=0.15, y=0.15)


def _widths(figure: Figure, pairs: list[WidthPair]) -> None:
    """One panel a width; in micrometres where every picture has a scale, else in pixels."""
    measured = [one for one in pairs if one.found_px is not None]
    is_scaled = all(one.um_per_px is not None for one in measured)
    points = {name: _points([one for one in measured if one.name == name], is_scaled) for name in MARKS}
    top = 1.04 * max(float(table.max()) for table in points.values() if table.size)
    panels = figure.subplots(1, len(MARKS), sharex=True, sharey=True)
    unit = "µm" if is_scaled else "px"
    for axes, (name, (colour, mark)) in zip(panels, MARKS.items(), strict=True):
        axes.scatter(*points[name].T, s=22, marker=mark, color=colour, alpha=0.4, linewidths=0)
        axes.plot([0, top], [0, top], color=GREY, linewidth=1)
        axes.set(xlim=(0, top), ylim=(0, top), aspect="equal", xlabel=f"labelled ({unit})")
        axes.set_title(f"{name}: {len(points[name])} measured")
        axes.grid(color="#e6e6e6")
        axes.label_outer()
    panels[0].set_ylabel(f"found ({unit})")
    figure.suptitle("Widths of found loops; on the line: equal")


def _points(pairs: list[WidthPair], is_scaled: bool) -> FloatArray:
    """Labelled and found width, [K, 2]."""
    rows = [(one.true_px, one.found_px, one.um_per_px if is_scaled else 1.0) for one in pairs]
    return np.array([(true * (scale or 1.0), (found or 0.0) * (scale or 1.0)) for true, found, scale in rows]).reshape(
        -1, 2
    )
