import numpy as np
import pytest

from gigawatt.tokens import software_ratio


def test_gain_grows_to_its_cap_and_never_falls_below_one():
    years = np.array([-2.0, 0.0, 1.0, 2.0, 50.0])
    np.testing.assert_allclose(software_ratio(years, 0.22, 3.5), [1, 1, 1.22, 1.22**2, 3.5])


def test_no_gain():
    assert software_ratio(10.0, 0.0, 3.5) == pytest.approx(1)
