"""Where does the outside keep it?"""
