"""Reads sketches that Playhead wrote with Apache DataSketches' C++ library and
says what it makes of them: check.py FOLDER prints JSON, name → figures, and
leaves in FOLDER the union of each kind as that library writes it."""

import json
import pathlib
import sys

import datasketches as ds

folder = pathlib.Path(sys.argv[1])
ranks = [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]
said = {}
hll_union, theta_union = ds.hll_union(12), ds.theta_union(12)

for path in sorted(folder.glob("*.sk")):
    kind, image = path.name.split("_")[0], path.read_bytes()
    if kind == "hll":
        s = ds.hll_sketch.deserialize(image)
        hll_union.update(s)
        said[path.name] = {"figures": [s.get_estimate(), s.get_lower_bound(2), s.get_upper_bound(2)], "empty": s.is_empty()}
        again = s.serialize_compact()
    elif kind == "theta":
        s = ds.compact_theta_sketch.deserialize(image)
        theta_union.update(s)
        said[path.name] = {"figures": [s.get_estimate(), s.get_lower_bound(2), s.get_upper_bound(2)], "empty": s.is_empty()}
        again = s.serialize()
    else:
        s = (ds.kll_doubles_sketch if kind == "kll64" else ds.kll_floats_sketch).deserialize(image)
        said[path.name] = {"figures": [] if s.is_empty() else [s.n] + list(s.get_quantiles(ranks, True)), "empty": s.is_empty()}
        again = s.serialize()
    path.with_suffix(".again").write_bytes(again)

(folder / "hll.union").write_bytes(hll_union.get_result(ds.tgt_hll_type.HLL_4).serialize_compact())
(folder / "theta.union").write_bytes(theta_union.get_result().serialize())
json.dump(said, sys.stdout)
