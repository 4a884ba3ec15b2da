# section 2: a remainder and a permutation are in range, so that nothing is absent; another index may be beyond
#| {"seed": 3,
#| "sizes": {"item": 5, "dim": 3},
#| "indices": {"order": 5, "jump": 9},
#| "given": {"emb": "item dim", "order": "item", "jump": "item"},
#| "expressions": ["mean(dist2(emb, emb[item = order]))", "sum(sq(emb[item = (order + jump) % size(item)]))",
#|   "mean(sq(emb[item = jump])) else 0", "emb[item = (item + 1) % 3]", "sum(emb[item = (jump - 9) % 5] * emb)"]}
spec index_known_to_be_in_range "Rows met by their places"
data rows_of: emb[item, dim], jump[item] -> far from "rows.npz"
draw order[item] ~ permutation()
