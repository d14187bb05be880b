"""Filters of trading's templates."""
