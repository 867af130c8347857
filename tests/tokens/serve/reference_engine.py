"""An engine of the request simulator again in plain Python, one iteration at a time and one request after the other.

Slow and short on purpose: it is what the kernel is held to, event by event. `reference_pod.py` puts engines in a pod.
"""

from bisect import bisect_right
from math import ceil, floor, nan

COMPLETED, REJECTED, SHED, TOO_LONG = range(4)


class Job:
    """A request on its way: `prompt` is what it reads, `made` its tokens before this admission, `since` those after."""

    def __init__(self, index, arrival_s, inputs, outputs, hashes):
        self.index, self.arrival_s, self.inputs, self.outputs, self.hashes = index, arrival_s, inputs, outputs, hashes
        self.prompt, self.read, self.made, self.since, self.steps, self.own = inputs, 0, 0, 0.0, 0, 0
        self.cached, self.preemptions, self.status, self.moved = None, 0, None, False
        self.first_s, self.finish_s = nan, nan

    def tokens(self):
        return self.made + self.since

    def decodes(self):
        return self.read >= self.prompt


class Rank:
    """A scheduler with its blocks; it keeps no prefixes (`reference_prefix.py` does)."""

    def __init__(self, engine, hash_tokens):
        self.engine, self.hash_tokens, self.queue, self.running, self.trying = engine, hash_tokens, [], [], False

    def free(self):
        return self.engine.blocks_count - sum(j.own for j in self.running)

    def own(self, _job, tokens):  # blocks that a request shares with nobody
        return ceil(tokens / self.engine.block_tokens)

    def new(self, job):  # blocks that are taken when it is let in
        return self.own(job, job.prompt + job.moved * self.engine.times.tokens_per_step_ratio)

    def known(self, _job):  # tokens of its prompt that need not be read
        return 0

    def take(self, job):
        self.running.append(self.queue.pop(0))
        job.read = job.prompt if job.moved else self.known(job)
        job.cached = job.read if job.cached is None else job.cached
        job.own = self.own(job, job.prompt + job.moved * self.engine.times.tokens_per_step_ratio)

    def release(self, job):
        self.running.remove(job)
        self.trying, job.own = True, 0

    def emit(self, job, now_s):
        """The token after a prompt; returns the request if it was the last one."""
        job.since, job.first_s = 1.0, now_s if job.first_s != job.first_s else job.first_s
        job.steps = ceil((job.outputs - job.tokens()) / self.engine.times.tokens_per_step_ratio)
        return self.leave(job, now_s) if job.steps <= 0 else []

    def leave(self, job, now_s):
        self.release(job)
        job.status, job.finish_s = COMPLETED, now_s
        return [job]

    def make_room(self):
        """Blocks for the tokens of this step, from those admitted last where there are too few; says if any was."""
        preempted, more = False, self.engine.times.tokens_per_step_ratio - 1
        while True:
            grown = {j: self.own(j, j.prompt + j.since + more) for j in self.running if j.decodes()}
            if sum(own - j.own for j, own in grown.items()) <= self.free():
                break
            last, preempted = self.running[-1], True
            self.release(last)
            last.made, last.since, last.read, last.moved = floor(last.tokens()), 0.0, 0, False
            last.prompt, last.preemptions = last.inputs + last.made, last.preemptions + 1
            self.queue.insert(0, last)
        for job, own in grown.items():
            job.own = own
        return preempted

    def fits(self, job):
        left = self.free() - self.new(job)
        to_come = sum(j.outputs - j.tokens() for j in [*self.running, job])
        return left >= 0 and left * self.engine.block_tokens >= self.engine.reserve_frac * to_come * bool(self.running)

    def pack(self, now_s, shed_after_s):
        """What to read in this iteration, as (job, tokens), how many are let in, and which leave at its start."""
        engine, chunks, admissions_count, left = self.engine, [], 0, []
        preempted, trying = self.make_room(), self.trying
        budget = engine.budget_tokens - (sum(j.decodes() for j in self.running) if engine.chunked else 0)
        for job in [j for j in self.running if not j.decodes()]:
            chunks += [(job, max(min(job.prompt - job.read, budget), 0))]
            budget -= chunks[-1][1]
        self.trying = preempted
        while trying and not preempted and self.queue:
            job = self.queue[0]
            rest = 0 if job.moved else job.prompt - self.known(job)
            self.trying = rest > 0 and budget < 1 and len(self.running) < engine.most_requests_count
            if self.trying or len(self.running) >= engine.most_requests_count:
                break
            if now_s - job.arrival_s > shed_after_s and job.first_s != job.first_s:
                job.status = SHED
                left.append(self.queue.pop(0))
                continue
            fits = self.fits(job)
            self.trying = fits and not engine.chunked and rest > max(budget, 0) and any(n for _, n in chunks)
            if self.trying or not fits:
                break
            self.take(job)
            admissions_count += 1
            left += self.emit(job, now_s) if job.moved else []
            chunks += [(job, min(rest, max(budget, 0)) if engine.chunked else rest)]
            budget -= chunks[-1][1]
        return [c for c in chunks if c[1]], admissions_count, left


