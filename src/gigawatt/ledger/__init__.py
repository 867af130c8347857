"""What really happened: facts that are appended and never changed, each chained to the one before it.

`facts` says what a fact is, `kinds` which there are, `book` keeps them in SQLite or PostgreSQL, `importing` takes files
in, `judging` says what becomes of a reading, `readings` keeps what meters and schedulers measured, `state` is what all
of it comes to, `milestones` what is due for it, `proof` shows that nothing was altered.
"""
