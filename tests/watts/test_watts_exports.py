"""The public names of watts: chosen, sorted and there."""

from gigawatt import watts


def test_public_names_are_sorted_and_exist() -> None:
    assert watts.__all__ == sorted(watts.__all__)
    assert all(hasattr(watts, name) for name in watts.__all__)
