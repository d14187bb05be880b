"""The REST doors of trading: each asks one selector or service and writes down what it answers."""
