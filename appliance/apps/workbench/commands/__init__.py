"""The commands that only a workbench has."""
