"""Names as they are written elsewhere: in measured files, in submissions, by other tools."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gigawatt.catalog import load
from gigawatt.errors import CatalogError

# Systems of two parts at once, and models of images.
NOT_OURS = {
    "AMD Instinct MI300X 192GB HBM3 (x32), AMD Instinct MI325X 256GB HBM3e (x16)",
    "AMD Instinct MI325X 256GB HBM3E (x16), AMD Instinct MI300X 192GB HBM3 (x8)",
    "AMD Instinct MI300X 192GB HBM3 (x8) and AMD Instinct MI325X 256GB HBM3e (x8)"
    " and AMD Instinct MI355X 288GB HBM3e (x8)",
    "flux1",
    "stable_diffusion",
}


def found(kind: str, name: str) -> str:
    return str(load.get(kind, name).id)


@pytest.mark.parametrize(
    "file", ["inference.csv", "training.csv", "inference-2026.csv", "training-2026.csv", "energy-2026.csv"]
)
class TestMeasuredFiles:
    @pytest.mark.parametrize(("column", "kind"), [("gpu", "accelerators"), ("model", "models")])
    def test_every_name_is_known(self, data_dir: Path, file: str, column: str, kind: str) -> None:
        with (data_dir / "measurements" / file).open(encoding="utf-8") as stream:
            names = {row[column] for row in csv.DictReader(stream)}
        assert len(names) >= 2
        for name in sorted(names - NOT_OURS):
            assert found(kind, name)
        for name in sorted(names & NOT_OURS):
            with pytest.raises(CatalogError):
                load.get(kind, name)

    def test_models_are_of_the_size_that_the_file_says(self, data_dir: Path, file: str) -> None:
        """MPT's counts hold learned positions, which grow with the sequence: the least of a name is compared.

        The rows of 2026 state what the name says, which is rounded.
        """
        rounded = 0.07 if "2026" in file else 0.035
        with (data_dir / "measurements" / file).open(encoding="utf-8") as stream:
            sizes: dict[str, float] = {}
            for row in csv.DictReader(stream):
                if row.get("params") and row["model"] not in NOT_OURS:
                    size = float(row["params"]) * 1e9
                    sizes[row["model"]] = min(size, sizes.get(row["model"], size))
        for name, size in sizes.items():
            assert load.get("models", name).total_params_count == pytest.approx(size, rel=rounded), name


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("NVIDIA GB300", "gb300-nvl72"),
        ("NVIDIA GB300 (GPU memory 279GB)", "gb300-nvl72"),
        ("NVIDIA B300-SXM-270GB", "b300"),
        ("NVIDIA B200 (192GB)", "b200"),
        ("b200_sxm", "b200"),
        ("GB200 NVL72", "gb200-nvl72"),
        ("gb200_sxm", "gb200-nvl72"),
        ("AMD Instinct MI355X 288GB HBM3e", "mi355x"),
        ("AMD Instinct MI325X 256GB HBM3E DLC", "mi325x"),
        ("AMD Instinct MI300X-NPS1-SPX-192GB-750W", "mi300x"),
        ("AMD Instinct MI350X", "mi350x"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA-H100-SXM-80GB", "h100"),
        ("h100_sxm", "h100"),
        ("NVIDIA H100-PCIe-80GB", "h100-pcie"),
        ("NVIDIA H100-NVL-94GB", "h100-nvl"),
        ("h200_sxm", "h200"),
        ("Virtualized NVIDIA H200-SXM-141GB", "h200"),
        ("NVIDIA H200-SXM-141GB-CTS", "h200"),
        ("NVIDIA H200 Tensor Core GPU 141 GB", "h200"),
        ("NVIDIA H200-NVL-141GB", "h200-nvl"),
        ("NVIDIA GH200 Grace Hopper Superchip 144GB", "gh200"),
        ("NVIDIA GH200 96GB", "gh200-96gb"),
        ("NVIDIA Vera Rubin", "vera-rubin-nvl72-max-p"),
        ("Intel(R) Arc Pro(R) B60", "arc-pro-b60"),
        ("Intel(R) Arc Pro(R) B70 32GB", "arc-pro-b70"),
        ("NVIDIA RTX PRO 4500 Blackwell Server Edition", "rtx-pro-4500"),
        ("NVIDIA H20", "h20"),
        ("H20-141GB", "h20-141gb"),
        ("H800", "h800"),
        ("NVIDIA A100-SXM-80GB", "a100"),
        ("A100-SXM4-80GB", "a100"),
        ("A100-SXM4-40GB", "a100-40gb"),
        ("Tesla V100-SXM2-32GB", "v100"),
        ("NVIDIA L40S 48GB", "l40s"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition 96GB", "rtx-pro-6000"),
        ("[MAXSUN] MS-Intel Arc Pro B60 Dual 48G Turbo", "arc-pro-b60-dual"),
        ("[MAXSUM] MS-Intel Arc Pro B60 Dual 48G Turbo", "arc-pro-b60-dual"),
        ("tpu-v6e-8", "tpu-v6e"),
        ("TPU7x-128", "tpu-ironwood"),
        ("TPU v6e", "tpu-v6e"),
        ("Trillium", "tpu-v6e"),
        ("TPU-v5p", "tpu-v5p"),
        ("v5p-128", "tpu-v5p"),
        ("trn2", "trainium2"),
    ],
)
def test_accelerators_are_found_as_others_write_them(name: str, id_: str) -> None:
    assert found("accelerators", name) == id_


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("llama2-70b-99.9", "llama-2-70b"),
        ("llama2_70b_lora", "llama-2-70b"),
        ("meta-llama/Llama-2-7b-chat-hf", "llama-2-7b"),
        ("amd/Llama-3.1-405B-Instruct-FP8-KV", "llama-3.1-405b"),
        ("LLAMA3.1_405B (end to end)", "llama-3.1-405b"),
        ("llama31_8b", "llama-3.1-8b"),
        ("nvidia/Llama-3.3-70B-Instruct-FP4", "llama-3.1-70b"),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "llama-4-scout"),
        ("DeepSeekV3 (w/o MTP)", "deepseek-v3"),
        ("DeepSeekV3 pre-training", "deepseek-v3"),
        ("deepseek-ai/DeepSeek-V3.1-Base", "deepseek-v3"),
        ("deepseek-ai/DeepSeek-R1-0528", "deepseek-r1"),
        ("nvidia/DeepSeek-R1-0528-NVFP4", "deepseek-r1"),
        ("nvidia/DeepSeek-R1-NVFP4-v2", "deepseek-r1"),
        ("deepseek-r1-interactive", "deepseek-r1"),
        ("llama3.1-8b-edge", "llama-3.1-8b"),
        ("amd/Kimi-K2.6-MXFP4-AttnFP8", "kimi-k2"),
        ("google/gemma-3-27b-it-qat", "gemma-3-27b"),
        ("deepseek-ai/DeepSeek-V3.2-Exp", "deepseek-v3.2"),
        ("DeepSeekV4 Flash", "deepseek-v4-flash"),
        ("GPT3-175B (Dec 2024 sw)", "gpt-3-175b"),
        ("GPT-1.7B", "megatron-gpt-1.7b"),
        ("GPT-1T", "megatron-gpt-1008b"),
        ("openai/gpt-oss-20b", "gpt-oss-20b"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3-235b-a22b"),
        ("Qwen3_30B_a3B (tokendrop)", "qwen3-30b-a3b"),
        ("Qwen/Qwen3-32B-AWQ", "qwen3-32b"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen3-coder-480b-a35b"),
        ("Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4", "qwen2.5-72b"),
        ("Qwen/QwQ-32B", "qwen2.5-32b"),
        ("Qwen/Qwen3.5-397B-A17B-FP8", "qwen3.5-397b-a17b"),
        ("zai-org/GLM-5-FP8", "glm-5"),
        ("nvidia/GLM-5.1-NVFP4", "glm-5"),
        ("google/gemma-4-31B-it", "gemma-4-31b"),
        ("allenai/Olmo-3-7B-Instruct", "olmo-3-7b"),
        ("swiss-ai/Apertus-70B-Instruct-2509", "apertus-70b"),
        ("deepseek3-671b", "deepseek-v3"),
        ("tencent/Hy3-FP8", "hy3"),
        ("zai-org/GLM-5.3-FP8", "glm-5.2"),
        ("moonshotai/Kimi-K3", "kimi-k3"),
        ("nvidia/MiniMax-M3-NVFP4", "minimax-m3"),
        ("Qwen/Qwen3-VL-235B-A22B-Instruct-FP8", "qwen3-235b-a22b"),
        ("nvidia/Llama-3_3-Nemotron-Super-49B-v1", "nemotron-super-49b"),
        ("NVIDIA-Nemotron-8B", "nemotron-3-8b"),
        ("zhipuai/GLM-5", "glm-5"),
        ("zai-org/GLM-4.6", "glm-4.5"),
        ("moonshotai/Kimi-K2-Instruct-0905", "kimi-k2"),
        ("nvidia/Kimi-K2.5-NVFP4", "kimi-k2"),
        ("MiniMaxAI/MiniMax-M2.5", "minimax-m2"),
        ("MiniMaxAI/MiniMax-M1-80k", "minimax-m1"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b"),
        ("mistralai/Mistral-Small-24B-Instruct-2501", "mistral-small-24b"),
        ("mistralai/Mixtral-8x22B-Instruct-v0.1", "mixtral-8x22b"),
        ("google/gemma-3-27b-it", "gemma-3-27b"),
        ("microsoft/Phi-3-medium-128k-instruct", "phi-3-medium"),
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "nemotron-3-nano"),
        ("Nemotron_3_Ultra", "nemotron-3-ultra"),
        ("gptj-99.9", "gpt-j-6b"),
    ],
)
def test_models_are_found_as_others_write_them(name: str, id_: str) -> None:
    assert found("models", name) == id_


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("accelerators", "H100-64GB"),
        ("accelerators", "NVIDIA GH200 64GB"),
        ("accelerators", "A100-PCIE-40GB"),
        ("accelerators", "V100-16GB"),
        ("accelerators", "RTX 6000"),
        ("accelerators", "NVIDIA"),
        ("accelerators", "MI300X 192GB (x8)"),
        ("accelerators", "SXM 80GB"),
        ("models", "GPT-17B"),
        ("models", "GPT-3 (13B)x"),
        ("models", "Llama 3.1 80B"),
        ("models", "Llama 3.1 Instruct"),
        ("models", "Qwen3 (8B) (14B)"),
        ("models", "Instruct"),
        ("models", "DeepSeek"),
        ("models", "Mixtral 8x70B"),
    ],
)
def test_a_wrong_name_is_never_a_near_one(kind: str, name: str) -> None:
    with pytest.raises(CatalogError, match="a name in the catalog, such as"):
        load.get(kind, name)


@pytest.mark.parametrize(
    ("kind", "name", "first", "among"),
    [
        ("accelerators", "gb400", "gb300-nvl72", {"gb200-nvl72", "vera-rubin-nvl72-max-p"}),
        ("accelerators", "NVIDIA GB400", "gb300-nvl72", {"gb200-nvl72"}),
        ("accelerators", "h100-64gb", "h100", {"h100-nvl", "h100-pcie"}),
        ("accelerators", "mi500x", "mi455x-helios", {"mi355x"}),
        ("accelerators", "trainium4", "trainium3", {"trainium2"}),
        ("accelerators", "AMD", "mi355x", {"mi300x"}),
        ("models", "llama-4", "llama-4-", {"llama-4-maverick", "llama-4-scout"}),
        ("models", "llama-5", "llama-4-", {"llama-4-maverick", "llama-4-scout"}),
        ("models", "qwen3-7b", "qwen3-8b", {"qwen3-4b"}),
        ("models", "deepseek-v5", "deepseek-v4-", {"deepseek-v4-pro", "deepseek-v4-flash"}),
    ],
)
def test_what_is_suggested_is_of_the_same_kind(kind: str, name: str, first: str, among: set[str]) -> None:
    with pytest.raises(CatalogError) as caught:
        load.get(kind, name)
    told = caught.value.faults[0].expected.removeprefix("a name in the catalog, such as ").split(", ")
    assert told[0].startswith(first)
    assert among <= set(told)


@pytest.mark.parametrize(
    ("kind", "name", "other"),
    [
        ("accelerators", "llama-3.1-8b", '"llama-3.1-8b" is a model'),
        ("models", "NVIDIA H100 80GB", '"NVIDIA H100 80GB" is an accelerator'),
        ("models", "abilene", '"abilene" is a site'),
    ],
)
def test_a_thing_of_another_kind_is_told_for_what_it_is(kind: str, name: str, other: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load.get(kind, name)
    assert caught.value.faults[0].expected.endswith(other)


def test_a_workload_belongs_to_a_model() -> None:
    for id_ in load.ids("workloads"):
        workload = load.load("workloads", id_)
        assert load.load("models", workload.model).id == workload.model
        assert workload.benchmark == "mlperf-inference"
        assert 0 < workload.output_tokens < 2e4
        assert 0 < workload.input_tokens < 2e4
    assert len({load.load("workloads", id_).model for id_ in load.ids("workloads")}) == len(load.ids("workloads"))
