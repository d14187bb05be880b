"""Adapters: how quotes reach the board, from a simulation, a recording or the live venues."""
