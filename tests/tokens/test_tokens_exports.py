from gigawatt import tokens


def test_public_names_are_sorted_and_there():
    assert list(tokens.__all__) == sorted(tokens.__all__)
    assert all(hasattr(tokens, name) for name in tokens.__all__)
