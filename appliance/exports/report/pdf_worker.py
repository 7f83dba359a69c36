"""HTML on standard input, PDF on standard output; run by pdf.py, which names the bytes of memory it may take."""

import logging
import sys

from weasyprint import HTML
from weasyprint.urls import URLFetcher

from appliance.exports.report.pdf import OUT_OF_MEMORY, limit_cpu, lower_priority
from appliance.limited_process import limit_memory


def main() -> None:
    """Make the pages. Nothing but what the document carries is read: no file, no network."""
    lower_priority()
    limit_cpu()
    logging.disable(logging.WARNING)
    html = sys.stdin.buffer.read().decode()
    limit_memory(int(sys.argv[1]))
    try:
        document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols={"data"}))
        pdf = document.write_pdf(pdf_variant="pdf/ua-1", optimize_images=False)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
