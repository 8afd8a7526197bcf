"""On which samples?"""
