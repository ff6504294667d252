"""Makes dashboard/geo/us-states.json from us-atlas' states-albers-10m.json (npm, ISC license): outlines for a map.

    npm pack us-atlas@3.0.1 && tar xzf us-atlas-3.0.1.tgz
    python -m scripts.us_states package/states-albers-10m.json

The file is projected already (Albers, Alaska and Hawaii moved below the others) onto 975 x 610 pixels. Here shared
borders are simplified once, so that neighbors still meet, and islands too small to see are left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dashboard.states import STATES

OUT = Path(__file__).resolve().parent.parent / "dashboard" / "geo" / "us-states.json"
TOLERANCE = 0.6  # pixels of the 975 x 610 map
SMALLEST = 2.0  # square pixels

Point = tuple[float, float]


def main(path: str) -> None:
    topology = json.loads(Path(path).read_text())
    arcs = [simplify(arc, TOLERANCE) for arc in decode(topology)]
    codes = {name: code for code, name in STATES.items()}
    features = [
        {
            "type": "Feature",
            "id": codes[state["properties"]["name"]],
            "properties": {},
            "geometry": {"type": "MultiPolygon", "coordinates": polygons(state, arcs)},
        }
        for state in topology["objects"]["states"]["geometries"]
    ]
    features.sort(key=lambda feature: feature["id"])
    source = "us-atlas 3.0.1 (ISC, Copyright 2013-2019 Michael Bostock), from the U.S. Census Bureau's shapefiles"
    collection = {"type": "FeatureCollection", "source": source, "features": features}
    OUT.write_text(json.dumps(collection, separators=(",", ":")) + "\n")


def decode(topology: dict[str, Any]) -> list[list[Point]]:
    """Arcs of a quantised TopoJSON, in pixels. https://github.com/topojson/topojson-specification"""
    (scale_x, scale_y), (left, top) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            points.append((x * scale_x + left, y * scale_y + top))
        arcs.append(points)
    return arcs


def simplify(points: list[Point], tolerance: float) -> list[Point]:
    """Ramer-Douglas-Peucker; the ends stay."""
    if len(points) < 3:
        return points
    (ax, ay), (bx, by) = points[0], points[-1]
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5

    def distance(point: Point) -> float:
        if not length:  # a ring: its ends are one point
            return float(((point[0] - ax) ** 2 + (point[1] - ay) ** 2) ** 0.5)
        return abs((bx - ax) * (ay - point[1]) - (ax - point[0]) * (by - ay)) / length

    farthest = max(range(1, len(points) - 1), key=lambda index: distance(points[index]))
    if distance(points[farthest]) <= tolerance:
        return [points[0], points[-1]]
    return simplify(points[: farthest + 1], tolerance)[:-1] + simplify(points[farthest:], tolerance)


def polygons(state: dict[str, Any], arcs: list[list[Point]]) -> list[list[list[list[float]]]]:
    """A state's rings, large enough to see; the largest one whatever its size."""
    shapes = [state["arcs"]] if state["type"] == "Polygon" else state["arcs"]
    rings = [[ring(indices, arcs) for indices in shape] for shape in shapes]
    rings.sort(key=lambda shape: area(shape[0]), reverse=True)
    kept = [shape for number, shape in enumerate(rings) if number == 0 or area(shape[0]) >= SMALLEST]
    return [[[[round(x, 1), round(y, 1)] for x, y in line] for line in shape] for shape in kept]


def ring(indices: list[int], arcs: list[list[Point]]) -> list[Point]:
    points: list[Point] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc if not points else arc[1:]
    return points


def area(points: list[Point]) -> float:
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2


if __name__ == "__main__":
    main(sys.argv[1])
