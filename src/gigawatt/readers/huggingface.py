"""A public Hugging Face configuration (`config.json`) as plain values: the sizes of a model and of its blocks.

Layers are read one by one and equal ones are counted, so that windows, experts and hybrids come out as blocks. How a
family builds them stands in one table (`configs.structures`). What a file leaves to the classes of transformers is
taken from their defaults and said; keys that were not read are said too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.configs import extras, feed_forward, layers, parts
from gigawatt.readers.configs.keys import ALIASES, MOST_LAYERS_COUNT, STATED, Keys, brief, class_defaults
from gigawatt.readers.configs.parts import Row
from gigawatt.readers.configs.silent import says_nothing
from gigawatt.readers.configs.structures import SAME, STRUCTURES, Structure

FAMILIES = tuple(sorted({*STRUCTURES, *SAME}))
# Where a configuration of several parts keeps that of its language model.
_PARTS = ("text_config", "language_config", "llm_config", "thinker_config")
# Keys that are looked up among the silent ones; of more than these, all are told.
MOST_KEYS_COUNT = 1000
# Tables of a configuration that hold keys of its language model.
_TABLES = (
    "attn_config",
    "linear_attn_config",
    "sparse_attention_config",
    "compress_rates",
    "per_layer_config",
    "attention_other_setting",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """A model as its configuration states it; blocks in the order in which they first appear, each with its `count`.

    lookup_params_count: parameters of tables that are looked up beside the embeddings; unread: keys of the file that
    say nothing here; assumed: sizes that the file leaves to the defaults of its class; remarks: what blocks cannot say.
    """

    hidden_count: int
    vocabulary_count: int
    tied_embeddings: bool
    draft_blocks_count: int
    blocks: tuple[Row, ...]
    lookup_params_count: int = 0
    unread: tuple[str, ...] = ()
    assumed: tuple[tuple[str, Any], ...] = ()
    remarks: tuple[str, ...] = ()


def read_config(config: Any) -> ModelConfig:
    """What a parsed `config.json` says of its language model.

    Raises CatalogError with one fault per key that is missing or wrong, or where the family is not known.
    """
    if not isinstance(config, Mapping):
        raise CatalogError([Fault(path="config", given=brief(config), expected="a table of keys")])
    table, family, nested = _text_part(config)
    structure = _structure(family)
    keys = _keys(table, family, structure, nested=nested)
    found = _model(keys, structure)
    if keys.faults:
        raise CatalogError(list(keys.faults.values()))
    return found


def _text_part(config: Mapping[str, Any]) -> tuple[dict[str, Any], str, bool]:
    """The language model's keys, its family (`model_type` without the mark of a part), and whether they are nested."""
    part: Mapping[str, Any] = {}
    while (inner := next((key for key in _PARTS if isinstance((part or config).get(key), Mapping)), None)) is not None:
        part = (part or config)[inner]
    table = {key: value for key, value in config.items() if not isinstance(value, Mapping) or key in _TABLES}
    table |= {key: value for key, value in part.items() if not isinstance(value, Mapping) or key in _TABLES}
    given = str(part.get("model_type") or config.get("model_type") or "").lower()
    family = given.removesuffix("_text")
    return table, SAME.get(family, family), bool(part)


def _structure(family: str) -> Structure:
    if family not in STRUCTURES:
        given = brief(family) if family else "missing"
        raise CatalogError([Fault(path="model_type", given=given, expected=f"one of {', '.join(FAMILIES)}")])
    return STRUCTURES[family]


def _keys(table: Mapping[str, Any], family: str, structure: Structure, *, nested: bool) -> Keys:
    """The keys by their common names; a whole configuration states its main sizes itself."""
    attention = table.get("attn_config")
    flat = (dict(attention) if isinstance(attention, Mapping) else {}) | dict(table)
    said: dict[str, str] = {}
    named: dict[str, Any] = {}
    for key in sorted(flat, key=lambda key: key in ALIASES or key in structure.names):
        common = structure.names.get(key, ALIASES.get(key, key))
        if flat[key] is not None or common not in named:
            if common in named and named[common] is not None and key not in structure.names:
                continue
            said[common], named[common] = key, flat[key]
    defaults = dict(class_defaults().get(family, {}))
    if not nested:
        defaults = {key: value for key, value in defaults.items() if key not in STATED}
    _spread(named)
    other = table.get("attention_other_setting")
    for key, value in other.items() if isinstance(other, Mapping) else ():
        named.setdefault(f"num_sliding_{ALIASES.get(str(key), str(key)).removeprefix('num_')}", value)
    return Keys(named, said, defaults, used={"model_type"})


