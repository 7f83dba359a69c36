"""The networks on this computer: listed, and compiled for its GPU."""
