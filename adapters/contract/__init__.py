"""What may a channel offer, and what does it hand over?"""
