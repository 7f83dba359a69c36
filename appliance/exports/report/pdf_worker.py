"""HTML on standard input, PDF on standard output; run by pdf.py, which names the bytes of memory it may take."""

import logging
import sys
from xml.etree.ElementTree import Element

from weasyprint import HTML
from weasyprint.urls import URLFetcher

from appliance.exports.report.pdf import OUT_OF_MEMORY, cpu_seconds, limit_cpu, lower_priority
from appliance.limited_process import limit_memory

MOST_SPANNED = {"colspan": 1000, "rowspan": 65534, "span": 1000}
"""The HTML standard's own bounds (4.9.11, 4.9.4); WeasyPrint has none, and lays out a hundred million columns."""


def main() -> None:
    """Make the pages. Nothing but what the document carries is read: no file, no network."""
    lower_priority()
    logging.disable(logging.WARNING)
    html = sys.stdin.buffer.read().decode()
    limit_cpu(cpu_seconds(len(html)))
    limit_memory(int(sys.argv[1]))
    try:
        document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols={"data"}))
        bound_spans(document.etree_element)
        pdf = document.write_pdf(pdf_variant="pdf/ua-1", optimize_images=False)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(pdf)


def bound_spans(page: Element) -> None:
    """Columns and rows that a cell or a column spans, as browsers bound them: each one is laid out, if empty."""
    for element in page.iter():
        for name, most in MOST_SPANNED.items():
            if (said := element.get(name)) is not None:
                digits = said.strip()
                is_number = digits.isascii() and digits.isdecimal()
                spanned = min(int(digits), most) if is_number and len(digits) <= len(str(most)) else most
                element.set(name, str(spanned) if is_number else "1")


if __name__ == "__main__":
    main()
