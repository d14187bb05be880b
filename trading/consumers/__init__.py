"""The socket `/v1/ws`: one consumer per connection, one hub per process.

`socket` is the connection, `answers` what each frame does, `order_entry` the frames that reach
the engine, `session` whom it speaks for and how much they may. `hub` brings what is told to whoever
listens; `wire` is where bytes leave. What is not here: what is told (`trading.feed`) and in
which order (`trading.rings`).
"""
