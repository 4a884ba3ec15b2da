# section 3: sort: absent ones last; along an axis none is dropped
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "y", "sum(y) else 0"],
#| "cells": {"Q": ["slot dim", [true, false, true], "slot"]}}
spec sort_along_an_axis_keeps_its_size "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
state Q[slot = 3, dim] = absent
let x = sort[slot](Q)[rank -> place]
let y = x[(place, dim) -> row]
