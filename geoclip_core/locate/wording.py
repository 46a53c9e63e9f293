"""Numbers as a person reads them: probabilities, distances, areas and positions, worded alike everywhere."""

from __future__ import annotations


def percent(probability: float) -> str:
    """A probability: two digits where they mean something, and never a rounded 0 or 100.

    Args:
        probability: 0 to 1.
    """
    if probability >= 0.995:
        return "> 99 %"
    if probability < 0.0001:
        return "< 0.01 %"
    value = 100 * probability
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %" if value >= 0.995 else f"{value:.2f} %"


def distance(km: float) -> str:
    """A distance in metres or kilometres."""
    return f"{1000 * km:.0f} m" if km < 0.9995 else f"{km:.1f} km" if km < 9.95 else f"{km:,.0f} km"


def area(km2: float) -> str:
    """An area in square kilometres with two significant digits."""
    digits = f"{float(f'{km2:.2g}'):,.0f}" if km2 >= 10 else f"{km2:.2g}"
    return f"{digits.replace(',', ' ')} km²"


def degrees(latlon: tuple[float, float], decimals: int = 5) -> str:
    """A position as people write it; five decimals are about a metre.

    Args:
        latlon: Degrees, latitude first.
        decimals: Digits after the point.
    """
    lat, lon = latlon
    return f"{abs(lat):.{decimals}f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.{decimals}f}° {'E' if lon >= 0 else 'W'}"
