"""The report's HTML from a template: the clinic's own where there is one, the standard one else."""

import traceback
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from appliance.domain.errors import ExportError
from appliance.exports.report.form import REMEDY
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.view import ReportView
from appliance.limited_process import LimitedProcess, LimitExceededError

STANDARD_FOLDER = Path(__file__).parent / "standard"
TEMPLATE_NAME = "template.html.jinja"
STANDARD_NAME = "standard.html.jinja"
"""A clinic's template may extend this one and change single blocks."""

_OWN = LimitedProcess(memory_bytes=300_000_000, timeout_s=20.0)


def render_html(view: ReportView, localisation: Localisation, head: str, own_template: str | None) -> str:
    """The whole HTML document.

    Args:
        view: what the template prints.
        head: what goes into the document's head: styles, or links to them.
        own_template: of the clinic, rendered in a process that may take so much time and memory; None takes the
            standard one.

    Raises:
        ExportError: the clinic's template cannot be used; one line names the line in it.
    """
    if own_template is None:
        return _render(view, localisation, head, None)
    try:
        return _OWN.call(_render, view, localisation, head, own_template)
    except LimitExceededError as error:
        raise ExportError(f"the report's template {TEMPLATE_NAME}: {error}", REMEDY) from error


def check_template(source: str) -> None:
    """Raises ExportError with the line of a fault that shows before anything is printed."""
    try:
        ImmutableSandboxedEnvironment().parse(source, TEMPLATE_NAME)
    except TemplateSyntaxError as error:
        raise _explained(error) from error


def _render(view: ReportView, localisation: Localisation, head: str, own_template: str | None) -> str:
    environment = ImmutableSandboxedEnvironment(
        loader=_loader(own_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    name = STANDARD_NAME if own_template is None else TEMPLATE_NAME
    try:
        return environment.get_template(name).render(report=view, _=localisation, head=head)
    except MemoryError:
        raise  # the limit of the process, not the template's own words
    except Exception as error:
        raise _explained(error) from error


def _loader(own_template: str | None) -> BaseLoader:
    standard = DictLoader({STANDARD_NAME: (STANDARD_FOLDER / TEMPLATE_NAME).read_text("utf-8")})
    if own_template is None:
        return standard
    return ChoiceLoader([DictLoader({TEMPLATE_NAME: own_template}), standard])


def _explained(error: Exception) -> ExportError:
    if isinstance(error, TemplateSyntaxError):
        name, line, said = error.name or TEMPLATE_NAME, error.lineno, error.message or "it cannot be read"
    else:
        name, line = _where(error)
        said = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    return ExportError(f"the report's template {name}, line {line}: {' '.join(said.split())}", REMEDY)


def _where(error: Exception) -> tuple[str, int]:
    """The innermost frame that is a template; Jinja maps its lines back to the source."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.name in ("top-level template code", "template") or frame.name.startswith("block "):
            is_own = frame.filename == "<template>" or frame.filename.endswith(TEMPLATE_NAME)
            return (TEMPLATE_NAME if is_own else STANDARD_NAME), frame.lineno or 0
    return TEMPLATE_NAME, 0
