"""Keys of configurations that say nothing about the sizes of a model: training, tokens, rotation, files."""

from __future__ import annotations

import re

_SILENT = re.compile(
    r"_.*|architectures|auto_map|model_type|transformers_version|.*dtype|name_or_path|tokenizer.*|.*_tokens?_(id|index)s?"
    r"|.*rope.*|.*rotary.*|.*theta|.*eps(ilon)?|.*dropout.*|.*_pdrop|.*_act(ivation)?(_fn|_function)?|.*init.*|use_cache"
    r"|.*_bias|.*router.*|.*aux_loss.*|.*loss_coe.*|.*softcap.*|.*scal(e|ing|ar).*|norm_topk_prob|scoring_func"
    r"|topk_(group|method)|n_groups?|.*qk_norm.*|pretraining_tp|ep_size|max_(position_embeddings|length|window_layers)"
    r"|bos.*|eos.*|pad.*|return_.*|output_(attentions|hidden_states)|use_(return_dict|bfloat16|flash_attn|mamba_kernels)"
    r"|quantization_config|(vision|image|audio|video)_.*|.*_(vision|image|audio|video)_.*|mm_.*|problem_type|id2label"
    r"|label2id|is_(decoder|encoder_decoder)|chunk_size.*|low_cpu.*|gradient.*|.*norm_(type|topk.*)|swiglu_limits?.*"
)


def says_nothing(key: str) -> bool:
    """Whether a key is known to change no size."""
    return _SILENT.fullmatch(key[:200]) is not None
