"""`nailfold rehearse`: a whole exam of the simulated scope, by keyboard in a real browser, against the truth."""

import json
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.apps.archive.data_folder import open_data_folder
from appliance.apps.config.load_settings import load_settings
from appliance.apps.extras import require_modules
from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.workbench.bench.bench import machine
from appliance.apps.workbench.bench.browser import live_page
from appliance.apps.workbench.bench.station_process import StationProcess
from appliance.apps.workbench.rehearsal.browser import KeyboardOperator
from appliance.apps.workbench.rehearsal.comparison import Comparison, ExamAgainstTruth, compare_with_truth
from appliance.domain.errors import ExportError
from appliance.domain.exam_protocol import NAILFOLD_SECTORS, STANDARD_FINGERS
from engines.synthetic.live import ChangingPlaces

PLACEMENTS = 2 * len(STANDARD_FINGERS) * len(NAILFOLD_SECTORS)
LONGEST_S = 360.0
_UM_PER_PX = 1.41
_PAGE_SCALE = 1.4

Reporter = Callable[[str], None]


def rehearse(out: Path, pages: Path, reporter: Reporter, seed: int = 1) -> dict[str, Any]:
    """Examine eight fingers by four sectors, open the report, keep its PDF and pictures of its pages; the figures.

    Args:
        out: the figures, as JSON.
        pages: a folder for report.pdf and page-N.png.
        seed: of the fingers that the scope shows.

    Raises:
        ApplianceError: a step failed, or took longer than it may.
    """
    require_modules("playwright", "pypdfium2")
    with tempfile.TemporaryDirectory(prefix="nailfold-rehearsal-") as folder:
        site = Path(folder) / "site.toml"
        site.touch()  # No site's own settings.
        source = f"simulated:?fps=30&seed={seed}&um_per_px={_UM_PER_PX}&places={PLACEMENTS}"
        flags = ["--config", str(site), "--data-dir", folder, "--port", "0", "--source", source]
        started_s = time.monotonic()
        pages.mkdir(parents=True, exist_ok=True)
        with StationProcess(flags) as station, live_page(station.url, station.access_code) as page:
            operator = KeyboardOperator(page, reporter)
            examined_s = time.monotonic()
            exam_id = operator.examine(PLACEMENTS)
            exam_s = time.monotonic() - examined_s
            reporter(f"{PLACEMENTS} captures and the exam's page in {exam_s:.0f} s")
            operator.open_report()
            report_s = time.monotonic() - examined_s
            operator.save_pdf(pages / "report.pdf")
            whole_s = time.monotonic() - examined_s
            running_s = time.monotonic() - started_s
        reporter("looking up what the scope really showed")
        with open_data_folder(load_settings(site, {"station.data_dir": Path(folder)})) as kept:
            truth = compare_with_truth(kept, exam_id, ChangingPlaces(seed, PLACEMENTS, um_per_px=_UM_PER_PX), running_s)
    figures = {
        "seed": seed,
        "seconds": whole_s,
        "seconds_to_exam_page": exam_s,
        "seconds_to_report": report_s,
        "sectors": PLACEMENTS,
        **_against_truth(truth),
        "pdf_pages": render_pages(pages),
        "machine": machine(),
    }
    write_atomically(out, json.dumps(figures, indent=2).encode())
    if whole_s > LONGEST_S:
        raise ExportError(f"the exam took {whole_s:.0f} s", f"It may take {LONGEST_S:.0f} s.")
    return figures


def render_pages(folder: Path) -> int:
    """How many pages folder/report.pdf has; each is drawn into page-N.png beside it."""
    import pypdfium2  # noqa: PLC0415 (of the test extra)

    document = pypdfium2.PdfDocument(folder / "report.pdf")
    try:
        for number, page in enumerate(document, start=1):
            page.render(scale=_PAGE_SCALE).to_pil().save(folder / f"page-{number}.png")
        return len(document)
    finally:
        document.close()


def _against_truth(truth: ExamAgainstTruth) -> dict[str, Any]:
    density, width = truth.density_per_mm, truth.mean_apical_um
    return {
        "stills_counted": truth.stills,
        "density_error_per_mm": density.error,
        "width_error_um": width.error,
        "density_per_mm": _document(density),
        "mean_apical_um": _document(width),
        "capillaries_counted": truth.capillaries[0],
        "capillaries_true": truth.capillaries[1],
    }


def _document(one: Comparison) -> dict[str, Any]:
    if math.isnan(one.error):
        raise ExportError("the rehearsed exam cannot be compared with its truth", "Look at the kept stills.")
    return {
        "found": one.found,
        "truth": one.truth,
        "stated_error": one.stated_error,
        "is_within_stated_error": one.is_within,
    }