def _spread(named: dict[str, Any]) -> None:
    """What single layers have instead (`per_layer_config`), as lists with a value for each layer."""
    single, count = named.get("per_layer_config"), named.get("num_hidden_layers")
    if not isinstance(single, Mapping) or not isinstance(count, int) or not 0 < count <= MOST_LAYERS_COUNT:
        return
    for layer, changed in single.items():
        if not str(layer).isdecimal() or not isinstance(changed, Mapping) or int(layer) >= count:
            continue
        for key, value in changed.items():
            if not isinstance(named.get(key), list):
                named[key] = [named.get(key)] * count
            named[key][int(layer)] = value


def _model(keys: Keys, structure: Structure) -> ModelConfig:
    blocks = tuple(row | {"count": count} for row, count in _rows(keys, structure))
    for block in blocks:
        _check(keys, block)
    hidden, vocabulary = keys.whole("hidden_size"), keys.whole("vocab_size")
    tied = keys.flag("tie_word_embeddings", default=False)
    drafts = keys.whole("num_nextn_predict_layers", default=0, least=0)
    lookup = extras.lookup_params_count(keys, structure)
    remarks = _remarks(keys, structure)
    return ModelConfig(
        hidden_count=hidden,
        vocabulary_count=vocabulary,
        tied_embeddings=tied,
        draft_blocks_count=drafts,
        lookup_params_count=lookup,
        blocks=blocks,
        unread=_unread(keys),
        assumed=tuple(sorted(keys.assumed.items())),
        remarks=remarks,
    )


def _remarks(keys: Keys, structure: Structure) -> tuple[str, ...]:
    """What a structure is approximated by, in a sentence each."""
    empty = keys.whole("zero_expert_num", default=0, least=0)
    if not empty:
        return structure.remarks
    text = f"{empty} of the experts are empty: the active parameters are the most, as if none of those were chosen"
    return (*structure.remarks, text)


def _unread(keys: Keys) -> tuple[str, ...]:
    """Keys that have a value and were not asked for, but for those that are known to change no size."""
    given = (keys.said.get(key, key) for key, value in keys.table.items() if value is not None)
    unread = [key for key in given if key not in keys.used]
    return tuple(key for key in unread if len(unread) > MOST_KEYS_COUNT or not says_nothing(key))


def _check(keys: Keys, block: Row) -> None:
    heads, groups = block.get("heads_count", 0), block.get("kv_heads_count", 0)
    if groups and heads % groups and "num_attention_heads" not in keys.faults:
        keys.fault("num_key_value_heads", str(groups), f"a divisor of {heads} heads")
    experts, active = block.get("experts_count", 0), block.get("experts_active_count", 0)
    if active > experts:
        keys.fault("num_experts_per_tok", str(active), f"at most {experts} experts")


def _rows(keys: Keys, structure: Structure) -> list[tuple[Row, int]]:
    """Distinct layers in the order in which they first appear, with how many there are of each."""
    count = layers.layers_count(keys, structure)
    kinds = layers.attention_kinds(keys, structure, count)
    ffns = layers.feed_forward_kinds(keys, structure, count)
    lists = [value for value in keys.table.values() if isinstance(value, list) and len(value) >= count]
    known: dict[tuple[tuple[str, Any], ...], tuple[Row, int]] = {}
    made: dict[tuple[Any, ...], list[Row]] = {}
    for layer in range(count):
        at = parts.Layer(keys=keys, structure=structure, number=layer, kind=kinds[layer])
        alike = (kinds[layer], ffns[layer], *extras.shares(at), *(str(value[layer]) for value in lists))
        if alike not in made:
            made[alike] = _halves(at, extras.with_extras(at, parts.attention(at)), ffns[layer])
        for row in made[alike]:
            name = tuple(sorted(row.items()))
            known[name] = (row, known[name][1] + 1 if name in known else 1)
    return list(known.values())


def _halves(at: parts.Layer, row: Row, kind: str) -> list[Row]:
    """A layer, or the two that a doubled one is: attention and a dense part twice, experts beside the first."""
    fed = feed_forward.feed_forward(at, kind)
    if not at.structure.doubled:
        return [row | fed]
    dense = feed_forward.feed_forward(at, "dense")
    return [row | fed | {"shared_ffn_count": dense["ffn_count"]}, row | dense]
