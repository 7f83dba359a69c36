"""Pure stages over domain types, and the pipeline that joins them around injected engines."""
