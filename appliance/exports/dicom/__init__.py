"""An exam as DICOM: pictures, a structured report, and C-STORE to a PACS."""
