"""Everything that leaves the box as a file or over DICOM, and what comes in from other boxes and software."""
