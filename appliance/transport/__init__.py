"""What leaves the box over MQTT."""
