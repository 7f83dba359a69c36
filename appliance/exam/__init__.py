"""The exam's workflow and the live view, free of files, brokers and frameworks."""
