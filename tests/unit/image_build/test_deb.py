"""The Debian package without its wheels: the same bytes twice, all its parts, and a bill of materials that holds."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/deb"))
from package_tree import Tree, lay_out
from sbom import write_sbom
from target import ARCHITECTURES, Target
from wheels import own_wheel, pinned, unpack_wheels

REPOSITORY = Path(__file__).parents[3]
DEB = REPOSITORY / "image-build/deb"
BUILT_AT = 1_764_500_000
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")


def wheel_in(folder: Path, name: str = "small", licence: str = "License-Expression: MIT") -> Path:
    """A wheel with its metadata alone."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        stamp = zipfile.ZipInfo(f"{name}-1.2.dist-info/METADATA", (2026, 1, 1, 0, 0, 0))
        archive.writestr(stamp, f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.2\n{licence}\n")
    return path


def packed(folder: Path, umask: int) -> bytes:
    """A package without wheels, built in a folder of its own."""
    before = os.umask(umask)
    try:
        folder.mkdir()
        sbom = folder / "sbom.json"
        write_sbom(sbom, [wheel_in(folder / "w")], REPOSITORY, "1.0", BUILT_AT)
        tree = Tree(folder / "root")
        lay_out(tree, Target("amd64", "3.11"), "1.0-1~py311", sbom, REPOSITORY)
        tree.settle(BUILT_AT)
        out = folder / "made.deb"
        command = ["dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zzstd", "--build", tree.root, out]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(BUILT_AT)}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        return out.read_bytes()
    finally:
        os.umask(before)


@needs_dpkg
def test_two_builds_are_the_same_bytes_whatever_the_folder_and_the_umask(tmp_path: Path) -> None:
    assert packed(tmp_path / "one", 0o022) == packed(tmp_path / "another-place", 0o077)


@needs_dpkg
def test_the_package_says_what_it_is_and_brings_every_unit(tmp_path: Path) -> None:
    packed(tmp_path / "made", 0o022)
    package = tmp_path / "made/made.deb"

    def told(*arguments: str) -> str:
        return subprocess.run(
            ["dpkg-deb", *arguments], check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
        ).stdout

    assert told("-f", str(package), "Architecture", "Version") == "Architecture: amd64\nVersion: 1.0-1~py311\n"
    assert "python3 (>= 3.11~), python3 (<< 3.12~)" in told("-f", str(package), "Depends")
    listed = told("-c", str(package))
    assert "root/root" in listed
    for unit in (REPOSITORY / "systemd/system").iterdir():
        assert f"./lib/systemd/system/{unit.name}\n" in listed
    assert "./etc/nailfold/site.toml" in listed
    assert told("-I", str(package), "conffiles") == "/etc/nailfold/site.toml\n"


@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
@pytest.mark.parametrize("python", ["3.10", "3.11"])
def test_the_lock_names_one_version_of_each_package_for_every_target(arch: str, python: str) -> None:
    names = [line.partition("==")[0] for line in pinned(REPOSITORY / "requirements.lock", Target(arch, python))]
    assert len(names) == len(set(names))
    assert {"flask", "numpy", "onnxruntime", "gpiozero", "lgpio"} <= set(names)
    assert ("tomli" in names) == (python == "3.10"), "markers are judged for the target"


def test_another_computer_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    names = [line.partition("==")[0] for line in pinned(REPOSITORY / "requirements.lock", Target("arm64", "3.10"))]
    assert "greenlet" in names, "needed on aarch64 with 3.10"


@pytest.mark.parametrize("script", SCRIPTS)
def test_maintainer_scripts_are_shell(script: str) -> None:
    path = DEB / "debian" / script
    assert path.read_text().startswith("#!/bin/sh\nset -e\n")
    subprocess.run(["sh", "-n", path], check=True)


def test_purging_keeps_exams() -> None:
    """The one line that must not be lost: exams are looked for before the data folder is deleted."""
    script = (DEB / "debian/postrm").read_text()
    assert script.index("find /var/lib/nailfold/exams") < script.index("rm -rf /var/lib/nailfold\n")


