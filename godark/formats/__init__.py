"""How Django writes dates and moments, in the back office too: year first, 24 hours, UTC."""
