"""How do rows of files become records of the gateway, by a mapping that people write?"""
