"""An exam as a FHIR R4 Bundle."""
