"""How well the shipped networks do, measured through the device's own code."""
