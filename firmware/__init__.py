"""The board under the box."""
