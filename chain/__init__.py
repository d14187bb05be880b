"""Delivers to Solana: addresses, instructions, trees and the client. Knows no trading rule."""
