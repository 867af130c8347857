"""Answers as the files of other programs: objects of Kueue and KAI, commands for Slurm, rows of FOCUS."""
