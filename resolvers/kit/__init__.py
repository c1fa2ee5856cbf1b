"""What do all slices share?"""
