"""Engines of `reference_engine.py` behind a router: one pool, or one that reads prompts and one that writes answers.

At an instant iterations end first (engines in their order, readers of prompts before writers), then requests arrive (in
theirs), then engines that stand still start.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import ceil, inf

from reference_engine import REJECTED, SHED, TOO_LONG, Job, Rank, Replica
from reference_prefix import PrefixRank

BUSIER_COUNT = 32


@dataclass
class Pool:
    """Equal engines and whose turn it is."""

    replicas: list
    turn: int = 0

    def choose(self, job, routing):
        loads = [sum(len(r.queue) + len(r.running) for r in replica.ranks) for replica in self.replicas]
        order = range(len(loads))
        least = min(order, key=lambda k: (loads[k], k))
        if routing == "round-robin":
            self.turn += 1
            return self.replicas[(self.turn - 1) % len(loads)]
        if routing == "prefix-aware" and self.replicas[0].engine.prefix_cached:
            knows = [max(r.known_count(r.shared(job)) for r in replica.ranks) for replica in self.replicas]
            best = min(order, key=lambda k: (-knows[k], loads[k], k))
            return self.replicas[best if loads[best] - loads[least] < BUSIER_COUNT else least]
        return self.replicas[least]


def pool(engine, count, hash_tokens, hands_over=False):
    rank = PrefixRank if engine.prefix_cached else Rank
    return Pool([Replica(engine, hash_tokens, rank, hands_over) for _ in range(count)])


def too_long(engine, tokens):
    return ceil(tokens / engine.block_tokens) > engine.blocks_count


@dataclass
class Run:
    """A pod at work. `coming` are jobs on their way to a pool, by instant; `left` those that left, in that order.

    events_s: an entry for each end of an iteration, instant of arrivals and end of a transfer; where two are the
    same but for rounding, another order of sums may tell another story.
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
        if place == 0 and (too_long(writer, job.inputs + job.outputs - 1) or too_long(reader, job.inputs)):
            return self.refuse(job, TOO_LONG, now_s)
        replica = self.pools[place].choose(job, pod.routing)
        if place == 0 and sum(len(rank.queue) for rank in replica.ranks) >= pod.most_waiting_count:
            return self.refuse(job, REJECTED, now_s)
        rank = min(replica.ranks, key=lambda r: len(r.queue) + len(r.running))
        rank.trying = rank.trying or not rank.queue
        rank.queue.append(job)
        return None

    def refuse(self, job, status, now_s):
        job.status = status
        self.leave([job], now_s)

    def replicas(self):
        return [(place, replica) for place, pool in enumerate(self.pools) for replica in pool.replicas]

    def end(self, now_s):
        for _, replica in self.replicas():
            if replica.ends_s == now_s:
                self.events_s.append(now_s)
                for job in replica.end(now_s):
                    if job.status is None:
                        job.moved, job.since = True, 1.0
                        at_s = now_s + self.pod.handover_s + self.pod.transfer_s_per_token * job.inputs
                        self.events_s.append(at_s)
                        self.send(job, at_s, 1)
                    else:
                        self.leave([job], now_s)

    def start(self, now_s):
        for _, replica in self.replicas():
            while replica.ends_s is None and any(rank.running or rank.queue for rank in replica.ranks):
                gone = replica.start(now_s, self.pod.shed_after_s)
                for job in gone:
                    job.status = SHED if job.status is None else job.status
                self.leave(gone, now_s)

    def work(self, until_s):
        while True:
            ends_s = [replica.ends_s for _, replica in self.replicas() if replica.ends_s is not None]
            now_s = min([*ends_s, self.coming[0][0] if self.coming else inf], default=inf)
            if now_s > until_s or now_s == inf:
                return
            self.end(now_s)
            while self.coming and self.coming[0][0] <= now_s:
                _, place, _, job = heappop(self.coming)
                self.arrive(job, place, now_s)
            self.start(now_s)


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
