"""How to keep many models small?"""