def look_up(axes, table, point):
    """A table at a point, linear between knots and on beyond the outer ones; an axis of one knot does not matter."""
    if not axes:
        return float(table)
    knots, at = axes[0], point[0]
    if len(knots) == 1:
        return look_up(axes[1:], table[0], point[1:])
    low = min(max(bisect_right(knots, at) - 1, 0), len(knots) - 2)
    at_low, at_high = (look_up(axes[1:], table[k], point[1:]) for k in (low, low + 1))
    return at_low + (at - knots[low]) / (knots[low + 1] - knots[low]) * (at_high - at_low)


class Replica:
    """An engine at work: `writing` and `reading` are what its ranks do while `busy`, until `event_s`."""

    def __init__(self, engine, hash_tokens, rank=Rank, hands_over=False):
        self.engine, self.hands_over, self.event_s, self.busy, self.busy_s = engine, hands_over, None, False, 0.0
        self.ranks = [rank(engine, hash_tokens) for _ in range(engine.ranks_count)]

    def start(self, shed_after_s):
        """Starts an iteration if there is something to do; returns those that leave at its start."""
        packed = [rank.pack(self.event_s, shed_after_s) for rank in self.ranks]
        self.reading = [chunks for chunks, _, _ in packed]
        writes = self.engine.chunked or not any(self.reading)
        self.writing = [[j for j in rank.running if j.decodes() and writes] for rank in self.ranks]
        self.busy = any(self.reading) or any(self.writing)
        if self.busy:
            duration_s = self.duration_s(max(count for _, count, _ in packed))
            self.event_s, self.busy_s = self.event_s + duration_s, self.busy_s + duration_s
        self.event_s = self.event_s if self.busy else None
        return [job for _, _, left in packed for job in left]

    def duration_s(self, admissions_count):
        times, span_s = self.engine.times, self.engine.times.admission_s * admissions_count
        counts = [len(jobs) for jobs in self.writing]
        if any(counts):
            context = sum(j.prompt + j.since for jobs in self.writing for j in jobs) / sum(counts)
            axes = (times.ranks_ratio, times.batch_count, times.context_tokens)
            span_s += look_up(axes, times.decode_s, (sum(counts) / max(counts), max(counts), context))
        reads = [sum(n for _, n in chunks) for chunks in self.reading]
        if any(reads):
            length = sum(n * (2 * j.read + n) for chunks in self.reading for j, n in chunks) / sum(reads)
            axes = (times.ranks_ratio, times.chunk_tokens, times.context_tokens)
            prefill_s = look_up(axes, times.prefill_s, (sum(reads) / max(reads), max(reads), length))
            span_s += prefill_s * (times.mixed_frac if any(counts) else 1.0)
        return span_s

    def end(self):
        """Ends the iteration; returns those that are done, or read where prompts are handed over."""
        left, now_s, self.busy = [], self.event_s, False
        for rank, writing, reading in zip(self.ranks, self.writing, self.reading, strict=True):
            for job in sorted(writing, key=lambda j: j.index):
                job.since, job.steps = job.since + self.engine.times.tokens_per_step_ratio, job.steps - 1
                left += rank.leave(job, now_s) if job.steps <= 0 else []
            for job, n in reading:
                job.read += n
                if job.decodes() and self.hands_over:
                    rank.release(job)
                    left.append(job)
                elif job.decodes():
                    left += rank.emit(job, now_s)
        return left
