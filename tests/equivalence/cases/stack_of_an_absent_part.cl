# section 7: stack of a part that may be absent and one that may not
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "y", "sum(x) else 0", "sum(y) else 0"]}
spec stack_of_an_absent_part "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = stack[s](max[item, v](w if w > 9), 1)
let y = stack[s](mean[item, v](w if w > 0), mean(w))
