"""What does the answer mean?"""
