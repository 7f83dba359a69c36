"""The live WebSocket and what travels over it."""
