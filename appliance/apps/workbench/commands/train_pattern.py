"""nailfold train pattern"""

from collections.abc import Iterable
from pathlib import Path

import click
from rich.progress import track

from appliance.apps.archive.data_folder import open_data_folder
from appliance.apps.commands.options import FILE, load
from appliance.apps.workbench.training.train_pattern import install_pattern, train_pattern
from appliance.domain.errors import SettingsError
from appliance.domain.review import ReviewedExam


@click.command("pattern")
@click.option("--out", type=FILE, required=True, metavar="FOLDER", help="A new folder for classifier and figures.")
@click.option("--install", "is_installed", is_flag=True, help="Let the station show its advice beside the rules.")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
@click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept.")
def pattern(out: Path, is_installed: bool, config: Path | None, data_dir: Path | None) -> None:
    """Learn the scleroderma pattern from this box's validated exams.

    Compares seven classifiers on images and on exams, each patient held out whole, and keeps the best as an advisory:
    it never replaces the rules. Needs the `pattern` extra. Works while the station runs; an installed classifier is
    used from the station's next start on.
    """
    loaded = load(config, data_dir=data_dir)
    weights = loaded.settings.inference.weights_dir
    if weights is None:
        raise SettingsError("inference.weights_dir is not set", "Name the folder that holds manifest.json.")

    def shown(exams: list[ReviewedExam]) -> Iterable[ReviewedExam]:
        return track(exams, "reading exams", transient=True)

    with open_data_folder(loaded) as folder:
        train_pattern(folder, weights / "detector.onnx", out, shown, click.echo)
        click.echo(f"wrote {out}")
        if is_installed:
            click.echo(f"installed {install_pattern(out, folder)}")
