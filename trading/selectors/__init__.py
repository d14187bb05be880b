"""What trading knows, as the doors tell it: nouns only, nothing is written here."""
