"""How do bytes become batches?"""
