"""A trading day: a recording replayed, many traders, and what became of it.

`tape.py` reads what takers did, `making.py` makes recordings of its own, `venue.py` starts the
venue, `people.py` brings traders with money on the real path, `desks.py` is one trader's hand,
`bots/` decides what traders do, `heard.py` hears what is public, `after.py` looks at everything
when it is over, `report.py` writes it down. Started by `make day`.
"""
