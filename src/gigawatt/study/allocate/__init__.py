"""Who gets the compute: a capacity divided among classes of work, and what the next gigawatt is worth."""

from gigawatt.study.allocate.asking import Question
from gigawatt.study.allocate.figures import allocate

__all__ = ["Question", "allocate"]
