"""How does the gateway call vendors, whatever they do? `session.py: Outside` makes one way out per channel account."""
