"""When do we train?"""
