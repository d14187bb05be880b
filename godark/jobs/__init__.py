"""Jobs of the venue: each runs alone, expires, and leaves a row that people can read."""
