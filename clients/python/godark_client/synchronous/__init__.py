"""The synchronous client, written by `write_synchronous.py`."""
