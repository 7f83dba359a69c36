"""Every command of a fresh installation: its help, files in and out, and what it says where an extra is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.exports.export_service import ExportFormat

NAILFOLD = Path(sys.executable).with_name("nailfold")
# Command line to the extra that its one sentence must name.
EXTRAS = {
    ("train", "--data", "labels.json", "--images", ".", "--out", "trained"): "train",
    ("train", "pattern", "--out", "pattern", "--data-dir", "box"): "pattern",
    ("evaluate", "--coco", "labels.json", "--images", "."): "evaluate",
    ("rehearse",): "rehearse",
    ("bench", "--quick"): "rehearse",
}


def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """The command with these arguments; it must end with that exit code and without a traceback."""
    done = subprocess.run([NAILFOLD, *arguments], check=False, capture_output=True, text=True, timeout=300)
    if done.returncode != code or "Traceback" in done.stderr:
        raise SystemExit(f"nailfold {' '.join(arguments)}: code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def every_help() -> int:
    """Asks each command and sub-command for its help; how many there are."""
    paths = _paths(main, click.Context(main, info_name="nailfold"), ())
    for path in paths:
        shown = CliRunner().invoke(main, [*path, "--help"])
        if shown.exit_code != 0:
            raise SystemExit(f"nailfold {' '.join(path)} --help: {shown.exception!r}\n{shown.output}")
    return len(paths)


def _paths(group: click.Group, context: click.Context, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += _paths(command, click.Context(command, parent=context, info_name=name), (*path, name))
    return found


def files_in_and_out() -> str:
    """Render, analyse, import, report, export: the id of the imported exam."""
    run("dataset", "render", "--out", "drawn", "--count", "1", "--um-per-px", "1.41")
    [picture] = [path for path in Path("drawn").rglob("*") if path.suffix in (".png", ".jpg")]
    run("analyze", str(picture), "--um-per-px", "1.41", "--json", "result.json", "--overlay", "overlay")
    [image] = json.loads(Path("result.json").read_text())["images"]
    assert image["capillaries"], "no capillary was found in a rendered picture"
    assert list(Path("overlay").iterdir()), "no overlay was drawn"
    place = ("--hand", "left", "--finger", "ring")
    run("import", str(picture), "--patient", "NC-1", "--um-per-px", "1.41", *place, "--data-dir", "box")
    entries = run("journal", "show", "--data-dir", "box").stdout
    exam_id = entries.split("exam:")[1].split()[0]
    run("report", exam_id, "--out", "report.pdf", "--data-dir", "box")
    assert Path("report.pdf").read_bytes().startswith(b"%PDF")
    for form in ExportFormat:
        run("export", exam_id, "--format", form.value, "--out", f"exam.{form.value}", "--data-dir", "box")
        assert Path(f"exam.{form.value}").stat().st_size > 0, form
    run("import", "exam.zip", "--data-dir", "other-box")
    run("journal", "verify", "--data-dir", "box")
    return exam_id


def what_is_there() -> None:
    """Commands that look at the computer and the settings."""
    findings = json.loads(run("doctor", "--json", "--data-dir", "box").stdout)
    assert findings, "doctor found nothing to say"
    assert "capture.source" in run("config", "show").stdout
    assert json.loads(run("openapi").stdout)["openapi"].startswith("3.")
    assert "verified" in run("engines", "list").stdout
    run("account", "list", "--data-dir", "box")


def missing_extras() -> None:
    """One line that names the extra, exit code 1."""
    Path("labels.json").write_text('{"images": [], "annotations": [], "categories": []}')
    for arguments, extra in EXTRAS.items():
        said = run(*arguments, code=1).stderr.strip().splitlines()
        if len(said) != 1 or f"[{extra}]" not in said[0]:
            raise SystemExit(f"nailfold {' '.join(arguments)} should name the extra [{extra}] in one line: {said}")


if __name__ == "__main__":
    work = Path(sys.argv[1])
    work.mkdir(parents=True)
    os.chdir(work)
    print(f"{every_help()} commands show their help")
    print(
        f"exam {files_in_and_out()} imported, reported and exported as {', '.join(one.value for one in ExportFormat)}"
    )
    what_is_there()
    missing_extras()
    print(f"{len(EXTRAS)} commands name the extra that they miss")
