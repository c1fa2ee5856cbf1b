"""Which channels are there? Each file here is one, and is found by being here."""
