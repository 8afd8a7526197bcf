"""Who orders the steps?"""
