"""HTML on standard input, PDF on standard output; run by pdf.py."""

import logging
import sys

from weasyprint import HTML
from weasyprint.urls import URLFetcher

from appliance.exports.report.pdf import limit_cpu, lower_priority


def main() -> None:
    """Make the pages. Nothing but what the document carries is read: no file, no network."""
    lower_priority()
    limit_cpu()
    logging.disable(logging.WARNING)
    html = sys.stdin.buffer.read().decode()
    document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols={"data"}))
    sys.stdout.buffer.write(document.write_pdf(pdf_variant="pdf/ua-1", optimize_images=False))


if __name__ == "__main__":
    main()
