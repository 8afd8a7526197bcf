"""What data is there, as of when?"""
