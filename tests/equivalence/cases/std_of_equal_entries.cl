# section 2, rule 5: no gradient that is no number; the deviation of one entry is 0
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "sum(x) else 0", "std[v if v > 0](w)[item = 0]"]}
spec std_of_equal_entries "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = std[v if item > 0 or v > 0](w)
