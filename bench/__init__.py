"""Benches: one script per figure, all printing the same table. Run them as scripts."""
