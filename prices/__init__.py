"""Observes the outside markets: venue quotes in; index, reference and mark out."""
