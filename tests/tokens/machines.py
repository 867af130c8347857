"""Small machines and models made by hand, so that the kernel's tests need no catalog."""

from dataclasses import replace

from gigawatt.tokens import Block, Chip, InferenceEfficiency, TrainingEfficiency, Transformer

CHIP = Chip(
    name="test chip",
    scale_up_packages_count=8,
    bf16_flops=1e15,
    fp8_flops=2e15,
    fp4_flops=4e15,
    fp4_inference_flops=6e15,
    hbm_capacity_bytes=192e9,
    hbm_bandwidth_bytes_per_s=8e12,
    scale_up_bandwidth_bytes_per_s=9e11,
    nic_bandwidth_bytes_per_s=1e11,
)
DENSE_BLOCK = Block(
    count=32,
    attention="gqa",
    heads_count=32,
    kv_heads_count=8,
    head_dim_count=128,
    value_dim_count=128,
    kv_rank_count=0,
    rope_dim_count=0,
    q_rank_count=0,
    window_count=0,
    selected_count=0,
    index_heads_count=0,
    index_dim_count=0,
    index_shared=False,
    compression_ratio=0,
    cache_shared=False,
    attention_params_count=0,
    output_gate=False,
    ffn_count=14336,
    ffn_matrices_count=3,
    experts_count=0,
    experts_active_count=0,
    shared_ffn_count=0,
)
ROUTED_BLOCK = replace(DENSE_BLOCK, ffn_count=2048, experts_count=64, experts_active_count=4, shared_ffn_count=2048)
LATENT_BLOCK = replace(
    ROUTED_BLOCK,
    attention="mla",
    heads_count=128,
    kv_heads_count=128,
    kv_rank_count=512,
    rope_dim_count=64,
    q_rank_count=1536,
)
DENSE = Transformer(
    name="dense",
    hidden_count=4096,
    vocabulary_count=128256,
    tied_embeddings=False,
    lookup_params_count=0,
    blocks=(DENSE_BLOCK,),
)
ROUTED = replace(DENSE, name="routed", blocks=(replace(DENSE_BLOCK, count=2), ROUTED_BLOCK))
LATENT = replace(DENSE, name="latent", blocks=(LATENT_BLOCK,))
MODELS = (DENSE, ROUTED, LATENT)

SERVING = InferenceEfficiency(
    compute_frac=0.75,
    expert_compute_ratio=0.5,
    expert_memory_ratio=0.9,
    tile_tokens=16.0,
    attention_frac=0.2,
    memory_frac=0.8,
    network_frac=0.8,
    usable_memory_frac=0.9,
    serial_frac=0.1,
    activation_passes_ratio=3.0,
    block_latency_s=3e-5,
    expert_latency_s=3e-5,
    collective_latency_s=3e-6,
    hop_latency_s=1e-6,
    step_overhead_s=1e-3,
    request_overhead_s=1e-5,
    admission_s=1e-3,
    host_step_s=1e-3,
    host_request_s=1e-5,
    stall_frac=0.5,
    reserve_frac=0.5,
    prefill_tokens=8192.0,
    prefill_share_frac=0.8,
    output_spread_ratio=1.0,
    time_ratio=1.0,
)
TRAINING = TrainingEfficiency(
    gemm_frac=0.55,
    fp8_gemm_frac=0.6,
    mxfp8_gemm_frac=0.55,
    fp4_gemm_frac=0.4,
    half_width_count=1500.0,
    power_exponent_ratio=0.15,
    tile_count=100.0,
    uneven_ratio=0.1,
    attention_frac=0.4,
    attention_exponent_ratio=0.7,
    context_waste_ratio=0.1,
    memory_frac=0.8,
    network_frac=0.7,
    congestion_ratio=0.05,
    hop_latency_s=1e-5,
    overlap_frac=0.6,
    activation_passes_ratio=7.0,
    expert_passes_ratio=7.0,
    block_latency_s=1e-4,
    expert_latency_s=1e-4,
    step_latency_s=1e-3,
    usable_memory_frac=0.92,
    time_ratio=1.0,
    sequence_tokens=8192.0,
    global_batch_tokens=4e6,
)
