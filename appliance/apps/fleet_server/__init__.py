"""The servers of the fleet: what runs beside a broker, on no box."""
