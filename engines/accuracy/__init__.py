"""How near a network comes to the truth: shared by the gate of reduced precisions and by evaluation."""
