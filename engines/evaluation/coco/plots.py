"""The figures as pictures: precision and recall, shapes, density agreement, widths. PNG, 8 by 6 inches or so."""

import io
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engines.evaluation.coco.average_precision import RECALLS, AveragePrecision
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
    drawn = {"confusion.png": _png(lambda axes: _confusion(axes, figures.confusion, figures.is_exhaustive))}
    if (precision := figures.average_precision) is not None:
        drawn["precision_recall.png"] = _png(lambda axes: _curves(axes, precision))
    if (density := figures.density) is not None and density.images:
        drawn["density_bland_altman.png"] = _png(lambda axes: _bland_altman(axes, density))
    if any(one.found_px is not None for one in figures.width_pairs):
        drawn["widths.png"] = _png(lambda axes: _widths(axes, figures.width_pairs))
    return drawn


def _png(draw: Callable[[Axes], None]) -> bytes:
    with mpl.rc_context({"font.size": 12, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(8, 6), dpi=DPI, layout="constrained")
        draw(figure.add_subplot())
        file = io.BytesIO()
        figure.savefig(file, format="png")
    return file.getvalue()


def _curves(axes: Axes, figures: AveragePrecision) -> None:
    for name, (colour, dash) in CURVES.items():
        if name in figures.curves:
            shown = "capillary, any shape" if name == "capillary" else name
            label = f"{shown}: AP50 {figures.by_class[name]['ap50'].value:.2f}, {figures.labels[name]} labels"
            axes.plot(RECALLS, figures.curves[name], dash, color=colour, label=label, linewidth=2)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title="Precision and recall at IoU 0.50")
    axes.grid(color="#dddddd")
    axes.legend(loc="lower left", fontsize=10)


def _confusion(axes: Axes, confusion: Confusion, is_exhaustive: bool) -> None:
    counts = confusion.counts if is_exhaustive else confusion.counts[:-1]
    sums = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(sums, 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        is_corner = row == len(confusion.names) and column == len(confusion.names)
        text = "" if is_corner else f"{count}\n{shares[row, column]:.0%}" if sums[row] else "0"
        colour = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=11)
    axes.set_xticks(range(len(confusion.names) + 1), [*confusion.names, "missed"])
    axes.set_yticks(range(len(counts)), [*confusion.names, "no label"][: len(counts)])
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
                f"{name} {estimate.value:+.2f}",
                (1.0, estimate.value),
                xycoords=("axes fraction", "data"),
                xytext=(-4, 4),
                textcoords="offset points",
                ha="right",
                color="#D55E00",
            )
    axes.set(
        xlabel="mean of found and labelled density (loops per mm)",
        ylabel="found - labelled (loops per mm)",
        title=f"Density: agreement in {len(figures.images)} of {figures.labelled} pictures",
    )
    axes.margins(x=0.15, y=0.15)


def _widths(axes: Axes, pairs: list[WidthPair]) -> None:
    """In micrometres where every picture has a scale, else in pixels."""
    measured = [one for one in pairs if one.found_px is not None]
    is_scaled = all(one.um_per_px is not None for one in measured)
    unit = "µm" if is_scaled else "px"
    top = 0.0
    for name, (colour, mark) in MARKS.items():
        rows = [(one.true_px, one.found_px, one.um_per_px) for one in measured if one.name == name]
        scaled = [(t * (s or 1), f * (s or 1)) if is_scaled else (t, f) for t, f, s in rows if f is not None]
        if scaled:
            true, found = np.array(scaled).T
            top = max(top, float(true.max()), float(found.max()))
            label = f"{name}: {len(scaled)} measured"
            axes.scatter(true, found, s=22, marker=mark, color=colour, alpha=0.55, linewidths=0, label=label)
    axes.plot([0, top], [0, top], color=GREY, linewidth=1, label="equal")
    axes.set(xlabel=f"labelled width ({unit})", ylabel=f"found width ({unit})", title="Widths of found loops")
    axes.set(xlim=(0, top * 1.03), ylim=(0, top * 1.03))
    axes.grid(color="#eeeeee")
    axes.legend(loc="upper left", fontsize=10)
