spec virtual "A gradient for what is not used"

data films: seq[item, time] -> vocab, next[item] -> vocab from "movielens-100k"
model f(dim -> width) = linear(4)
model g(dim -> width) = linear(4)
learn E[vocab, dim = 8] ~ normal(0, 1)
let ahead = g - grad(mean(f(E[vocab = next])), g)

train on films(batch = 16, epochs = 1):
    minimize mean(ahead(E[vocab = next])) by adam(lr = 1e-3)
