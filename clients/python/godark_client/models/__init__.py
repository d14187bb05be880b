"""What the venue answers, as typed records; decimals are Decimal, moments Unix milliseconds.

A field that a later version of the venue adds is ignored; one that it leaves out is None.
"""
