"""A form as TOML, for the page on which administrators choose language, paper, texts and fields."""

import json
from collections.abc import Mapping

from appliance.exports.report.form import FormField, ReportForm, Text

_HEAD = "# Written by the page of report settings; what is written by hand here is kept only until it is saved there.\n"


def form_toml(form: ReportForm) -> str:
    """The text that `read_form` reads back into the same form."""
    lines = [
        *(f"{name} = {_text(getattr(form, name))}" for name in ("title", "institution", "address", "footer")),
        f"language = {_text(form.language)}",
        f"paper = {_text(form.paper)}",
        f"pattern_advice = {str(form.pattern_advice).lower()}",
        *(f"{name} = {_list(getattr(form, name))}" for name in ("pages", "figures", "columns")),
    ]
    return _HEAD + "\n".join([*lines, *(_field(one) for one in form.fields)]) + "\n"


def _field(one: FormField) -> str:
    lines = ["", "[[fields]]", f"key = {_text(one.key)}", f"kind = {_text(one.kind)}"]
    if one.label:
        lines.append(f"label = {_text(one.label)}")
    if one.unit:
        lines.append(f"unit = {_text(one.unit)}")
    if one.choices:
        lines.append(f"choices = {_list(one.choices)}")
    for name, limit in (("lowest", one.lowest), ("highest", one.highest)):
        if limit is not None:
            lines.append(f"{name} = {limit:g}")
    return "\n".join(lines)


def _text(text: Text) -> str:
    """JSON's escapes are TOML's too, but for the delete character, which JSON leaves as it is."""
    if isinstance(text, Mapping):
        return "{ " + ", ".join(f"{key} = {_text(one)}" for key, one in text.items()) + " }"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(texts: tuple[str, ...]) -> str:
    return "[" + ", ".join(_text(one) for one in texts) + "]"
