"""The first question: what gets built, what does it serve, what does it cost and earn, and what binds?"""