def test_the_bill_of_materials_holds_and_is_the_same_twice(tmp_path: Path) -> None:
    validation = pytest.importorskip("cyclonedx.validation.json", reason="cyclonedx-python-lib is not installed")
    schema = pytest.importorskip("cyclonedx.schema").SchemaVersion
    wheels = [
        wheel_in(tmp_path / "w"),
        wheel_in(tmp_path / "w", "older", "Classifier: License :: OSI Approved :: BSD License"),
        wheel_in(tmp_path / "w", "silent", "Summary: none"),
    ]
    for name in ("one", "two"):
        write_sbom(tmp_path / name, wheels, REPOSITORY, "1.0", BUILT_AT)
    text = (tmp_path / "one").read_text()
    assert text == (tmp_path / "two").read_text()
    assert validation.JsonStrictValidator(schema.V1_6).validate_str(text) is None
    parts = {part["bom-ref"]: part for part in json.loads(text)["components"]}
    assert parts["pkg:pypi/small@1.2"]["licenses"] == [{"expression": "MIT"}]
    assert parts["pkg:pypi/older@1.2"]["licenses"] == [{"license": {"name": "BSD License"}}]
    assert "licenses" not in parts["pkg:pypi/silent@1.2"]
    assert any(one.startswith("pkg:npm/konva@") for one in parts)
    assert not any("vitest" in one for one in parts), "what only builds the pages is not on the box"
    assert sum(part["type"] == "machine-learning-model" for part in parts.values()) >= 2


def test_compiled_files_of_a_wheel_stay_out_as_installing_writes_its_own(tmp_path: Path) -> None:
    """dpkg --verify finds a file that compiling has written over (numpy 2.2 for Python 3.10 brings one)."""
    wheel = tmp_path / "wheels/small-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as packed_up:
        packed_up.writestr("small/__init__.py", "")
        packed_up.writestr("small/deep/__pycache__/code.cpython-310.pyc", "compiled elsewhere")
        packed_up.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        packed_up.writestr(
            "small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        packed_up.writestr("small-1.0.dist-info/RECORD", "")
    place = tmp_path / "place"
    unpack_wheels([wheel], Target("amd64", "3.10"), place)
    packages = place / "lib/python3.10/site-packages"
    assert (packages / "small/__init__.py").exists()
    assert list(packages.rglob("*.pyc")) == []


# A build that needs nothing from the network, and keeps each file's rights as setuptools does.
_BACKEND = """
import pathlib, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "small-1.0-py3-none-any.whl"
    pathlib.Path("made-here.py").write_text("")
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        for file in ("small.py", "run.sh", "webui/static/dist/page.js", "made-here.py"):
            entry = zipfile.ZipInfo(file, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = pathlib.Path(file).stat().st_mode << 16
            wheel.writestr(entry, pathlib.Path(file).read_bytes())
        for name_of, text in (
            ("METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n"),
            ("WHEEL", "Wheel-Version: 1.0\\nGenerator: small\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"),
            ("RECORD", ""),
        ):
            wheel.writestr(zipfile.ZipInfo(f"small-1.0.dist-info/{name_of}", (2026, 1, 1, 0, 0, 0)), text)
    return name
"""


def checkout(folder: Path, umask: int) -> bytes:
    """The wheel of a small repository, checked out and built under that umask."""
    before = os.umask(umask)
    try:
        repository, work = folder / "repository", folder / "work"
        for name, text in (
            ("pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'),
            ("backend.py", _BACKEND),
            ("small.py", "code = 1\n"),
            ("run.sh", "#!/bin/sh\n"),
            ("webui/static/dist/page.js", "page"),
        ):
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            (repository / name).write_text(text)
        (repository / "run.sh").chmod(0o777 & ~umask)
        work.mkdir()
        for command in (("init", "-q"), ("add", "-A", "--", "*.toml", "*.py", "*.sh")):
            subprocess.run(["git", "-C", repository, *command], check=True)
        return own_wheel(repository, work, BUILT_AT).read_bytes()
    finally:
        os.umask(before)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_this_checkouts_wheel_is_the_same_whatever_the_umask(tmp_path: Path) -> None:
    """Its digest stands in the bill of materials."""
    assert checkout(tmp_path / "one", 0o022) == checkout(tmp_path / "two", 0o077)
