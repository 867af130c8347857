"""Kinds of the layers of a model, by whichever of the many keys for them a configuration has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gigawatt.readers.configs.keys import MOST_LAYERS_COUNT, Keys, brief
from gigawatt.readers.configs.structures import Structure

# Letters and words for the kind of a layer. "picked" and "compressed" keep vectors of several tokens, of which the
# first picks some; "indexed" picks among tokens; "cross" attends to pictures; "moe" and "mlp" do not attend.
LETTERS = {"G": "full", "L": "window", "R": "linear", "S": "picked", "H": "compressed"}
WORDS = {
    "full_attention": "full",
    "attention": "full",
    "sliding_attention": "window",
    "chunked_attention": "window",
    "window_attention": "window",
    "linear_attention": "linear",
    "mamba": "linear",
    "conv": "linear",
    "indexed_attention": "full",
    "minimax_m3_sparse": "indexed",
    "compressed_sparse_attention": "picked",
    "heavily_compressed_attention": "compressed",
    "cross_attention": "cross",
}
SINGLE = {"M": "linear", "E": "moe", "*": "full", "-": "mlp", "moe": "moe", "mlp": "mlp"}
# Keys that say after how many layers one comes that attends to all of the context.
EVERY = ("full_attention_interval", "sliding_window_pattern", "global_attn_every_n_layers", "layer_group_size")
PARTS = {"dense": "dense", "sparse": "experts", "moe": "experts", "hash_moe": "experts", "mlp": "dense"}


def layers_count(keys: Keys, structure: Structure) -> int:
    """Layers of a model; 0 where they are too many to read."""
    count = len(single_parts(keys)) if structure.single else keys.whole("num_hidden_layers")
    if count > MOST_LAYERS_COUNT:
        keys.fault("num_hidden_layers", str(count), f"at most {MOST_LAYERS_COUNT} layers")
        return 0
    return count


def single_parts(keys: Keys) -> list[str]:
    """Layers of a model that has one part in each, written as words or as a letter each."""
    return keys.once("single", lambda: _single_parts(keys))


def _single_parts(keys: Keys) -> list[str]:
    names = ("hybrid_override_pattern", "layers_block_type", "layer_types")
    name = next((key for key in names if keys.stated(key) is not None), names[0])
    given = keys.stated(name)
    if not isinstance(given, str | list) or not 0 < len(given) <= MOST_LAYERS_COUNT:
        keys.fault(name, "missing" if given is None else brief(given), "layers M, E, * and -")
        return []
    known = SINGLE | WORDS
    parts = []
    for part in given:
        parts.append(known.get(str(part), ""))
        if not parts[-1]:
            keys.fault(name, brief(part), "layers M, E, * and -")
    return parts


def attention_kinds(keys: Keys, structure: Structure, count: int) -> list[str]:
    """The kind of attention of each layer."""
    if structure.single:
        return single_parts(keys)
    for key, kinds in _RULES.items():
        if keys.get(key) is not None:
            found = kinds(keys, key, count)
            break
    else:
        found = _by_default(keys, structure, count)
    for layer in keys.numbers("cross_attention_layers") if "cross_attention" in structure.extras else ():
        if layer < len(found):
            found[layer] = "cross"
    windowed = _windowed(keys, structure)
    return ["full" if kind == "window" and not windowed else kind for kind in found]


def _windowed(keys: Keys, structure: Structure) -> bool:
    sized = keys.get("sliding_window") is not None
    return keys.flag("use_sliding_window", default=True) and (structure.window_needed or sized)


def _by_default(keys: Keys, structure: Structure, count: int) -> list[str]:
    """Kinds by a key that says every how many layers one attends to all, or by what the family has."""
    cycle, first, last = structure.cycle, structure.first, structure.last
    every = next((key for key in EVERY if keys.get(key) is not None), None)
    other = next((letter for letter in cycle if letter != "G"), "L")
    if every == "sliding_window_pattern" and isinstance(keys.get(every), str):
        cycle, first, last = _letters(keys, every), "", ""
    elif every is not None:
        number = min(keys.whole(every, least=0), MOST_LAYERS_COUNT)
        cycle, first, last = other * (number - 1) + "G" if number else "G", "", ""
    kinds = [LETTERS[letter] for letter in (cycle * (count // len(cycle) + 1))[:count]]
    kinds[: len(first)] = [LETTERS[letter] for letter in first][:count]
    if last and kinds:
        kinds[-1] = LETTERS[last]
    return _within(keys, structure, kinds)


def _letters(keys: Keys, key: str) -> str:
    given = keys.get(key)
    if not given or len(given) > MOST_LAYERS_COUNT or set(given) - {"L", "G"}:
        keys.fault(key, brief(given), "a number, or letters L and G")
        return "G"
    return str(given)


def _within(keys: Keys, structure: Structure, kinds: list[str]) -> list[str]:
    """Windows from `max_window_layers` on, or only before it."""
    if structure.windows == "cycle":
        return kinds
    if not keys.flag("use_sliding_window"):
        return ["full"] * len(kinds)
    bound = keys.whole("max_window_layers", default=0, least=0)
    after = structure.windows == "after"
    return [kind if (n >= bound) == after else "full" for n, kind in enumerate(kinds)]


def _by_words(keys: Keys, key: str, count: int) -> list[str]:
    found = []
    for word in keys.words(key, count) or []:
        kind = WORDS.get(word) if isinstance(word, str) else None
        if kind is None:
            keys.fault(key, brief(word), f"layers of {', '.join(WORDS)}")
        found.append(kind or "full")
    return found or ["full"] * count


def _by_numbers(names: Mapping[int, str]) -> Callable[[Keys, str, int], list[str]]:
    """Kinds by numbers, the last of `names` for all that is not in it."""
    other = list(names.values())[-1]

    def kinds(keys: Keys, key: str, count: int) -> list[str]:
        found = keys.words(key, count) or [next(iter(names))] * count
        if not all(isinstance(number, int) for number in found):
            keys.fault(key, brief(found), f"a list of {count} numbers")
            return ["full"] * count
        return [names.get(number, other) for number in found]

    return kinds


def _by_lists(keys: Keys, key: str, count: int) -> list[str]:
    """Kimi-Linear: the layers that attend to all, numbered from 1."""
    table = keys.stated(key)
    full = table.get("full_attn_layers") if isinstance(table, Mapping) else None
    if not isinstance(full, list) or len(full) > MOST_LAYERS_COUNT:
        keys.fault(key, brief(table), "a table with full_attn_layers, a list of layers")
        return ["full"] * count
    numbers = {number for number in full if isinstance(number, int)}
    return ["full" if n + 1 in numbers else "linear" for n in range(count)]


def _by_period(keys: Keys, key: str, count: int) -> list[str]:
    period, offset = keys.whole(key), keys.whole("attn_layer_offset", default=0, least=0)
    return ["full" if n % period == offset else "linear" for n in range(count)]


def _by_indices(keys: Keys, key: str, count: int) -> list[str]:
    numbers = keys.numbers(key)
    return ["full" if n in numbers else "linear" for n in range(count)]


def _by_sparse_table(keys: Keys, key: str, count: int) -> list[str]:
    """MiniMax-M3: which layers have an index, in a table of their own."""
    table: Any = keys.stated(key)
    marks = table.get("sparse_attention_freq") if isinstance(table, Mapping) else None
    if not isinstance(marks, list) or len(marks) < count:
        keys.fault(key, brief(table), f"a table with sparse_attention_freq, a list of {count}")
        return ["full"] * count
    return ["indexed" if mark else "full" for mark in marks[:count]]


_RULES: dict[str, Callable[[Keys, str, int], list[str]]] = {
    "layer_types": _by_words,
    "layers_block_type": _by_words,
    "compress_ratios": _by_numbers({0: "window", 4: "picked", 128: "compressed"}),
    "attn_type_list": _by_numbers({1: "full", 0: "linear"}),
    "hybrid_layer_pattern": _by_numbers({0: "full", 1: "window"}),
    "linear_attn_config": _by_lists,
    "attn_layer_period": _by_period,
    "attn_layer_indices": _by_indices,
    "full_attn_idxs": _by_indices,
    "sparse_attention_config": _by_sparse_table,
}


def feed_forward_kinds(keys: Keys, structure: Structure, count: int) -> list[str]:
    """Whether each layer has a dense part, experts or none."""
    if structure.single:
        return [{"moe": "experts", "mlp": "dense"}.get(part, "none") for part in single_parts(keys)]
    routed = structure.experts and keys.flag("enable_moe_block", default=True)
    if not routed or not keys.whole("n_routed_experts", default=0, least=0):
        return ["dense"] * count
    given = keys.words("mlp_layer_types", count)
    if given is not None:
        return _named_parts(keys, given)
    marks = keys.stated("moe_layer_freq")
    if isinstance(marks, list):
        return ["experts" if mark else "dense" for mark in keys.words("moe_layer_freq", count) or [1] * count]
    chosen = _routed_by_numbers(keys, structure)
    return ["experts" if chosen(n) else "dense" for n in range(count)]


def _named_parts(keys: Keys, given: list[Any]) -> list[str]:
    found = []
    for word in given:
        part = PARTS.get(word) if isinstance(word, str) else None
        if part is None:
            keys.fault("mlp_layer_types", brief(word), f"layers of {', '.join(PARTS)}")
        found.append(part or "dense")
    return found


def _routed_by_numbers(keys: Keys, structure: Structure) -> Callable[[int], bool]:
    """Whether a layer has experts, by the keys that count layers."""
    if keys.stated("moe_layers_enum") is not None:
        listed = keys.numbers("moe_layers_enum")
        return lambda n: n in listed
    if keys.get("expert_layer_period") is not None:
        period, offset = keys.whole("expert_layer_period"), keys.whole("expert_layer_offset", default=0, least=0)
        return lambda n: n % period == offset
    first = keys.whole("first_k_dense_replace", default=structure.experts_first_count, least=0)
    multiple = keys.whole("moe_layer_freq", default=1)
    steps = ("decoder_sparse_step", "interleave_moe_layer_step")
    every = next((keys.whole(step) for step in steps if keys.get(step) is not None), 1)
    dense = keys.numbers("mlp_only_layers")
    return lambda n: n >= first and n % multiple == 0 and n not in dense and (n + 1) % every == 0
