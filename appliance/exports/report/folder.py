"""The clinic's own form, template, style and logo: files of one folder, each optional."""

import base64
from dataclasses import dataclass
from pathlib import Path

import tinycss2

from appliance.domain.errors import ExportError
from appliance.exports.report.form import REMEDY, STANDARD_FORM, ReportForm, read_form
from appliance.exports.report.template import STANDARD_FOLDER, TEMPLATE_NAME

FORM_NAME, STYLE_NAME = "form.toml", "style.css"
LOGO_NAMES = {"logo.svg": "image/svg+xml", "logo.png": "image/png", "logo.jpg": "image/jpeg"}
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

    def _read(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ExportError(f"{name} of the report cannot be read: {error}", REMEDY) from error


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
