"""Which Python servers is the gateway compared with: plain Strawberry, and an endpoint written by hand?

Nothing of the gateway is used here: these are servers as somebody else would write them.
"""
