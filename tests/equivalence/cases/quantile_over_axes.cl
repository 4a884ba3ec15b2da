# section 3: quantile: among the present entries, linear between neighbours, absent over nothing
#| {"seed": 11,
#| "sizes": {"item": 5, "v": 2, "dim": 3, "slot": 4},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["quantile[item](w, 0.3)", "quantile[item, v](w, share)", "quantile[v, item](w, 0)", "quantile[item](age, 1)",
#|   "quantile[item if w > 9](w, 0.5) else 3", "quantile[item](w if w > 0, 0.5)", "quantile[v](w if age > 0, 0.25)",
#|   "quantile[item, v if w > -0.5 and age < 1](w, progress)", "quantile[slot](Q, 0.6)", "quantile[item](round(w), 0.7)",
#|   "quantile[item](w > 0, 0.5)", "sum[v](quantile[item](w if w > 0, 0.8) else 0)", "quantile[item](w if step > 5, 0.5)",
#|   "quantile[item if step > 1](age, step / steps)",
#|   "quantile[v](age, 0.3)", "quantile[item](age, 4 - step)", "quantile[item](age, step)", "quantile[item, v, dim](emb, 0.37)"],
#| "clock": {"step": 3, "steps": 8, "progress": 0.375},
#| "cells": {"Q": ["slot dim", [true, false, true, true], "slot"]}}
spec quantile_over_axes "Quantiles along axes"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
param share: real in 0 .. 1 = 0.45
state Q[slot = 4, dim] = absent
