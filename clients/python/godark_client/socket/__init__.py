"""The socket: news that are never silently missed, and orders without a request each.

`frames` is what is said and heard (pure), `asynchronous` the connection on an event loop,
`synchronous` the same for programs without one.
"""
