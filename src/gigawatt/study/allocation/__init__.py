"""Who gets the compute: a capacity divided among classes of work, and what the next gigawatt is worth."""

from gigawatt.study.allocation.answer import allocate
from gigawatt.study.allocation.question import AllocationQuestion

__all__ = ["AllocationQuestion", "allocate"]
