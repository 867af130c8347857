"""Two equal-area projections of the sphere, for maps: a gigawatt's circle stands on land of its true size.

x grows eastwards and y southwards, as in a drawing; both are in radii of the earth. References:

1. J. P. Snyder, "Map Projections: A Working Manual", USGS Professional Paper 1395, 1987, pp. 100 and 291,
   https://doi.org/10.3133/pp1395
2. B. Šavrič, T. Patterson, B. Jenny, "The Equal Earth map projection", International Journal of Geographical
   Information Science 33(3), 2019, pp. 454-465, https://doi.org/10.1080/13658816.2018.1504949
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

# Standard parallels and origin [deg] that the US Geological Survey uses for the contiguous states [1].
PARALLELS_DEG = (29.5, 45.5)
ORIGIN_DEG = (-96.0, 37.5)
# Coefficients of the Equal Earth polynomial [2].
EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)
# Where the map of the world is cut [deg], so that no land is: in the Bering Strait.
CUT_DEG = -168.5


def albers(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Albers equal-area conic projection of the contiguous United States [1, equations 14-1 to 14-6].

    n = (sin φ₁ + sin φ₂) / 2,  C = cos² φ₁ + 2 n sin φ₁,  ρ(φ) = √(C − 2 n sin φ) / n
    x = ρ sin(n (λ − λ₀)),  y = ρ cos(n (λ − λ₀)) − ρ(φ₀)
    """
    first, second = (sin(radians(parallel)) for parallel in PARALLELS_DEG)
    n = (first + second) / 2
    c = 1 - first**2 + 2 * n * first
    rho, origin = (sqrt(c - 2 * n * sin(radians(lat))) / n for lat in (lat_deg, ORIGIN_DEG[1]))
    angle = n * radians(lon_deg - ORIGIN_DEG[0])
    return rho * sin(angle), rho * cos(angle) - origin


def cut(lon_deg: float) -> float:
    """The longitude by which a place is drawn on a map of the world [deg]: its own, or 360 more west of the cut."""
    return (lon_deg - CUT_DEG) % 360 + CUT_DEG


def equal_earth(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Equal Earth projection of the world [2], centred on Greenwich, with the tip of Siberia beyond 180 degrees.

    sin θ = √3/2 sin φ
    x = 2 √3 λ cos θ / (3 (9 A₄ θ⁸ + 7 A₃ θ⁶ + 3 A₂ θ² + A₁)),  y = −θ (A₄ θ⁸ + A₃ θ⁶ + A₂ θ² + A₁)
    """
    a1, a2, a3, a4 = EQUAL_EARTH
    theta = asin(sqrt(3) / 2 * sin(radians(lat_deg)))
    t2, t6, t8 = theta**2, theta**6, theta**8
    x = 2 * sqrt(3) * radians(cut(lon_deg)) * cos(theta) / (3 * (9 * a4 * t8 + 7 * a3 * t6 + 3 * a2 * t2 + a1))
    return x, -theta * (a4 * t8 + a3 * t6 + a2 * t2 + a1)
