"""What boxes and the fleet say to one another: messages and rules, without a broker, a database or a page."""
