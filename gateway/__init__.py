"""How does a question get in?"""
