# section 2: a tensor of whole and real numbers is real; the gradient passes
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["sum(atan(x)) else 0", "sum(atan(y)) else 0", "y"]}
spec stack_of_a_whole_number "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = stack[s](1, emb)
let y = cat[t](x[item -> t], 2 * age[item -> t])
