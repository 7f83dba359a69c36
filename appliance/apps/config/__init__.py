"""Every setting of the device, from its four sources."""
