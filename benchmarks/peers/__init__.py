"""How fast do whole servers answer over HTTP: the gateway, and beside it those that a company would use instead?"""
