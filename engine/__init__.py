"""The engine: everything the exchange decides, pure and deterministic.

Two verbs: `engine.exchange.decide` says what a command would do, `evolve` makes an event
true. No Django, no clock, no input or output, no randomness; integers only. What is not
here: persistence, people, prices of the outside markets, the chain.
"""
