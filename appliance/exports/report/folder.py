"""The clinic's own form, template, style and logo: files of one folder, each optional."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tinycss2

from appliance.domain.errors import ExportError
from appliance.exports.report.conclusions import ConclusionTemplate, read_templates
from appliance.exports.report.form import REMEDY, STANDARD_FORM, ReportForm, read_form
from appliance.exports.report.template import STANDARD_FOLDER, TEMPLATE_NAME, check_template

FORM_NAME, STYLE_NAME, CONCLUSIONS_NAME = "form.toml", "style.css", "conclusions.toml"
LOGO_NAMES = {"logo.svg": "image/svg+xml", "logo.png": "image/png", "logo.jpg": "image/jpeg"}
_LOGO_STARTS = {"logo.svg": (b"<svg", b"<?xml"), "logo.png": (b"\x89PNG",), "logo.jpg": (b"\xff\xd8",)}
CUSTOM_NAMES = (FORM_NAME, TEMPLATE_NAME, STYLE_NAME, CONCLUSIONS_NAME, *LOGO_NAMES)
LARGEST_LOGO = 500_000
_FONTS = Path(__file__).parent / "fonts"
_FACES = (
    ("Nailfold Inter", 400, "inter-latin-regular"),
    ("Nailfold Inter", 600, "inter-latin-semibold"),
    ("Nailfold Inter Ext", 400, "inter-latin-ext-regular"),
    ("Nailfold Inter Ext", 600, "inter-latin-ext-semibold"),
)


@dataclass(frozen=True)
class ReportFolder:
    """Reads what is there now, so that a change of a file shows in the next report.

    Attributes:
        path: of the folder; it need not exist.
    """

    path: Path

    def form(self) -> ReportForm:
        """The clinic's form or the standard one. Raises ExportError naming file and line."""
        own = self._read(FORM_NAME)
        return (
            read_form(STANDARD_FORM.read_text("utf-8"), "the standard form")
            if own is None
            else read_form(own, FORM_NAME)
        )

    def template(self) -> str | None:
        """The clinic's template; None where there is none."""
        return self._read(TEMPLATE_NAME)

    def conclusions(self) -> tuple[ConclusionTemplate, ...]:
        """The clinic's templates of conclusions; none without a file. Raises ExportError naming the fault."""
        own = self._read(CONCLUSIONS_NAME)
        return () if own is None else read_templates(own)

    def style(self) -> str:
        """The standard style, followed by the clinic's. Raises ExportError naming the line of a fault."""
        own = self._read(STYLE_NAME)
        standard = (STANDARD_FOLDER / STYLE_NAME).read_text("utf-8")
        return standard if own is None else f"{standard}\n{checked_style(own)}"

    def logo(self) -> tuple[bytes, str] | None:
        """The logo and its media type; None without one. Raises ExportError for one that is too large."""
        for name, media_type in LOGO_NAMES.items():
            file = self.path / name
            if file.is_file():
                if file.stat().st_size > LARGEST_LOGO:
                    raise ExportError(f"{name} has {file.stat().st_size} bytes", f"Keep it below {LARGEST_LOGO}.")
                return file.read_bytes(), media_type
        return None

    def keep(self, name: str, content: bytes, note: Callable[[], object] = lambda: None) -> None:
        """Put a checked file into the folder; the one before stays beside it under its name and `~`.

        Args:
            note: called once the new file lies ready, just before it takes its place; what it raises keeps it out.

        Raises:
            ExportError: the content cannot be used, or the folder cannot be written to.
        """
        _check(name, content)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            file, draft = self.path / name, self.path / f"{name}.new"
            draft.write_bytes(content)
            note()
            if file.exists():
                file.replace(self.path / f"{name}~")
            draft.replace(file)
        except OSError as error:
            raise ExportError(f"{name} of the report could not be kept: {error.strerror}", "Free some room.") from error

    def remove(self, name: str, note: Callable[[], object] = lambda: None) -> None:
        """Back to the standard one, after `note`; the removed file stays beside it under its name and `~`."""
        file = self.path / name
        note()
        if name in CUSTOM_NAMES and file.exists():
            file.replace(self.path / f"{name}~")

    def own_files(self) -> tuple[str, ...]:
        """Which of the files there are."""
        return tuple(name for name in CUSTOM_NAMES if (self.path / name).is_file())

    def _read(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ExportError(f"{name} of the report cannot be read: {error}", REMEDY) from error


def _check(name: str, content: bytes) -> None:
    if name not in CUSTOM_NAMES:
        raise ExportError(f"{name!r} is no file of a report", f"There are {', '.join(CUSTOM_NAMES)}.")
    if len(content) > LARGEST_LOGO:
        raise ExportError(f"{name} has {len(content)} bytes", f"Keep it below {LARGEST_LOGO}.")
    if name in LOGO_NAMES:
        if not content.lstrip().startswith(_LOGO_STARTS[name]):
            raise ExportError(f"the file is no {name.rpartition('.')[2].upper()} picture", "Choose another file.")
        return
    try:
        source = content.decode()
    except UnicodeDecodeError as error:
        raise ExportError(f"{name} is no UTF-8 text", "Save it as UTF-8.") from error
    if name == FORM_NAME:
        read_form(source, name)
    elif name == CONCLUSIONS_NAME:
        read_templates(source)
    elif name == STYLE_NAME:
        checked_style(source)
    else:
        check_template(source)


def checked_style(source: str) -> str:
    """The style sheet as it is.

    Raises:
        ExportError: a rule cannot be read; WeasyPrint would leave it out without a word.
    """
    for node in tinycss2.parse_stylesheet(source, skip_comments=True, skip_whitespace=True):
        broken = [node] if node.type == "error" else []
        if node.type == "qualified-rule":
            inside = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            broken = [one for one in inside if one.type == "error"]
        if broken:
            raise ExportError(f"{STYLE_NAME}, line {broken[0].source_line}: {broken[0].message}", REMEDY)
    return source


def font_faces() -> str:
    """The report's fonts as CSS that carries them."""
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
        f'src: url("{data_address((_FONTS / f"{file}.woff2").read_bytes(), "font/woff2")}") format("woff2"); }}'
        for family, weight, file in _FACES
    )


def data_address(content: bytes, media_type: str) -> str:
    """A data: address that carries the content."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
