"""What a developer needs and the box does not: training, data sets, evaluation, benches, rehearsal."""
