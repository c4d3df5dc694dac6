"""What is known of circuit boards and of nothing else."""
