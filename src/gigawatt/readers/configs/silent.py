"""Keys of configurations that say nothing about the sizes of a model: training, tokens, rotation, precision, files."""

from __future__ import annotations

_STARTS = (
    "_",
    "bos_",
    "eos_",
    "pad_",
    "output_",
    "return_",
    "use_cache",
    "vision_",
    "image_",
    "audio_",
    "video_",
    "mm_",
)
_ENDS = (
    *("_act", "_activation", "_act_fn", "_activation_function", "_activation_func", "_bias", "_dtype", "_eps"),
    *("_epsilon", "_id", "_ids", "_index", "_pdrop", "_theta", "_coef", "_token", "_tokens", "_beta", "_multiplier"),
)
_PARTS = ("dropout", "init", "rope", "rotary", "router", "loss", "scal", "softcap", "tokenizer", "qk_norm", "gradient")
_WORDS = frozenset(
    {
        *("architectures", "auto_map", "model_type", "transformers_version", "dtype", "torchscript", "problem_type"),
        *("id2label", "label2id", "is_decoder", "is_encoder_decoder", "chunk_size_feed_forward", "activation_function"),
        *("hidden_act", "norm_topk_prob", "scoring_func", "topk_group", "topk_method", "n_group", "num_expert_group"),
        *("moe_renormalize", "pretraining_tp", "ep_size", "max_position_embeddings", "max_length", "max_window_layers"),
        *("quantization_config", "use_return_dict", "use_bfloat16", "use_flash_attn", "use_mamba_kernels", "seq_aux"),
        *("norm_type", "norm_first", "hc_sinkhorn_iters", "num_hash_layers", "swiglu_limit", "swiglu_limits"),
        *("swiglu_alpha", "use_grouped_topk", "tie_encoder_decoder", "is_causal", "task_specific_params"),
    }
)


def says_nothing(key: str) -> bool:
    """Whether a key is known to change no size."""
    return key in _WORDS or key.startswith(_STARTS) or key.endswith(_ENDS) or any(part in key for part in _PARTS)
