# section 6: a column is absent where a row of the stream has no entry along a ragged axis
#| {"seed": 8,
#| "sizes": {"item": 4, "time": 5, "dim": 3, "mark": 3},
#| "indices": {"word": 3, "x.present": 2, "word.present": 2},
#| "given": {"x": "item time dim", "x.present": "item time", "word": "item time", "word.present": "item time", "age": "item"},
#| "expressions": ["x", "count[time](x[dim = 0])", "mean[time](x)", "sum(x * age)", "x else 0", "sum(log(x) if x > 0)", "word", "count[time, item](word)",
#|   "x[time = 1]", "mean[c in x if c.word == 1](c)", "sum[a in x, c in x if a.item != c.item](dot(a, c))", "max[time](x[dim = word])", "pulled", "size(time)",
#|   "logsumexp[c in x[time] top 2 by c[dim = 0]](item * c[dim = 1])"]}
spec ragged_columns "Columns of several lengths"
data bags: x[item, time*, dim], word[item, time*] -> mark, age[item] from "bags.npz"
contrast pull:
    anchor     a in x
    positive   c in x if c.item == a.item and c != a
    negative   c in x if c.item != a.item
    similarity dot(a, c)
def nce(R)[a in R] = logsumexp[n in a.negative](R(a, n)) - mean[p in a.positive](R(a, p))
let pulled = mean(nce(pull)) else 0
