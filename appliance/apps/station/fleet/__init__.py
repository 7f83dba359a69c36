"""The box's agent of the fleet, joined to the station."""
