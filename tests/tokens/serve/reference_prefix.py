"""The scheduler of `reference_engine.py` with a prefix cache."""

from collections import Counter

from reference_engine import Rank


class PrefixRank(Rank):
    """`uses` counts the requests that share a hash; `kept` are hashes that nobody uses, those to be forgotten first."""

    def __init__(self, engine, hash_tokens):
        super().__init__(engine, hash_tokens)
        self.uses, self.kept, self.hash_blocks = Counter(), {}, hash_tokens // engine.block_tokens

    def free(self):  # those that are kept but not in use count as free
        return super().free() - self.hash_blocks * len(self.uses)

    def shared(self, job):
        return job.hashes[: job.inputs // self.hash_tokens]

    def own(self, job, tokens):
        return super().own(job, tokens) - len(self.shared(job)) * self.hash_blocks

    def new(self, job):
        return super().new(job) + self.hash_blocks * sum(h not in self.uses for h in self.shared(job))

    def known(self, job):
        return min(self.known_count(self.shared(job)) * self.hash_tokens, job.prompt - 1)

    def known_count(self, hashes):
        return next((n for n, h in enumerate(hashes) if h not in self.uses and h not in self.kept), len(hashes))

    def take(self, job):
        super().take(job)
        for h in self.shared(job):
            self.uses[h] += 1
            self.kept.pop(h, None)
        self.forget()

    def release(self, job):
        super().release(job)
        for h in reversed(self.shared(job)):  # the end of a prompt is forgotten before its start
            self.uses[h] -= 1
            if not self.uses[h]:
                del self.uses[h]
                self.kept[h] = None

    def make_room(self):
        preempted = super().make_room()
        self.forget()
        return preempted

    def forget(self):
        while self.free() < self.hash_blocks * len(self.kept):
            self.kept.pop(next(iter(self.kept)))
