import pytest

from gigawatt.catalog import load
from gigawatt.errors import CatalogError
from gigawatt.readers.gpu_names import mixed

THREE = (
    "AMD Instinct MI300X 192GB HBM3 (x8) and AMD Instinct MI325X 256GB HBM3e (x8)"
    " and AMD Instinct MI355X 288GB HBM3e (x8)"
)


def test_every_kind_has_its_share_and_is_in_the_catalog():
    shares = mixed(THREE)
    assert [load.get("accelerators", name).id for name in shares] == ["mi300x", "mi325x", "mi355x"]
    assert list(shares.values()) == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        (
            "MI300X 192GB HBM3 (x32), MI325X 256GB HBM3e (x16)",
            {"MI300X 192GB HBM3": 2 / 3, "MI325X 256GB HBM3e": 1 / 3},
        ),
        ("8x H100 + 24x H200", {"H100": 0.25, "H200": 0.75}),
        ("H100 (x8) and H100 (x8)", {"H100": 1.0}),
    ],
)
def test_counts_stand_before_or_after_a_name(text, shares):
    assert mixed(text) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AMD Instinct MI355X 288GB HBM3e (x87)", "AMD Instinct MI355X 288GB HBM3e"),
        ("NVIDIA GB300 (GPU memory 279GB)", "NVIDIA GB300 (GPU memory 279GB)"),
        ("MI355X (1000 W, capped)", "MI355X (1000 W, capped)"),
        ("", ""),
    ],
)
def test_one_kind_is_the_whole(text, name):
    assert mixed(text) == {name: 1.0}


def test_several_kinds_without_counts_are_refused():
    with pytest.raises(CatalogError, match='each with its count, as "\\(x8\\)"'):
        mixed("MI300X and MI325X (x8)")
