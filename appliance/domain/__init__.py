"""Plain types and rules of capillaroscopy. Imports nothing but the standard library and numpy."""
