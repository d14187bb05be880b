"""Commands for whoever runs the venue."""
