"""Engines of `reference_engine.py` behind a router: one pool, or one that reads prompts and one that writes answers.

At an instant requests arrive first (in their order, then those that come from the other pool), then engines end what
they do, each in turn and followed by the requests of a closed loop that its end lets come, and then they start anew.
"""

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from math import ceil, inf

from reference_engine import REJECTED, TOO_LONG, Job, Rank, Replica
from reference_prefix import PrefixRank

UNEVEN_COUNT = 32


def load(replica):
    return sum(len(rank.queue) + len(rank.running) for rank in replica.ranks)


@dataclass
class Pool:
    """Equal engines and whose turn it is."""

    replicas: list
    turn: int = 0

    def choose(self, job, routing):
        """The engine and the rank that a request goes to."""
        least = min(self.replicas, key=load)
        if routing == "round-robin":
            self.turn += 1
            least = self.replicas[(self.turn - 1) % len(self.replicas)]
        if routing == "prefix-aware" and least.engine.prefix_cached:
            known = {(n, m): rank.known_count(rank.shared(job)) for n, replica in enumerate(self.replicas)
                     for m, rank in enumerate(replica.ranks)}  # fmt: skip
            n, m = min(known, key=lambda at: (-known[at], load(self.replicas[at[0]]), at))
            if known[n, m] and load(self.replicas[n]) < load(least) + UNEVEN_COUNT:
                return self.replicas[n], self.replicas[n].ranks[m]
        return least, min(least.ranks, key=lambda r: len(r.queue) + len(r.running))


def pool(engine, count, hash_tokens, hands_over=False):
    engine = replace(engine, reserve_frac=0.0) if hands_over else engine  # it writes nothing to come
    rank = PrefixRank if engine.prefix_cached else Rank
    return Pool([Replica(engine, hash_tokens, rank, hands_over) for _ in range(count)])


def too_long(engine, job, outputs):
    tau, size = engine.times.tokens_per_step_ratio, engine.block_tokens
    if tau == 1 or not outputs:
        return ceil((job.inputs + max(outputs - 1, 0)) / size) > engine.blocks_count
    return ceil(job.inputs / size) + ceil(ceil(outputs / tau) / int(size // tau)) + 3 > engine.blocks_count


@dataclass
class Run:
    """A pod at work. `coming` are jobs on their way to a pool, by instant; `left` those that left, in that order.

    events_s: an entry for each end of an iteration, instant of arrivals and end of a transfer; where two are the same
    but for rounding, another order of sums may tell another story.
    """

    pod: object
    pools: list
    waiting_outside: list
    coming: list = field(default_factory=list)
    left: list = field(default_factory=list)
    events_s: list = field(default_factory=list)

    def leave(self, jobs, now_s):
        """Takes note of those that left; each makes room for the next one of a closed loop."""
        for job in jobs:
            self.left.append(job)
            if self.waiting_outside:
                self.send(self.waiting_outside.pop(0), now_s, 0)

    def send(self, job, at_s, place):
        if place == 0:
            job.arrival_s = at_s
        heappush(self.coming, (at_s, place, job.index, job))

    def arrive(self, job, place, now_s):
        pod, reader, writer = self.pod, self.pod.prefill or self.pod.engine, self.pod.engine
        outputs = max(job.outputs, 2) if pod.prefill else job.outputs  # a transfer brings room for a token more
        if place == 0 and (too_long(writer, job, outputs) or too_long(reader, job, 0)):
            return self.refuse(job, TOO_LONG, now_s)
        replica, rank = self.pools[place].choose(job, pod.routing)
        if place == 0 and sum(len(each.queue) for each in replica.ranks) >= pod.most_waiting_count:
            return self.refuse(job, REJECTED, now_s)
        rank.trying = rank.trying or not rank.queue
        rank.queue.append(job)
        replica.event_s = now_s if replica.event_s is None else replica.event_s
        return None

    def refuse(self, job, status, now_s):
        job.status = status
        self.leave([job], now_s)

    def end(self, replica, now_s):
        self.events_s.append(now_s)
        for job in replica.end():
            if job.status is None:
                at_s = now_s + self.pod.handover_s + self.pod.transfer_s_per_token * job.inputs
                job.moved, job.since = True, 1.0
                self.events_s.append(at_s)
                self.send(job, at_s, 1)
            else:
                self.leave([job], now_s)

    def work(self, until_s):
        while True:
            replicas = [replica for pool in self.pools for replica in pool.replicas if replica.event_s is not None]
            first = min(replicas, key=lambda replica: (replica.event_s, not replica.busy), default=None)
            now_s = min(first.event_s if first else inf, self.coming[0][0] if self.coming else inf)
            if now_s > until_s or now_s == inf:
                return
            if self.coming and self.coming[0][0] == now_s:
                _, place, _, job = heappop(self.coming)
                self.arrive(job, place, now_s)
            elif first.busy:
                self.end(first, now_s)
            else:
                self.leave(first.start(self.pod.shed_after_s), now_s)


def run(pod, requests, concurrency=0, until_s=inf):
    """All requests through a pod; returns those that left in that order, and the run as it stands."""
    ends = [0] * len(requests) if requests.hashes is None else [int(end) for end in requests.hash_ends]
    hashes = [] if requests.hashes is None else [int(h) for h in requests.hashes]
    jobs = [
        Job(n, float(arrival_s), int(inputs), int(outputs), tuple(hashes[start:end]))
        for n, (arrival_s, inputs, outputs, start, end) in enumerate(
            zip(requests.arrival_s, requests.input_tokens, requests.output_tokens, [0, *ends][:-1], ends, strict=True)
        )
    ]
    pools = [pool(pod.engine, pod.engines_count, requests.hash_tokens)]
    if pod.prefill is not None:
        pools.insert(0, pool(pod.prefill, pod.prefill_engines_count, requests.hash_tokens, hands_over=True))
    state = Run(pod, pools, jobs[concurrency:] if concurrency else [])
    state.events_s += [] if concurrency else sorted({job.arrival_s for job in jobs})
    for job in jobs[:concurrency] if concurrency else jobs:
        state.send(job, 0.0 if concurrency else job.arrival_s, 0)
    state.work(until_s)
    return state.left, state
