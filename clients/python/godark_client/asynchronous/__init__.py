"""The asynchronous client. The synchronous one is written from it: see `write_synchronous.py`."""
