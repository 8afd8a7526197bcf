"""How and where to train?"""
